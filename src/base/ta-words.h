/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char **ta_words_without (const char *const *words, const char *const *others);

G_END_DECLS
