/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-consent-text.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TA_QUESTION_ALLOWED,
  TA_QUESTION_DENIED,
  TA_QUESTION_UNANSWERED, /* the user did not answer in time, or could not, or it was cancelled */
  TA_QUESTION_UNSEEN,     /* this desktop shows neither dialogs nor notifications */
} TaQuestionAnswer;

void ta_question_ask_async (GDBusConnection *bus, const char *application,
                            const TaConsentText *text, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
TaQuestionAnswer ta_question_ask_finish (GAsyncResult *result);

G_END_DECLS
