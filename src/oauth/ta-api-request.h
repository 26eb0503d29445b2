/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Largest request and response body of one call, in bytes. */
#define TA_API_REQUEST_MAX (10 * 1024 * 1024)
#define TA_API_RESPONSE_MAX (8 * 1024 * 1024)

const char *ta_api_request_find_method (const char *method, GError **error);
gboolean ta_api_request_check_header (const char *name, const char *value, GError **error);
gboolean ta_api_request_check_content_type (const char *content_type, GError **error);
gboolean ta_api_request_shows_header (const char *name);

G_END_DECLS
