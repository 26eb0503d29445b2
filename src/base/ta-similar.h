/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

const char *ta_similar_find (const char *const *words, const char *word);

G_END_DECLS
