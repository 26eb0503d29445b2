/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-page.h"

#include "ta-io-resources.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

/* The pages are made of our own sentences alone: not one byte that was received goes into them.
 * They have no script, no link and no resource but one inline style sheet, which the content
 * security policy allows by its hash. They speak the language of the user's session, as everything
 * else of the program does, and not the one that a browser asks for. */

#define RESOURCES "/org/tidio/Auth/pages/"

typedef struct
{
  guint status;
  const char *mark;
  const char *heading;
  const char *text;
} Wording;

#define FAILED_HEADING N_ ("Sign-in failed")
#define FAILED_TEXT N_ ("You are not signed in. The application says why; start again from there.")

static const Wording wordings[] = {
  [TA_PAGE_DONE] = { 200, "done", N_ ("Authorization successful!"),
                     N_ ("You are signed in. You can close this page and return to the "
                         "application.") },
  [TA_PAGE_UNSAVED] = { 200, "warning", N_ ("Signed in, but not saved yet"),
                        N_ ("The keyring did not take the sign-in. It is kept while you stay "
                            "logged in to this computer, and saved as soon as the keyring is "
                            "unlocked.") },
  [TA_PAGE_PENDING] = { 200, "info", N_ ("Not finished yet"),
                        N_ ("The keyring has not answered. The application says how the sign-in "
                            "ends; you can close this page.") },
  [TA_PAGE_DENIED] = { 200, "failed", N_ ("Access was denied"),
                       N_ ("Nothing was changed. To sign in after all, start again from the "
                           "application.") },
  [TA_PAGE_FAILED] = { 200, "failed", FAILED_HEADING, FAILED_TEXT },
  [TA_PAGE_REFUSED] = { 400, "failed", FAILED_HEADING, FAILED_TEXT },
  [TA_PAGE_INVALID] = { 400, "failed", N_ ("This page is not part of a sign-in"),
                        N_ ("The address does not belong to a sign-in that is waiting. If you "
                            "were signing in, go back to the sign-in page and try again.") },
  [TA_PAGE_USED] = { 410, "info", N_ ("This page was used already"),
                     N_ ("Each sign-in ends once. You can close this page.") },
};

static const char *
get_resource (const char *name)
{
  g_autofree char *path = g_strconcat (RESOURCES, name, NULL);
  g_autoptr (GBytes) bytes
      = g_resource_lookup_data (ta_io_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  return g_bytes_get_data (bytes, NULL);
}

static GBytes *
render (const char *mark, const char *heading, const char *text)
{
  GString *html = g_string_new (get_resource ("page.html"));
  g_autofree char *safe_heading = g_markup_escape_text (heading, -1);
  g_autofree char *safe_text = g_markup_escape_text (text, -1);

  /* Translators: the language of your translation as a BCP 47 tag, such as pl or pt-BR. */
  g_string_replace (html, "{{lang}}", C_ ("language tag", "en"), 0);
  /* Translators: ltr, or rtl where your language is written from right to left. */
  g_string_replace (html, "{{dir}}", C_ ("text direction", "ltr"), 0);
  g_string_replace (html, "{{style}}", get_resource ("page.css"), 0);
  g_string_replace (html, "{{mark}}", mark, 0);
  g_string_replace (html, "{{heading}}", safe_heading, 0);
  g_string_replace (html, "{{text}}", safe_text, 0);
  g_string_replace (html, "{{warning}}", _ ("Never copy the address of this page to anybody."), 0);
  return g_string_free_to_bytes (html);
}

guint
ta_page_get_status (TaPage page)
{
  return wordings[page].status;
}

GBytes *
ta_page_render (TaPage page)
{
  return render (wordings[page].mark, _ (wordings[page].heading), _ (wordings[page].text));
}

/* The page for a request that is refused before anybody looks at its contents. */
GBytes *
ta_page_render_status (guint status)
{
  g_autofree char *heading = g_strdup_printf (_ ("Request refused (%u)"), status);

  return render ("failed", heading, _ (wordings[TA_PAGE_INVALID].text));
}

static char *
get_style_hash (void)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (checksum, (const guchar *) get_resource ("page.css"), -1);
  g_checksum_get_digest (checksum, digest, &length);
  return g_base64_encode (digest, length);
}

/* Header names and values, by turns, that every answer carries. */
char **
ta_page_get_headers (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *hash = get_style_hash ();
  g_autofree char *policy
      = g_strconcat ("default-src 'none'; style-src 'sha256-", hash,
                     "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", NULL);

  g_strv_builder_add_many (
      builder, "Content-Type", "text/html; charset=utf-8", "Cache-Control", "no-store",
      "Content-Security-Policy", policy, "Referrer-Policy", "no-referrer", "X-Content-Type-Options",
      "nosniff", "X-Frame-Options", "DENY", "Cross-Origin-Opener-Policy", "same-origin",
      "Cross-Origin-Resource-Policy", "same-origin", "Connection", "close", NULL);
  return g_strv_builder_end (builder);
}
