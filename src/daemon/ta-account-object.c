/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-account-object.h"

/* An account on the bus: its properties follow it. */

struct _TaAccountObject
{
  TaDBusAuthAccountSkeleton parent_instance;
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
ta_account_object_init (TaAccountObject *self)
{
}

static void
ta_account_object_class_init (TaAccountObjectClass *klass)
{
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
