/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-progress.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Waits for one asynchronous call, and tells the user that it does. */
typedef struct
{
  GMainLoop *loop;      /* (owned) */
  GAsyncResult *result; /* (owned) (nullable): the call's, once it is there */
  TaProgress progress;
  gboolean is_interactive;
  guint seconds; /* that it has taken */
  guint timeout; /* that it may take, in seconds; 0: unlimited */
} TaWait;

void ta_wait_init (TaWait *self, gboolean is_interactive, guint timeout);
void ta_wait_ready_cb (GObject *source, GAsyncResult *result, gpointer self);
GAsyncResult *ta_wait_run (TaWait *self);
void ta_wait_clear (TaWait *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TaWait, ta_wait_clear)

G_END_DECLS
