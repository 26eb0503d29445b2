/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *ta_reply_message (const GError *error);
void ta_reply_error (GDBusMethodInvocation *invocation, const GError *error);

G_END_DECLS
