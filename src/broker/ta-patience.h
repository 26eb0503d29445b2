/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How long the user is left alone with the questions of an application. */
typedef struct _TaPatience TaPatience;

TaPatience *ta_patience_new (void);
void ta_patience_free (TaPatience *self);
gboolean ta_patience_check (TaPatience *self, const char *name, GError **error);
void ta_patience_note_question (TaPatience *self, const char *name);
void ta_patience_note_denial (TaPatience *self, const char *name);
gboolean ta_patience_is_over (TaPatience *self);
void ta_patience_forget (TaPatience *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaPatience, ta_patience_free)

G_END_DECLS
