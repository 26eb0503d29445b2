/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-host-access.h"

#include "io/ta-file-state.h"

/* Each call for a token asks this. What was read is kept as long as the file is what it was, so
 * that a token from memory costs a look at the file and not its parsing. */

struct _TaHostAccessStore
{
  TaFileState configuration;
  TaHostAccess access; /* as long as that is current */
};

TaHostAccessStore *
ta_host_access_store_new (void)
{
  return g_new0 (TaHostAccessStore, 1);
}

void
ta_host_access_store_free (TaHostAccessStore *self)
{
  ta_file_state_clear (&self->configuration);
  g_free (self);
}

/* Errors: TA_ERROR_NOT_CONFIGURED. */
gboolean
ta_host_access_load (TaHostAccessStore *self, TaHostAccess *access, GError **error)
{
  g_autofree char *path = ta_configuration_find ();

  if (!ta_file_state_is_current (&self->configuration, path))
    {
      ta_file_state_note (&self->configuration, path);
      if (!ta_configuration_load_host_access (&self->access, error))
        {
          ta_file_state_clear (&self->configuration);
          return FALSE;
        }
    }
  *access = self->access;
  return TRUE;
}
