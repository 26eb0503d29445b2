/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-control.h"

#include "base/ta-error.h"

/* /control: what tests and developers turn while the server runs. GET tells the counters, POST
 * takes a JSON object of settings (as on the command line) and orders, all of it or nothing.
 * No web page may get here: a script's request with this content type is preceded by a question
 * that the server does not answer, and a page that made its own name point to this machine gives
 * itself away by the Host header. */

typedef struct
{
  gboolean expire_access_tokens;
  gboolean revoke_grants;
  gboolean reset_counters;
} Orders;

static TaSandboxReply *
answer_error (guint status, const char *message)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "error", message);
  return ta_sandbox_reply_new_json (status, object);
}

static TaSandboxReply *
answer_counters (const TaSandboxState *state)
{
  g_autoptr (JsonObject) object = json_object_new ();
  const TaSandboxCounters *counters = &state->counters;

  json_object_set_int_member (object, "authorize", counters->authorize);
  json_object_set_int_member (object, "token", counters->token);
  json_object_set_int_member (object, "code_exchanges", counters->code_exchanges);
  json_object_set_int_member (object, "refreshes", counters->refreshes);
  json_object_set_int_member (object, "reuse", counters->reuse);
  json_object_set_int_member (object, "api", counters->api);
  json_object_set_int_member (object, "revocations", counters->revocations);
  json_object_set_int_member (object, "grants", ta_sandbox_grants_count (state->grants));
  return ta_sandbox_reply_new_json (200, object);
}

static gboolean *
find_order (Orders *orders, const char *name)
{
  if (g_str_equal (name, "expire_access_tokens"))
    return &orders->expire_access_tokens;
  if (g_str_equal (name, "revoke_grants"))
    return &orders->revoke_grants;
  if (g_str_equal (name, "reset_counters"))
    return &orders->reset_counters;
  return NULL;
}

static gboolean
take_member (TaSandboxSettings *settings, Orders *orders, JsonObject *changes, const char *name,
             GError **error)
{
  JsonNode *node = json_object_get_member (changes, name);
  gboolean *order = find_order (orders, name);

  if (order == NULL)
    return ta_sandbox_settings_apply (settings, changes, name, error);
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    {
      g_set_error (error, TA_ERROR, TA_ERROR_FAILED, "\"%s\" must be true or false", name);
      return FALSE;
    }
  *order = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
take_all (TaSandboxState *state, JsonObject *changes, GError **error)
{
  g_auto (TaSandboxSettings) settings = { 0 };
  g_autoptr (GList) names = json_object_get_members (changes);
  TaSandboxSettings former;
  Orders orders = { 0 };

  ta_sandbox_settings_copy (&state->settings, &settings);
  for (GList *at = names; at != NULL; at = at->next)
    if (!take_member (&settings, &orders, changes, at->data, error))
      return FALSE;
  former = state->settings;
  state->settings = settings;
  settings = former;
  if (orders.expire_access_tokens)
    ta_sandbox_grants_expire_access (state->grants);
  if (orders.revoke_grants)
    ta_sandbox_grants_clear (state->grants);
  if (orders.reset_counters)
    state->counters = (TaSandboxCounters){ 0 };
  return TRUE;
}

TaSandboxReply *
ta_sandbox_control_answer (TaSandboxState *state, const TaSandboxRequest *request)
{
  g_autoptr (JsonObject) changes = NULL;
  g_autoptr (GError) error = NULL;

  if (!ta_sandbox_request_names_loopback (request))
    return answer_error (403, "The Host header must name localhost, 127.0.0.1 or [::1]");
  if (ta_sandbox_request_is_read (request))
    return answer_counters (state);
  if (!g_str_equal (request->method, "POST"))
    return ta_sandbox_reply_new_method_not_allowed ("GET, HEAD, POST");
  if (!ta_sandbox_request_has_content_type (request, "application/json"))
    return answer_error (415, "The content type must be application/json");
  changes = ta_sandbox_request_parse_json (request, NULL);
  if (changes == NULL)
    return answer_error (400, "The body is not one JSON object");
  if (!take_all (state, changes, &error))
    return answer_error (400, error->message);
  return answer_counters (state);
}
