/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What programs outside of a sandbox may do: [Callers] Host. */
typedef enum
{
  TA_HOST_ACCESS_ALLOW,
  TA_HOST_ACCESS_ASK,
  TA_HOST_ACCESS_DENY,
} TaHostAccess;

/* Seconds. */
#define TA_CONFIGURATION_IDLE_TIMEOUT 120

/* What a user or an administrator may set: the key file tidio-auth/tidio-auth.conf. */
typedef struct
{
  gboolean checks_peer; /* [Callback] CheckPeer: only this user's programs may call back */
  char *ca_file;        /* (owned) (nullable): [Network] CaFile, an absolute path */
  guint idle_timeout;   /* [Broker] IdleTimeout: seconds; 0: the broker stays */
} TaConfiguration;

TaConfiguration *ta_configuration_parse (const char *data, gsize length, GError **error);
char *ta_configuration_find (void);
TaConfiguration *ta_configuration_load (GError **error);
gboolean ta_configuration_parse_host_access (const char *data, gsize length, TaHostAccess *access,
                                             GError **error);
gboolean ta_configuration_load_host_access (TaHostAccess *access, GError **error);
void ta_configuration_free (TaConfiguration *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaConfiguration, ta_configuration_free)

G_END_DECLS
