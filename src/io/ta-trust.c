/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-trust.h"

#include "base/ta-error.h"
#include "io/ta-configuration.h"
#include "io/ta-trusted-file.h"

#include <fcntl.h>
#include <unistd.h>

/* Certificate authorities that are trusted besides the system's. GIO is content with a file that it
 * cannot use, and then trusts nobody; here that is an error, which every request gets. */

#define FAIL_START "Configuration file tidio-auth.conf: key CaFile in [Network] "

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

/* Reads what is configured now. `additional` (out) (transfer full) (nullable): NULL: the system's
 * authorities alone. Errors: TA_ERROR_NOT_CONFIGURED. */
gboolean
ta_trust_load (GTlsDatabase **additional, GError **error)
{
  g_autoptr (TaConfiguration) configuration = ta_configuration_load (error);

  *additional = NULL;
  if (configuration == NULL)
    return FALSE;
  if (configuration->ca_file == NULL)
    return TRUE;
  if (!g_file_test (configuration->ca_file, G_FILE_TEST_EXISTS))
    return fail (error, "names a file that does not exist");
  if (!g_file_test (configuration->ca_file, G_FILE_TEST_IS_REGULAR))
    return fail (error, "does not name a file");
  if (!check_owner (configuration->ca_file, error))
    return FALSE;
  if (!has_certificates (configuration->ca_file))
    return fail (error, "names a file without readable certificates (PEM)");
  *additional = g_tls_file_database_new (configuration->ca_file, NULL);
  return *additional != NULL || fail (error, "names a file that cannot be used");
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
