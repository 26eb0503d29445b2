/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Largest request body, in bytes. */
#define TA_SANDBOX_REQUEST_MAX_BODY (1024 * 1024)

/* One HTTP request that was read whole. Lives as long as the libsoup message it borrows from. */
typedef struct
{
  const char *method;          /* (unowned) */
  const char *path;            /* (unowned): as received, still percent-encoded */
  const char *query;           /* (unowned) (nullable): as received */
  SoupMessageHeaders *headers; /* (unowned) */
  GBytes *body;                /* (unowned) */
  gint64 now;                  /* microseconds of the monotonic clock */
} TaSandboxRequest;

gboolean ta_sandbox_request_is_read (const TaSandboxRequest *self);
gboolean ta_sandbox_request_has_content_type (const TaSandboxRequest *self, const char *type);
gboolean ta_sandbox_request_names_loopback (const TaSandboxRequest *self);
JsonObject *ta_sandbox_request_parse_json (const TaSandboxRequest *self, GError **error);
gboolean ta_sandbox_request_is_loopback (const char *host);

G_END_DECLS
