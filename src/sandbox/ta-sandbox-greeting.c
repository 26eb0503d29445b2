/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-greeting.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

/* The provider file that is installed is also what is printed, with the port that it really is. */

static char *
name_provider_file (guint16 port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) file = g_resources_lookup_data ("/org/tidio/Auth/Sandbox/sandbox.conf",
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  g_autofree char *origin = g_strdup_printf ("http://127.0.0.1:%u/", port);
  g_autoptr (GString) text = NULL;

  g_assert_no_error (error);
  text = g_string_new (strstr (g_bytes_get_data (file, NULL), "[Provider]"));
  g_string_replace (text, "http://127.0.0.1:8700/", origin, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
ta_sandbox_greeting_print (guint16 port)
{
  g_autofree char *file = name_provider_file (port);

  printf (_ ("Listening on http://127.0.0.1:%u/"), port);
  printf ("\n%s\n\n%s\n",
          _ ("To use it, put this into ~/.config/tidio-auth/providers/sandbox.conf:"), file);
}
