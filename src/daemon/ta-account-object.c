/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-account-object.h"

#include "io/ta-providers.h"

/* An account on the bus: its properties follow it. Only BaseUri is not the account's own, and is
 * looked up when somebody reads it: whoever sends a token there must not be told of an address that
 * the provider file no longer has. */

struct _TaAccountObject
{
  TaDBusAuthAccountSkeleton parent_instance;
};

enum
{
  PROP_BASE_URI = 1,
};

G_DEFINE_FINAL_TYPE (TaAccountObject, ta_account_object, TA_DBUS_TYPE_AUTH_ACCOUNT_SKELETON)

static void
on_changed (TaAccount *account, TaDBusAuthAccount *object)
{
  const TaRecord *record = ta_account_get_record (account);

  ta_dbus_auth_account_set_id (object, record->account);
  ta_dbus_auth_account_set_provider (object, record->provider);
  ta_dbus_auth_account_set_state (object, ta_account_get_state (account));
  ta_dbus_auth_account_set_scopes (object, (const char *const *) record->token->scopes);
  ta_dbus_auth_account_set_requested_scopes (object,
                                             (const char *const *) record->requested_scopes);
  ta_dbus_auth_account_set_expires_at (object, record->token->expires_at);
  ta_dbus_auth_account_set_signed_in_at (object, record->signed_in_at);
  ta_dbus_auth_account_set_refreshed_at (object, record->refreshed_at);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  TaDBusAuthAccount *account = TA_DBUS_AUTH_ACCOUNT (object);
  g_autoptr (TaProvider) provider
      = ta_providers_find (ta_dbus_auth_account_get_provider (account), NULL);

  g_value_set_string (value, provider == NULL ? "" : provider->base_uri);
}

/* Nobody sets it; GObject wants one for a property that is declared writable. */
static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
}

static void
ta_account_object_init (TaAccountObject *self)
{
}

static void
ta_account_object_class_init (TaAccountObjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  g_object_class_override_property (object_class, PROP_BASE_URI, "base-uri");
}

TaAccountObject *
ta_account_object_new (TaAccount *account)
{
  TaAccountObject *self = g_object_new (TA_TYPE_ACCOUNT_OBJECT, NULL);

  on_changed (account, TA_DBUS_AUTH_ACCOUNT (self));
  g_signal_connect_object (account, "changed", G_CALLBACK (on_changed), self, 0);
  return self;
}

/* Its object path: every byte that is no letter or digit becomes "_" and two hexadecimal digits. */
char *
ta_account_object_path (const char *id)
{
  g_autofree char *escaped = g_dbus_escape_object_path (id);

  return g_strconcat ("/org/tidio/Auth/Accounts/", escaped, NULL);
}
