/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-page.h"

#include <string.h>

/* The pages people see. A template is a resource with {{names}}; what takes their place is escaped
 * before, and is not looked at again. There is no script and nothing comes from elsewhere; the one
 * style sheet is written into the page and named by its hash in the policy. The policy leaves out
 * form-action: Chromium applies it to the redirect after the form too, which goes to the
 * application. The pages are English, like the API's errors, whatever the terminal speaks. */

#define RESOURCES "/org/tidio/Auth/Sandbox/"

typedef struct
{
  const char *name;
  const char *html; /* escaped */
} Slot;

static const char *
find_html (const Slot *slots, gsize n_slots, const char *name, gsize length)
{
  for (gsize i = 0; i < n_slots; i++)
    if (strlen (slots[i].name) == length && memcmp (slots[i].name, name, length) == 0)
      return slots[i].html;
  return "";
}

static char *
fill (const char *template, const Slot *slots, gsize n_slots)
{
  g_autoptr (GString) page = g_string_new (NULL);
  const char *at = template;
  const char *open;

  while ((open = strstr (at, "{{")) != NULL)
    {
      const char *name = open + 2;
      const char *close = strstr (name, "}}");

      g_assert (close != NULL);
      g_string_append_len (page, at, open - at);
      g_string_append (page, find_html (slots, n_slots, name, (gsize) (close - name)));
      at = close + 2;
    }
  g_string_append (page, at);
  return g_string_free (g_steal_pointer (&page), FALSE);
}

/* Resources are part of the program: they cannot be missing. They end with a NUL byte. */
static GBytes *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);

  g_assert_no_error (error);
  return bytes;
}

static char *
name_policy (const char *style)
{
  g_autoptr (GChecksum) sha256 = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *hash = NULL;
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (sha256, (const guchar *) style, (gssize) strlen (style));
  g_checksum_get_digest (sha256, digest, &length);
  hash = g_base64_encode (digest, length);
  return g_strdup_printf ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                          "frame-ancestors 'none'",
                          hash);
}

static TaSandboxReply *
answer_page (guint status, const char *path, Slot *slots, gsize n_slots)
{
  g_autoptr (GBytes) template = load (path);
  g_autoptr (GBytes) style = load (RESOURCES "sandbox.css");
  g_autofree char *policy = name_policy (g_bytes_get_data (style, NULL));
  g_autofree char *page = NULL;
  TaSandboxReply *reply;

  slots[0] = (Slot){ "style", g_bytes_get_data (style, NULL) };
  page = fill (g_bytes_get_data (template, NULL), slots, n_slots);
  reply = ta_sandbox_reply_new (status, "text/html; charset=utf-8", page);
  ta_sandbox_reply_set_header (reply, "Content-Security-Policy", policy);
  ta_sandbox_reply_set_header (reply, "Cache-Control", "no-store");
  ta_sandbox_reply_set_header (reply, "Referrer-Policy", "same-origin");
  ta_sandbox_reply_set_header (reply, "X-Frame-Options", "DENY");
  return reply;
}

static char *
list_scopes (const char *scope)
{
  g_auto (GStrv) words = g_strsplit (scope != NULL ? scope : "", " ", -1);
  g_autoptr (GString) items = g_string_new (NULL);

  for (int i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      {
        g_autofree char *html = g_markup_escape_text (words[i], -1);

        g_string_append_printf (items, "<li><code>%s</code></li>\n", html);
      }
  if (items->len == 0)
    g_string_append (items, "<li>the usual access; it asks for no particular scope</li>\n");
  return g_string_free (g_steal_pointer (&items), FALSE);
}

/* `scope` (nullable). The redirect URI is shown without its query. */
TaSandboxReply *
ta_sandbox_page_new_consent (const char *client_id, const char *scope, const char *redirect_uri)
{
  g_autofree char *client = g_markup_escape_text (client_id, -1);
  g_autofree char *scopes = list_scopes (scope);
  g_autofree char *destination
      = g_markup_escape_text (redirect_uri, (gssize) strcspn (redirect_uri, "?"));
  Slot slots[] = {
    { NULL },
    { "client", client },
    { "scopes", scopes },
    { "destination", destination },
  };

  return answer_page (200, RESOURCES "authorize.html", slots, G_N_ELEMENTS (slots));
}

TaSandboxReply *
ta_sandbox_page_new_error (guint status, const char *sentence)
{
  g_autofree char *html = g_markup_escape_text (sentence, -1);
  Slot slots[] = { { NULL }, { "sentence", html } };

  return answer_page (status, RESOURCES "error.html", slots, G_N_ELEMENTS (slots));
}
