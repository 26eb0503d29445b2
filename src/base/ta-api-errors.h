/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Longest description, in bytes. */
#define TA_API_ERRORS_DESCRIPTION_MAX 200

char *ta_api_errors_describe (const char *body, gsize length);

G_END_DECLS
