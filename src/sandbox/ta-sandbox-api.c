/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-api.h"

#include "ta-sandbox-error.h"
#include "ta-sandbox-fields.h"
#include "ta-sandbox-trial.h"

#include <string.h>

/* The API under /v1/, as far as Tidio's is imitated: contacts and operators.
 * The rate-limit headers are there to be parsed; only an ordered failure makes a 429. */

#define RATE_LIMIT "60"
#define RATE_REMAINING "59"
#define CONTACTS "/v1/contacts"

static gboolean
is_authorized (TaSandboxState *state, const TaSandboxRequest *request)
{
  const char *authorization = soup_message_headers_get_one (request->headers, "Authorization");

  if (authorization == NULL || g_ascii_strncasecmp (authorization, "Bearer ", 7) != 0)
    return FALSE;
  return ta_sandbox_grants_accept_access (state->grants, authorization + 7, request->now);
}

static TaSandboxReply *
answer_not_found (void)
{
  return ta_sandbox_error_new_api (404, "not_found", "There is nothing at this path");
}

static TaSandboxReply *
answer_wrong_method (const char *allowed)
{
  TaSandboxReply *reply
      = ta_sandbox_error_new_api (405, "method_not_allowed", "This path has no such method");

  ta_sandbox_reply_set_header (reply, "Allow", allowed);
  return reply;
}

static TaSandboxReply *
list_contacts (TaSandboxState *state, const TaSandboxRequest *request)
{
  const char *query = request->query != NULL ? request->query : "";
  g_autoptr (TaSandboxFields) fields = ta_sandbox_fields_parse (query, strlen (query));
  const char *text = fields != NULL ? ta_sandbox_fields_get (fields, "limit") : NULL;
  const char *cursor = fields != NULL ? ta_sandbox_fields_get (fields, "cursor") : NULL;
  g_autoptr (JsonObject) page = NULL;
  guint64 limit = TA_SANDBOX_CONTACTS_MAX_LIMIT;

  if (fields == NULL
      || (text != NULL && !g_ascii_string_to_unsigned (text, 10, 1, limit, &limit, NULL)))
    return ta_sandbox_error_new_api (400, "invalid_limit", "The limit must be from 1 to 100");
  page = ta_sandbox_contacts_list (state->contacts, cursor, (gint64) limit);
  if (page == NULL)
    return ta_sandbox_error_new_api (400, "invalid_cursor", "There is no such cursor");
  return ta_sandbox_reply_new_json (200, page);
}

static TaSandboxReply *
add_contact (TaSandboxState *state, const TaSandboxRequest *request)
{
  g_autoptr (JsonObject) members = NULL;
  g_autoptr (JsonObject) contact = NULL;

  if (!ta_sandbox_request_has_content_type (request, "application/json"))
    return ta_sandbox_error_new_api (415, "unsupported_media_type",
                                     "The content type must be application/json");
  members = ta_sandbox_request_parse_json (request, NULL);
  if (members == NULL)
    return ta_sandbox_error_new_api (400, "invalid_json", "The body is not one JSON object");
  contact = ta_sandbox_contacts_add (state->contacts, members);
  return ta_sandbox_reply_new_json (201, contact);
}

static TaSandboxReply *
show_contact (TaSandboxState *state, const TaSandboxRequest *request)
{
  g_autoptr (JsonObject) contact
      = ta_sandbox_contacts_find (state->contacts, request->path + strlen (CONTACTS "/"));

  if (contact == NULL)
    return ta_sandbox_error_new_api (404, "contact_not_found", "There is no such contact");
  return ta_sandbox_reply_new_json (200, contact);
}

static TaSandboxReply *
list_operators (void)
{
  g_autoptr (JsonObject) page = ta_sandbox_contacts_list_operators ();

  return ta_sandbox_reply_new_json (200, page);
}

static TaSandboxReply *
route (TaSandboxState *state, const TaSandboxRequest *request)
{
  gboolean is_read = ta_sandbox_request_is_read (request);

  if (g_str_equal (request->path, CONTACTS) && is_read)
    return list_contacts (state, request);
  if (g_str_equal (request->path, CONTACTS))
    return g_str_equal (request->method, "POST") ? add_contact (state, request)
                                                 : answer_wrong_method ("GET, HEAD, POST");
  if (g_str_has_prefix (request->path, CONTACTS "/"))
    return is_read ? show_contact (state, request) : answer_wrong_method ("GET, HEAD");
  if (g_str_equal (request->path, "/v1/operators"))
    return is_read ? list_operators () : answer_wrong_method ("GET, HEAD");
  if (g_str_has_prefix (request->path, TA_SANDBOX_TRIAL_PREFIX))
    return ta_sandbox_trial_answer (request);
  return NULL;
}

TaSandboxReply *
ta_sandbox_api_answer (TaSandboxState *state, const TaSandboxRequest *request)
{
  TaSandboxReply *reply = ta_sandbox_settings_fail (&state->settings, TA_SANDBOX_ENDPOINT_API);
  const char *remaining = RATE_REMAINING;

  state->counters.api++;
  if (reply != NULL)
    remaining = reply->status == 429 ? "0" : remaining;
  else if (!is_authorized (state, request))
    reply = ta_sandbox_error_new_invalid_token ();
  else
    reply = route (state, request);
  if (reply == NULL)
    reply = answer_not_found ();
  ta_sandbox_reply_add_header (reply, "x-ratelimit-limit", RATE_LIMIT);
  ta_sandbox_reply_add_header (reply, "x-ratelimit-remaining", remaining);
  return reply;
}
