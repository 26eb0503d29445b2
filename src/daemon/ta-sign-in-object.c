/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sign-in-object.h"

#include "base/ta-error.h"
#include "daemon/ta-reply.h"

/* A sign-in on the bus: its properties follow it.
 *
 * A program in a sandbox that starts one only sees how it goes. Did it know the address, or bring
 * the answer, the account could become somebody else's, who signed in at that address. A program of
 * the host that starts or joins a sign-in owns it while it is on the bus; a sandboxed starter
 * cannot end it then. */

/* How long a SignIn call waits for the authorization URI, so that a caller may read it right away.
 * It is there at once unless the keyring has to be unlocked first. */
#define READY_TIMEOUT_MS 1000

struct _TaSignInObject
{
  TaDBusAuthSignInSkeleton parent_instance;

  TaAdmission *admission; /* (unowned) */
  TaSignIn *sign_in;      /* (owned) */
  char *starter;          /* (owned) (nullable): unique bus name of who started it and sees it */
  char *owner;            /* (owned) (nullable): of the program of the host that may complete it */
  guint watch;            /* of the owner */
};

static void iface_init (TaDBusAuthSignInIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TaSignInObject, ta_sign_in_object,
                               TA_DBUS_TYPE_AUTH_SIGN_IN_SKELETON,
                               G_IMPLEMENT_INTERFACE (TA_DBUS_TYPE_AUTH_SIGN_IN, iface_init))

static void
on_changed (TaSignIn *sign_in, TaDBusAuthSignIn *object)
{
  const char *const states[] = {
    [TA_SIGN_IN_WAITING] = "waiting",
    [TA_SIGN_IN_EXCHANGING] = "exchanging",
    [TA_SIGN_IN_DONE] = "done",
    [TA_SIGN_IN_FAILED] = "failed",
  };
  const GError *error = ta_sign_in_get_status (sign_in)->error;
  g_autofree char *name = error == NULL ? g_strdup ("") : g_dbus_error_encode_gerror (error);
  g_autofree char *message = error == NULL ? g_strdup ("") : ta_reply_message (error);

  ta_dbus_auth_sign_in_set_account (object, ta_sign_in_get_status (sign_in)->account);
  ta_dbus_auth_sign_in_set_uri (object, ta_sign_in_get_status (sign_in)->uri);
  ta_dbus_auth_sign_in_set_user_code (object, ta_sign_in_get_status (sign_in)->user_code);
  ta_dbus_auth_sign_in_set_verification_uri (object,
                                             ta_sign_in_get_status (sign_in)->verification_uri);
  ta_dbus_auth_sign_in_set_expires_at (object, ta_sign_in_get_status (sign_in)->expires_at);
  ta_dbus_auth_sign_in_set_error (object, name);
  ta_dbus_auth_sign_in_set_error_message (object, message);
  ta_dbus_auth_sign_in_set_state (object, states[ta_sign_in_get_status (sign_in)->state]);
}

static void
cancel (TaCaller *caller, gpointer user_data)
{
  TaSignInObject *self = user_data;

  ta_sign_in_cancel (self->sign_in);
  ta_caller_answer (caller, NULL, "ok");
}

