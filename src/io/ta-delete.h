/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-find.h"

G_BEGIN_DECLS

void ta_delete_async (TaKeyring *keyring, const SecretSchema *schema, const char *id,
                      TaFindFlags flags, TaDeadline *deadline, GAsyncReadyCallback callback,
                      gpointer user_data);
gboolean ta_delete_finish (TaKeyring *keyring, GAsyncResult *result, GError **error);

G_END_DECLS
