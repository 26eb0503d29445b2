/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-options.h"

#include "base/ta-error.h"
#include "oauth/ta-provider.h"

static const TaOption *
find (const TaOption *table, const char *name)
{
  for (; table->name != NULL; table++)
    if (g_str_equal (table->name, name))
      return table;
  return NULL;
}

/* Whether the table knows every key, with its type.
 * Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_options_check (GVariant *options, const TaOption *table, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      const TaOption *option = find (table, name);
      g_autofree char *quoted = ta_error_quote (name);

      if (option != NULL && g_variant_is_of_type (owned, G_VARIANT_TYPE (option->type)))
        continue;
      if (option == NULL)
        g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "Unknown option %s", quoted);
      else
        g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                     "Option %s must have the D-Bus type %s", quoted, option->type);
      return FALSE;
    }
  return TRUE;
}

/* Reads a number into `value`, which keeps its default if the option is absent.
 * Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_options_get_range (GVariant *options, const char *name, guint32 minimum, guint32 maximum,
                      guint32 *value, GError **error)
{
  if (!g_variant_lookup (options, name, "u", value) || (*value >= minimum && *value <= maximum))
    return TRUE;
  g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "Option %s must be %u to %u seconds",
               name, minimum, maximum);
  return FALSE;
}

/* Whether it is an account id, or empty.
 * Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_options_check_account (const char *account, GError **error)
{
  if (*account == '\0' || ta_provider_is_id (account))
    return TRUE;
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "An account id is 1 to 64 letters, digits and ._@- and starts with a letter "
                       "or digit");
  return FALSE;
}
