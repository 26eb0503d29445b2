/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-activity-method.h"

#include "base/ta-error.h"

/* Who called GetActivity is told of what comes after, as long as it is on the bus: the signal
 * Activity goes to these programs alone. A broadcast would reach everybody on the bus, and would
 * wake it for every call of everybody else. */

#define PATH "/org/tidio/Auth"
#define INTERFACE "org.tidio.Auth"
#define MAX_FOLLOWERS 64

struct _TaActivityMethod
{
  GDBusConnection *bus;  /* (owned) */
  TaLedger *ledger;      /* (owned) */
  GHashTable *followers; /* (owned): unique name (owned) to the id of its watch */
};

static void
on_recorded (TaLedger *ledger, GVariant *activity, TaActivityMethod *self)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->followers);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_dbus_connection_emit_signal (self->bus, name, PATH, INTERFACE, "Activity",
                                   g_variant_new ("(@a{sv})", activity), NULL);
}

static void
on_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaActivityMethod *self = user_data;

  g_hash_table_remove (self->followers, name);
}

static void
add_follower (TaActivityMethod *self, const char *name)
{
  guint watch;

  if (g_hash_table_contains (self->followers, name))
    return;
  watch = g_bus_watch_name_on_connection (self->bus, name, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                          on_vanished, self, NULL);
  g_hash_table_insert (self->followers, g_strdup (name), GUINT_TO_POINTER (watch));
}

static void
unwatch (gpointer watch)
{
  g_bus_unwatch_name (GPOINTER_TO_UINT (watch));
}

typedef struct
{
  TaActivityMethod *method; /* (unowned) */
  guint max;
} Request;

static void
list (TaCaller *caller, gpointer user_data)
{
  Request *request = user_data;
  TaActivityMethod *self = request->method;
  const char *name = ta_caller_get_sender (caller);
  g_autoptr (GError) error = NULL;

  if (g_hash_table_size (self->followers) >= MAX_FOLLOWERS
      && !g_hash_table_contains (self->followers, name))
    {
      error = g_error_new_literal (TA_ERROR, TA_ERROR_BUSY,
                                   "Too many programs follow the activity: end one of them first");
      ta_caller_fail (caller, error);
      return;
    }
  add_follower (self, name);
  ta_caller_answer (caller,
                    g_variant_new ("(@aa{sv})", ta_ledger_list (self->ledger, request->max)), "ok");
}

gboolean
ta_activity_method_is_followed (TaActivityMethod *self)
{
  return g_hash_table_size (self->followers) > 0;
}

/* GetActivity. Takes the invocation. */
void
ta_activity_method_run (TaActivityMethod *self, TaAdmission *admission, guint max,
                        GDBusMethodInvocation *invocation)
{
  const TaErrand errand = { .kind = TA_ERRAND_ACTIVITY };
  Request *request = g_new0 (Request, 1);

  request->method = self;
  request->max = max;
  ta_admission_enter (admission, ta_caller_new (invocation, &errand, list, request, g_free));
}

TaActivityMethod *
ta_activity_method_new (GDBusConnection *bus, TaLedger *ledger)
{
  TaActivityMethod *self = g_new0 (TaActivityMethod, 1);

  self->bus = g_object_ref (bus);
  self->ledger = g_object_ref (ledger);
  self->followers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unwatch);
  g_signal_connect (ledger, "recorded", G_CALLBACK (on_recorded), self);
  return self;
}

void
ta_activity_method_free (TaActivityMethod *self)
{
  g_signal_handlers_disconnect_by_data (self->ledger, self);
  g_hash_table_unref (self->followers);
  g_object_unref (self->ledger);
  g_object_unref (self->bus);
  g_free (self);
}
