/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-authorize.h"

#include "ta-sandbox-client.h"
#include "ta-sandbox-page.h"

#include <string.h>

/* The authorization endpoint (RFC 6749 section 3.1). GET shows the page, whose form comes back to
 * the same URI by POST with a decision; so nothing is remembered in between, and everything is
 * checked again. As long as client and redirect URI are not known to be good, errors are told to
 * the person and the browser is sent nowhere (section 4.1.2.1). */

typedef struct
{
  const char *error;
  const char *description; /* (nullable) */
} Refusal;

/* http, a loopback host, any port, the path /callback or one below it (RFC 8252 section 7.3). */
static gboolean
is_redirect_uri (const char *text)
{
  g_autoptr (GUri) uri = NULL;
  const char *path;

  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c) || strchr ("\"<>\\^`{|}", *c) != NULL)
      return FALSE;
  uri = g_uri_parse (text, G_URI_FLAGS_ENCODED, NULL);
  if (uri == NULL || !g_str_equal (g_uri_get_scheme (uri), "http")
      || g_uri_get_userinfo (uri) != NULL || g_uri_get_fragment (uri) != NULL
      || !ta_sandbox_request_is_loopback (g_uri_get_host (uri)))
    return FALSE;
  path = g_uri_get_path (uri);
  return g_str_equal (path, "/callback") || g_str_has_prefix (path, "/callback/");
}

/* (nullable): why the browser cannot be sent back. */
static const char *
find_stop (const TaSandboxFields *fields)
{
  const char *redirect_uri;

  if (fields == NULL)
    return "The address of this page is malformed.";
  if (ta_sandbox_fields_is_repeated (fields, "client_id")
      || ta_sandbox_fields_is_repeated (fields, "redirect_uri"))
    return "The application named itself or its return address more than once.";
  if (ta_sandbox_client_find (ta_sandbox_fields_get (fields, "client_id")) == NULL)
    return "The application (client_id) is not known here. The sandbox knows sandbox-client and "
           "sandbox-public.";
  redirect_uri = ta_sandbox_fields_get (fields, "redirect_uri");
  if (redirect_uri == NULL || !is_redirect_uri (redirect_uri))
    return "The return address (redirect_uri) must be http, on localhost, 127.0.0.1 or [::1], "
           "with the path /callback and no fragment.";
  return NULL;
}

static gboolean
is_scope (const char *scope)
{
  for (const char *c = scope; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e || *c == '"' || *c == '\\')
      return FALSE;
  return TRUE;
}

static gboolean
is_code_challenge (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '-' && *c != '_')
      return FALSE;
  return strlen (text) == 43;
}

static Refusal
check_pkce (const TaSandboxFields *fields)
{
  const char *challenge = ta_sandbox_fields_get (fields, "code_challenge");
  const char *method = ta_sandbox_fields_get (fields, "code_challenge_method");
  const TaSandboxClient *client
      = ta_sandbox_client_find (ta_sandbox_fields_get (fields, "client_id"));

  if (challenge == NULL && (method != NULL || client->secret == NULL))
    return (Refusal){ "invalid_request", "code_challenge is required" };
  if (challenge != NULL && (method == NULL || !g_str_equal (method, "S256")))
    return (Refusal){ "invalid_request", "code_challenge_method must be S256" };
  if (challenge != NULL && !is_code_challenge (challenge))
    return (Refusal){ "invalid_request", "code_challenge is not one of S256" };
  return (Refusal){ NULL };
}

static Refusal
check (const TaSandboxFields *fields)
{
  const char *const once[]
      = { "response_type", "scope", "state", "code_challenge", "code_challenge_method" };
  const char *response_type = ta_sandbox_fields_get (fields, "response_type");
  const char *scope = ta_sandbox_fields_get (fields, "scope");

  for (guint i = 0; i < G_N_ELEMENTS (once); i++)
    if (ta_sandbox_fields_is_repeated (fields, once[i]))
      return (Refusal){ "invalid_request", "A parameter is repeated" };
  if (response_type == NULL)
    return (Refusal){ "invalid_request", "response_type is required" };
  if (!g_str_equal (response_type, "code"))
    return (Refusal){ "unsupported_response_type", "response_type must be code" };
  if (scope != NULL && !is_scope (scope))
    return (Refusal){ "invalid_scope", "A scope has a character it cannot have" };
  return check_pkce (fields);
}

