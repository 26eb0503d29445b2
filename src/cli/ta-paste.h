/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Takes lines that the user pastes into the terminal, in the main loop. */
typedef struct _TaPaste TaPaste;

/* `line` ends with the call and has no white space around it. */
typedef void (*TaPasteFunc) (const char *line, gpointer user_data);

gboolean ta_paste_is_possible (void);
TaPaste *ta_paste_new (TaPasteFunc callback, gpointer user_data);
void ta_paste_free (TaPaste *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaPaste, ta_paste_free)

G_END_DECLS
