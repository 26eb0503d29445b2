/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Tells when a collection of the Secret Service was locked, unlocked, created or deleted, or when
 * another service took over the name. */
typedef struct _TaKeyringWatch TaKeyringWatch;

typedef void (*TaKeyringWatchFunc) (gpointer user_data);

TaKeyringWatch *ta_keyring_watch_new (TaKeyringWatchFunc function, gpointer user_data);
void ta_keyring_watch_free (TaKeyringWatch *self);

G_END_DECLS
