/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-find.h"

G_BEGIN_DECLS

void ta_news_async (TaKeyring *keyring, const SecretSchema *schema, const char *id,
                    const char *known, TaDeadline *deadline, GAsyncReadyCallback callback,
                    gpointer user_data);
GPtrArray *ta_news_finish (TaKeyring *keyring, GAsyncResult *result, char **present);

G_END_DECLS
