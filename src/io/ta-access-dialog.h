/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TA_ACCESS_DIALOG_ABSENT, /* this desktop has no such dialog, and nothing was shown */
  TA_ACCESS_DIALOG_GRANTED,
  TA_ACCESS_DIALOG_DENIED,
  TA_ACCESS_DIALOG_ENDED, /* it went away without an answer */
} TaAccessDialogAnswer;

/* What a dialog says; all texts are (unowned). */
typedef struct
{
  const char *application; /* the id of whoever asks, empty if it has none */
  const char *title;
  const char *subtitle;
  const char *body;
  const char *deny;
  const char *grant;
} TaAccessDialogTexts;

void ta_access_dialog_ask_async (GDBusConnection *bus, const TaAccessDialogTexts *texts,
                                 GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
TaAccessDialogAnswer ta_access_dialog_ask_finish (GAsyncResult *result);

G_END_DECLS
