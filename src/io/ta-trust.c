/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-trust.h"

#include "base/ta-error.h"
#include "io/ta-configuration.h"
#include "io/ta-file-state.h"
#include "io/ta-trusted-file.h"

#include <fcntl.h>
#include <unistd.h>

/* Certificate authorities that are trusted besides the system's. GIO is content with a file that it
 * cannot use, and then trusts nobody; here that is an error, which every request gets.
 *
 * What was read is kept as long as the files are what they were, and no request opens them again.
 */

#define FAIL_START "Configuration file tidio-auth.conf: key CaFile in [Network] "

struct _TaTrustStore
{
  TaFileState configuration;
  TaFileState authorities;
  GTlsDatabase *additional; /* (owned) (nullable): as long as these are current */
};

static gboolean
fail (GError **error, const char *problem)
{
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED, FAIL_START "%s", problem);
  return FALSE;
}

/* Whether nobody but the user and root can change the file. */
static gboolean
check_owner (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  const char *problem = ta_trusted_file_check (fd);

  if (fd >= 0)
    close (fd);
  if (problem == NULL)
    return TRUE;
  g_set_error (error, TA_ERROR, TA_ERROR_NOT_CONFIGURED, FAIL_START "names a file; %s", problem);
  return FALSE;
}

/* Whether the file has certificates, and nothing that breaks off among them. */
static gboolean
has_certificates (const char *path)
{
  GList *certificates = g_tls_certificate_list_new_from_file (path, NULL);
  gboolean has_any = certificates != NULL;

  g_list_free_full (certificates, g_object_unref);
  return has_any;
}

/* The database of a file. Errors: TA_ERROR_NOT_CONFIGURED. */
static gboolean
load (const char *path, GTlsDatabase **additional, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return fail (error, "names a file that does not exist");
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return fail (error, "does not name a file");
  if (!check_owner (path, error))
    return FALSE;
  if (!has_certificates (path))
    return fail (error, "names a file without readable certificates (PEM)");
  *additional = g_tls_file_database_new (path, NULL);
  return *additional != NULL || fail (error, "names a file that cannot be used");
}

static void
forget (TaTrustStore *self)
{
  ta_file_state_clear (&self->configuration);
  ta_file_state_clear (&self->authorities);
  g_clear_object (&self->additional);
}

static gboolean
load_all (TaTrustStore *self, const char *path, GError **error)
{
  g_autoptr (TaConfiguration) configuration = NULL;

  ta_file_state_note (&self->configuration, path);
  configuration = ta_configuration_load (error);
  if (configuration == NULL)
    return FALSE;
  ta_file_state_note (&self->authorities, configuration->ca_file);
  return configuration->ca_file == NULL || load (configuration->ca_file, &self->additional, error);
}

/* What is configured now. `additional` (out) (transfer full) (nullable): NULL: the system's
 * authorities alone. Errors: TA_ERROR_NOT_CONFIGURED. */
gboolean
ta_trust_load (TaTrustStore *self, GTlsDatabase **additional, GError **error)
{
  g_autofree char *path = ta_configuration_find ();

  *additional = NULL;
  if (!ta_file_state_is_current (&self->configuration, path)
      || !ta_file_state_is_current (&self->authorities, self->authorities.path))
    {
      forget (self);
      if (!load_all (self, path, error))
        {
          forget (self);
          return FALSE;
        }
    }
  g_set_object (additional, self->additional);
  return TRUE;
}

TaTrustStore *
ta_trust_store_new (void)
{
  return g_new0 (TaTrustStore, 1);
}

void
ta_trust_store_free (TaTrustStore *self)
{
  forget (self);
  g_free (self);
}

/* Whether the additional authorities alone vouch for the certificate, with all that is asked of it
 * otherwise: that it is for that host, and for now. */
gboolean
ta_trust_accepts (GTlsDatabase *additional, GTlsCertificate *certificate, const char *host)
{
  g_autoptr (GSocketConnectable) identity = g_network_address_new (host, 443);

  return g_tls_database_verify_chain (additional, certificate,
                                      G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity, NULL,
                                      G_TLS_DATABASE_VERIFY_NONE, NULL, NULL)
         == 0;
}
