/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ta_identity_from_id_token (const char *jwt, const char *issuer, const char *client_id,
                                 gint64 now);
char *ta_identity_from_user_info (const char *json, gsize length, const char *member);

G_END_DECLS
