/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a user or an administrator may set: the key file tidio-auth/tidio-auth.conf. */
typedef struct
{
  gboolean checks_peer; /* [Callback] CheckPeer: only this user's programs may call back */
  char *ca_file;        /* (owned) (nullable): [Network] CaFile, an absolute path */
} TaConfiguration;

TaConfiguration *ta_configuration_parse (const char *data, gsize length, GError **error);
char *ta_configuration_find (void);
TaConfiguration *ta_configuration_load (GError **error);
void ta_configuration_free (TaConfiguration *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaConfiguration, ta_configuration_free)

G_END_DECLS