static void
add_field (GString *uri, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_string_append_c (uri, strchr (uri->str, '?') == NULL ? '?' : '&');
  g_string_append_printf (uri, "%s=", name);
  g_string_append_uri_escaped (uri, value, NULL, FALSE);
}

/* Back to the application, with what its redirect URI already asks for (section 3.1.2). */
static TaSandboxReply *
send_back (const TaSandboxFields *fields, const char *name, const char *value,
           const char *description)
{
  g_autoptr (GString) uri = g_string_new (ta_sandbox_fields_get (fields, "redirect_uri"));

  add_field (uri, name, value);
  add_field (uri, "error_description", description);
  if (!ta_sandbox_fields_is_repeated (fields, "state"))
    add_field (uri, "state", ta_sandbox_fields_get (fields, "state"));
  return ta_sandbox_reply_new_redirect (uri->str);
}

static TaSandboxReply *
deny (const TaSandboxFields *fields)
{
  return send_back (fields, "error", "access_denied", "The sandbox's user said no");
}

static TaSandboxReply *
allow (TaSandboxState *state, const TaSandboxFields *fields, gint64 now)
{
  g_autoptr (TaSandboxGrant) grant = ta_sandbox_grant_new (
      ta_sandbox_fields_get (fields, "client_id"), ta_sandbox_fields_get (fields, "redirect_uri"),
      ta_sandbox_fields_get (fields, "scope"), ta_sandbox_fields_get (fields, "code_challenge"));
  g_autofree char *code = ta_sandbox_grants_issue_code (state->grants, grant, now);

  return send_back (fields, "code", code, NULL);
}

/* What the person clicked. A page of somebody else cannot click for them. */
static TaSandboxReply *
decide (TaSandboxState *state, const TaSandboxRequest *request, const TaSandboxFields *fields)
{
  const char *site = soup_message_headers_get_one (request->headers, "Sec-Fetch-Site");
  g_autoptr (TaSandboxFields) form = ta_sandbox_fields_parse_body (request);
  const char *decision = form != NULL ? ta_sandbox_fields_get (form, "decision") : NULL;
  TaSandboxReply *reply = NULL;

  if (site != NULL && !g_str_equal (site, "same-origin"))
    return ta_sandbox_page_new_error (403, "The decision did not come from the sandbox's page.");
  if (decision != NULL && g_str_equal (decision, "allow"))
    {
      reply = allow (state, fields, request->now);
      reply->word = "allow";
    }
  else if (decision != NULL && g_str_equal (decision, "deny"))
    {
      reply = deny (fields);
      reply->word = "deny";
    }
  else
    reply = ta_sandbox_page_new_error (400, "The form holds no decision.");
  return reply;
}

TaSandboxReply *
ta_sandbox_authorize_answer (TaSandboxState *state, const TaSandboxRequest *request)
{
  const char *query = request->query != NULL ? request->query : "";
  g_autoptr (TaSandboxFields) fields = ta_sandbox_fields_parse (query, strlen (query));
  gboolean is_post = g_str_equal (request->method, "POST");
  const char *stop = find_stop (fields);
  Refusal refusal;

  if (!is_post && !ta_sandbox_request_is_read (request))
    return ta_sandbox_reply_new_method_not_allowed ("GET, HEAD, POST");
  state->counters.authorize += !is_post;
  if (stop != NULL)
    return ta_sandbox_page_new_error (400, stop);
  refusal = check (fields);
  if (refusal.error != NULL)
    return send_back (fields, "error", refusal.error, refusal.description);
  if (is_post)
    return decide (state, request, fields);
  if (state->settings.deny)
    return deny (fields);
  if (state->settings.auto_allow)
    return allow (state, fields, request->now);
  return ta_sandbox_page_new_consent (ta_sandbox_fields_get (fields, "client_id"),
                                      ta_sandbox_fields_get (fields, "scope"),
                                      ta_sandbox_fields_get (fields, "redirect_uri"));
}
