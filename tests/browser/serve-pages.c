/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-callback.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>

/* The callback server, which here shows whatever page is asked for: the name of a page is the
 * query (TA_PAGE_REFUSED looks like TA_PAGE_FAILED). The first argument is the folder of the
 * translations. Prints the address without a query and runs until SIGTERM. */

static const struct
{
  const char *name;
  TaPage page;
} pages[] = {
  { "done", TA_PAGE_DONE },     { "unsaved", TA_PAGE_UNSAVED }, { "pending", TA_PAGE_PENDING },
  { "denied", TA_PAGE_DENIED }, { "failed", TA_PAGE_FAILED },   { "invalid", TA_PAGE_INVALID },
  { "used", TA_PAGE_USED },
};

static gboolean
matters (const char *query, gpointer user_data)
{
  return FALSE;
}

static void
show (TaCallbackVisit *visit, const char *query, gpointer user_data)
{
  TaPage page = TA_PAGE_INVALID;

  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    if (g_str_equal (query, pages[i].name))
      page = pages[i].page;
  ta_callback_visit_answer (visit, page);
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaCallback) callback = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, argv[1]);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  callback = ta_callback_new ("http://127.0.0.1:0/callback", matters, show, NULL, &error);
  if (callback == NULL)
    {
      g_printerr ("serve-pages: %s\n", error->message);
      return EXIT_FAILURE;
    }
  g_unix_signal_add (SIGTERM, on_signal, loop);
  g_print ("%s\n", ta_callback_get_redirect_uri (callback));
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
