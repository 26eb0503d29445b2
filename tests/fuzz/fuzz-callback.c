/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-callback-request.h"
#include "oauth/ta-redirect.h"

#include "fuzz.h"

/* A request to the callback port: what is let through is a GET for the redirect URI on its own
 * host, without a body, exactly once. */

typedef struct
{
  const char *redirect_uri;
  guint16 port;
  const char *path;
  const char *hosts[2];
} Way;

static const Way ways[] = {
  { "http://localhost:3000/callback", 3000, "/callback", { "localhost:3000", NULL } },
  { "http://127.0.0.1:0/callback/tidio", 49152, "/callback/tidio", { "127.0.0.1:49152", NULL } },
  { "http://[::1]:80", 80, "/", { "[::1]:80", "[::1]" } },
};

static void
check_admitted (const TaHead *head, const Way *way)
{
  const char *host = ta_head_get_header (head, "host");
  g_autoptr (TaRedirect) redirect = NULL;

  g_assert_cmpstr (head->method, ==, "GET");
  g_assert_cmpstr (head->path, ==, way->path);
  g_assert_cmpuint (ta_head_count_header (head, "host"), ==, 1);
  g_assert_true (g_ascii_strcasecmp (host, way->hosts[0]) == 0
                 || (way->hosts[1] != NULL && g_ascii_strcasecmp (host, way->hosts[1]) == 0));
  g_assert_cmpuint (ta_head_count_header (head, "transfer-encoding"), ==, 0);
  g_assert_cmpuint (ta_head_count_header (head, "content-length"), <=, 1);
  g_assert_cmpuint (ta_head_count_header (head, "sec-purpose"), ==, 0);
  if (head->query == NULL)
    return;
  redirect = ta_redirect_parse (head->query);
  if (redirect != NULL)
    fuzz_check_printable (ta_secret_peek (redirect->state));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  const Way *way = &ways[fuzz_take_choice (&input, G_N_ELEMENTS (ways))];
  g_autofree char *bytes = fuzz_take_bytes (&input);
  gssize end = ta_head_find_end (bytes, input.left);
  g_autoptr (GUri) redirect_uri = g_uri_parse (way->redirect_uri, G_URI_FLAGS_ENCODED, NULL);
  g_autoptr (TaHead) head = NULL;
  guint refusal = 0;

  if (end != -1)
    head = ta_head_parse (bytes, end, &refusal);
  if (head == NULL)
    return 0;
  refusal = ta_callback_request_judge (head, redirect_uri, way->port);
  if (refusal == 0)
    check_admitted (head, way);
  else
    g_assert_true (refusal >= 400 && refusal < 600);
  return 0;
}
