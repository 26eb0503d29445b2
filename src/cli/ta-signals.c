/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-signals.h"

#include "base/ta-error.h"
#include "ta-entry.h"
#include "ta-event.h"

#include <string.h>

/* What the broker's signals say, printed. Objects are known by their paths there; an account's id
 * can be told from its path, that of a sign-in was told before. */

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define BROKER "org.tidio.Auth"
#define ACCOUNT "org.tidio.Auth.Account"
#define SIGN_IN "org.tidio.Auth.SignIn"
#define ERROR_PREFIX "org.tidio.Auth.Error."

struct _TaSignals
{
  gboolean json;
  GHashTable *sign_ins; /* (owned): path (owned) to account (owned) */
};

static const char *
get_string (GVariant *properties, const char *name)
{
  const char *value = "";

  g_variant_lookup (properties, name, "&s", &value);
  return value;
}

/* The id is the end of the path; printable, whatever that is. */
static gboolean
print_account (TaSignals *self, const char *path, const char *change, const char *state,
               GError **error)
{
  g_autofree guint8 *id = g_dbus_unescape_object_path (strrchr (path, '/') + 1);
  g_autofree char *account = ta_error_quote (id == NULL ? "" : (const char *) id);

  return ta_event_print_account (self->json, account, change, state, error);
}

/* The properties are some of a sign-in, or all. */
static gboolean
print_sign_in (TaSignals *self, const char *path, GVariant *properties, GError **error)
{
  const char *account = get_string (properties, "Account");
  const char *state = get_string (properties, "State");
  const char *failure = get_string (properties, "Error");

  if (*account != '\0')
    g_hash_table_insert (self->sign_ins, g_strdup (path), ta_error_quote (account));
  if (*state == '\0')
    return TRUE;
  account = g_hash_table_lookup (self->sign_ins, path);
  if (g_str_has_prefix (failure, ERROR_PREFIX))
    failure += strlen (ERROR_PREFIX);
  return ta_event_print_sign_in (self->json, account != NULL ? account : "", state, failure, error);
}

static gboolean
print_change (TaSignals *self, const char *path, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) changed = NULL;
  g_autoptr (GVariant) refreshed = NULL;
  const char *interface;
  const char *state;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(sa{sv}as)")))
    return TRUE;
  g_variant_get (arguments, "(&s@a{sv}@as)", &interface, &changed, NULL);
  if (g_str_equal (interface, SIGN_IN))
    return print_sign_in (self, path, changed, error);
  if (!g_str_equal (interface, ACCOUNT))
    return TRUE;
  state = get_string (changed, "State");
  refreshed = g_variant_lookup_value (changed, "RefreshedAt", NULL);
  if (*state != '\0' && !print_account (self, path, "changed", state, error))
    return FALSE;
  return refreshed == NULL || print_account (self, path, "refreshed", "", error);
}

static gboolean
print_added (TaSignals *self, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) interfaces = NULL;
  g_autoptr (GVariant) account = NULL;
  g_autoptr (GVariant) sign_in = NULL;
  const char *path;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(oa{sa{sv}})")))
    return TRUE;
  g_variant_get (arguments, "(&o@a{sa{sv}})", &path, &interfaces);
  account = g_variant_lookup_value (interfaces, ACCOUNT, G_VARIANT_TYPE_VARDICT);
  sign_in = g_variant_lookup_value (interfaces, SIGN_IN, G_VARIANT_TYPE_VARDICT);
  if (account != NULL)
    return print_account (self, path, "added", get_string (account, "State"), error);
  return sign_in == NULL || print_sign_in (self, path, sign_in, error);
}

static gboolean
print_removed (TaSignals *self, GVariant *arguments, GError **error)
{
  g_autofree const char **interfaces = NULL;
  const char *path;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(oas)")))
    return TRUE;
  g_variant_get (arguments, "(&o^a&s)", &path, &interfaces);
  g_hash_table_remove (self->sign_ins, path);
  return !g_strv_contains (interfaces, ACCOUNT) || print_account (self, path, "removed", "", error);
}

static gboolean
print_activity (TaSignals *self, GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) entry = NULL;
  g_autoptr (TaActivity) activity = NULL;

  if (!g_variant_is_of_type (arguments, G_VARIANT_TYPE ("(a{sv})")))
    return TRUE;
  entry = g_variant_get_child_value (arguments, 0);
  activity = ta_entry_read (entry);
  return ta_event_print_activity (self->json, activity, error);
}

/* Prints nothing for a signal that tells nothing of interest. */
gboolean
ta_signals_print (TaSignals *self, const char *path, const char *interface, const char *signal,
                  GVariant *arguments, GError **error)
{
  if (g_str_equal (interface, PROPERTIES) && g_str_equal (signal, "PropertiesChanged"))
    return print_change (self, path, arguments, error);
  if (g_str_equal (interface, OBJECT_MANAGER) && g_str_equal (signal, "InterfacesAdded"))
    return print_added (self, arguments, error);
  if (g_str_equal (interface, OBJECT_MANAGER) && g_str_equal (signal, "InterfacesRemoved"))
    return print_removed (self, arguments, error);
  if (g_str_equal (interface, BROKER) && g_str_equal (signal, "Activity"))
    return print_activity (self, arguments, error);
  return TRUE;
}

/* The broker is another one from now on. */
void
ta_signals_forget (TaSignals *self)
{
  g_hash_table_remove_all (self->sign_ins);
}

TaSignals *
ta_signals_new (gboolean json)
{
  TaSignals *self = g_new0 (TaSignals, 1);

  self->json = json;
  self->sign_ins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
ta_signals_free (TaSignals *self)
{
  g_hash_table_unref (self->sign_ins);
  g_free (self);
}
