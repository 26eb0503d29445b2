/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-page.h"

#include "ta-cli.h"
#include "ta-qr.h"
#include "ta-tunnel.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* What a sign-in tells the user: where to go, and how a browser on another machine finds back. The
 * addresses are results and go to stdout, all that is around them to stderr. */

static gboolean
is_set (const char *text)
{
  return text != NULL && *text != '\0';
}

/* Whether there is a code to be typed elsewhere. */
gboolean
ta_sign_in_page_has_code (TaDBusAuthSignIn *sign_in)
{
  return is_set (ta_dbus_auth_sign_in_get_user_code (sign_in));
}

gboolean
ta_sign_in_page_is_known (TaDBusAuthSignIn *sign_in)
{
  return is_set (ta_dbus_auth_sign_in_get_uri (sign_in)) || ta_sign_in_page_has_code (sign_in);
}

/* For the camera of a telephone. */
static void
show_picture (const char *uri)
{
  g_autofree char *picture = ta_qr_draw (uri, STDERR_FILENO);

  if (picture != NULL)
    g_printerr ("%s", picture);
}

static gboolean
print_code (TaDBusAuthSignIn *sign_in, GError **error)
{
  const char *complete = ta_dbus_auth_sign_in_get_uri (sign_in);
  const char *uri = ta_dbus_auth_sign_in_get_verification_uri (sign_in);

  if (!ta_cli_print (error, _ ("Open %s and enter %s"), uri,
                     ta_dbus_auth_sign_in_get_user_code (sign_in)))
    return FALSE;
  if (is_set (complete)
      && !ta_cli_print (error, _ ("or open %s, which has the code in it."), complete))
    return FALSE;
  show_picture (is_set (complete) ? complete : uri);
  return TRUE;
}

/* `is_elsewhere`: no browser is opened here, so it may run on another machine. */
gboolean
ta_sign_in_page_print (TaDBusAuthSignIn *sign_in, gboolean is_elsewhere, GError **error)
{
  const char *uri = ta_dbus_auth_sign_in_get_uri (sign_in);
  g_autofree char *tunnel = NULL;

  if (ta_sign_in_page_has_code (sign_in))
    return print_code (sign_in, error);
  tunnel = is_elsewhere ? ta_tunnel_find_command (uri) : NULL;
  if (tunnel != NULL)
    g_printerr ("%s\n  %s\n",
                _ ("If the browser runs on another machine, run this there first, so that it finds "
                   "its way back:"),
                tunnel);
  g_printerr ("%s\n", _ ("Open this page to sign in:"));
  return ta_cli_print (error, "%s", uri);
}