static gboolean
handle_cancel (TaDBusAuthSignIn *object, GDBusMethodInvocation *invocation)
{
  TaSignInObject *self = TA_SIGN_IN_OBJECT (object);
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  gboolean is_own = self->owner == NULL && g_strcmp0 (sender, self->starter) == 0;
  const TaErrand errand = { .kind = TA_ERRAND_CANCEL, .is_own = is_own };

  ta_admission_enter (self->admission, ta_caller_new (invocation, &errand, cancel,
                                                      g_object_ref (self), g_object_unref));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_complete (TaDBusAuthSignIn *object, GDBusMethodInvocation *invocation,
                 const char *redirect_uri)
{
  TaSignInObject *self = TA_SIGN_IN_OBJECT (object);
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (sender, self->owner) != 0)
    error = g_error_new_literal (TA_ERROR, TA_ERROR_NOT_AUTHORIZED,
                                 "Only the host program that started this sign-in, or joined it "
                                 "first, may complete it: leave it to the browser, or join anew");
  else if (ta_sign_in_complete (self->sign_in, redirect_uri, &error))
    {
      ta_dbus_auth_sign_in_complete_complete (object, invocation);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }
  ta_reply_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

typedef struct
{
  TaSignInObject *object; /* (owned) */
  TaCaller *caller;       /* (owned) */
  guint timer;
} Answer;

static void
answer (Answer *self)
{
  GDBusInterface *interface = G_DBUS_INTERFACE (self->object);
  g_autoptr (GDBusObject) exported = g_dbus_interface_dup_object (interface);

  g_signal_handlers_disconnect_by_data (self->object->sign_in, self);
  g_clear_handle_id (&self->timer, g_source_remove);
  ta_caller_answer (self->caller, g_variant_new ("(o)", g_dbus_object_get_object_path (exported)),
                    "ok");
  g_object_unref (self->object);
  g_free (self);
}

static gboolean
on_ready_timeout (gpointer user_data)
{
  Answer *self = user_data;

  self->timer = 0;
  answer (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_ready (TaSignIn *sign_in)
{
  const TaSignInStatus *status = ta_sign_in_get_status (sign_in);

  return *status->uri != '\0' || *status->user_code != '\0' || ta_sign_in_is_over (sign_in);
}

static void
on_progress (TaSignIn *sign_in, Answer *self)
{
  if (is_ready (sign_in))
    answer (self);
}

/* Answers a SignIn call with the path of this object, which is exported. Takes the caller. */
void
ta_sign_in_object_answer_when_ready (TaSignInObject *self, TaCaller *caller)
{
  Answer *pending = g_new0 (Answer, 1);

  pending->object = g_object_ref (self);
  pending->caller = caller;
  if (is_ready (self->sign_in))
    {
      answer (pending);
      return;
    }
  g_signal_connect (self->sign_in, "changed", G_CALLBACK (on_progress), pending);
  pending->timer = g_timeout_add (READY_TIMEOUT_MS, on_ready_timeout, pending);
}

/* The program of this unique bus name sees how the sign-in goes. */
void
ta_sign_in_object_set_starter (TaSignInObject *self, const char *starter)
{
  g_free (self->starter);
  self->starter = g_strdup (starter);
}

/* (nullable): the unique bus name. */
const char *
ta_sign_in_object_get_starter (TaSignInObject *self)
{
  return self->starter;
}

static void
on_owner_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  TaSignInObject *self = user_data;

  g_clear_pointer (&self->owner, g_free);
  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
}

/* The program of the host with this unique bus name owns the sign-in, unless another one does that
 * is still there. */
void
ta_sign_in_object_take (TaSignInObject *self, GDBusConnection *bus, const char *owner)
{
  if (self->owner != NULL)
    return;
  self->owner = g_strdup (owner);
  self->watch = g_bus_watch_name_on_connection (bus, owner, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                                on_owner_vanished, self, NULL);
}

static void
iface_init (TaDBusAuthSignInIface *iface)
{
  iface->handle_cancel = handle_cancel;
  iface->handle_complete = handle_complete;
}

static void
ta_sign_in_object_init (TaSignInObject *self)
{
}

static void
ta_sign_in_object_finalize (GObject *object)
{
  TaSignInObject *self = TA_SIGN_IN_OBJECT (object);

  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  g_object_unref (self->sign_in);
  g_free (self->starter);
  g_free (self->owner);
  G_OBJECT_CLASS (ta_sign_in_object_parent_class)->finalize (object);
}

static void
ta_sign_in_object_class_init (TaSignInObjectClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_sign_in_object_finalize;
}

TaSignInObject *
ta_sign_in_object_new (TaAdmission *admission, TaSignIn *sign_in)
{
  TaSignInObject *self = g_object_new (TA_TYPE_SIGN_IN_OBJECT, NULL);

  self->admission = admission;
  self->sign_in = g_object_ref (sign_in);
  on_changed (sign_in, TA_DBUS_AUTH_SIGN_IN (self));
  g_signal_connect_object (sign_in, "changed", G_CALLBACK (on_changed), self, 0);
  return self;
}
