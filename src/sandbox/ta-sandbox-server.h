/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-settings.h"

G_BEGIN_DECLS

typedef struct _TaSandboxServer TaSandboxServer;

TaSandboxServer *ta_sandbox_server_new (const TaSandboxSettings *settings);
gboolean ta_sandbox_server_listen (TaSandboxServer *self, guint16 port, GError **error);
guint16 ta_sandbox_server_get_port (TaSandboxServer *self);
void ta_sandbox_server_free (TaSandboxServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxServer, ta_sandbox_server_free)

G_END_DECLS
