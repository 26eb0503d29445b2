/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TA_KEYRING_LOOK_ABSENT, /* no Secret Service is on the bus */
  TA_KEYRING_LOOK_SILENT, /* it does not answer, or not as it should */
  TA_KEYRING_LOOK_EMPTY,  /* there is no default collection */
  TA_KEYRING_LOOK_LOCKED, /* the default collection is */
  TA_KEYRING_LOOK_OPEN,
} TaKeyringLook;

void ta_keyring_look_async (GDBusConnection *bus, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
TaKeyringLook ta_keyring_look_finish (GDBusConnection *bus, GAsyncResult *result);

G_END_DECLS
