/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-deadline.h"

#include <libsecret/secret.h>

G_BEGIN_DECLS

/* The longest that a prompt is left open, seconds. */
#define TA_PROMPT_TIMEOUT 120

void ta_prompt_call_async (SecretService *service, const char *path, const char *interface,
                           const char *method, GVariant *arguments, TaDeadline *deadline,
                           guint seconds, GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_prompt_call_finish (SecretService *service, GAsyncResult *result, gboolean *dismissed,
                                GError **error);

G_END_DECLS
