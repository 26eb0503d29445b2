/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-caller.h"

#include "base/ta-error.h"
#include "daemon/ta-reply.h"
#include "io/ta-clock.h"

#include <glib/gstdio.h>
#include <string.h>

/* A caller that leaves the bus frees what it held: its call is cancelled, and its place is free or
 * never taken. It is watched only once the call really waits, so that an answer from memory costs
 * no message. */

struct _TaCaller
{
  GDBusMethodInvocation *invocation; /* (owned) */
  TaErrand errand;
  char *account;                /* (owned) (nullable): of the errand */
  char *path;                   /* (owned) (nullable): and its path */
  TaApplication *application;   /* (owned) (nullable): until it is known */
  TaApplications *applications; /* (owned) (nullable): that tell whether it left */
  TaCallerEndFunc ended;        /* (nullable) */
  TaCallerLeftFunc left;        /* (nullable) */
  gpointer ended_data;
  TaCallerFunc work; /* what is to be done once it may be */
  gpointer request;  /* (owned): for it */
  GDestroyNotify destroy;
  GCancellable *cancellable; /* (owned): cancelled when the caller leaves */
  gint64 deadline;           /* on the boot clock, ms; 0: none */
  guint idle;
  TaApplicationsWatch *watch; /* (owned) (nullable) */

  TaPlace *place;     /* (owned) (nullable) */
  TaCallerFunc begin; /* once the place is there */
  gpointer user_data;
  guint timer; /* until then */
  gulong cancel_handler;
};

static void
on_vanished (gpointer user_data)
{
  TaCaller *self = user_data;

  g_cancellable_cancel (self->cancellable);
}

static gboolean
on_waiting (gpointer user_data)
{
  TaCaller *self = user_data;

  self->idle = 0;
  if (self->applications != NULL)
    self->watch = ta_applications_watch (self->applications, ta_caller_get_sender (self),
                                         on_vanished, self);
  return G_SOURCE_REMOVE;
}

/* The message lives as long as the call, and may have brought hundreds of descriptors. What the
 * call needs of them was duplicated. */
static void
close_descriptors (GDBusMethodInvocation *invocation)
{
  GUnixFDList *fds
      = g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (invocation));
  g_autofree int *stolen = NULL;
  int count = 0;

  if (fds != NULL)
    stolen = g_unix_fd_list_steal_fds (fds, &count);
  for (int i = 0; i < count; i++)
    g_close (stolen[i], NULL);
}

/* Takes the invocation, and the request, which stays until the end: that is ta_caller_answer(),
 * ta_caller_fail() or ta_caller_end(). */
TaCaller *
ta_caller_new (GDBusMethodInvocation *invocation, const TaErrand *errand, TaCallerFunc work,
               gpointer request, GDestroyNotify destroy)
{
  TaCaller *self = g_new0 (TaCaller, 1);

  close_descriptors (invocation);
  self->invocation = invocation;
  self->errand = *errand;
  self->errand.account = self->account = g_strdup (errand->account);
  self->errand.path = self->path = g_strdup (errand->path);
  self->work = work;
  self->request = request;
  self->destroy = destroy;
  self->cancellable = g_cancellable_new ();
  if (errand->timeout > 0)
    self->deadline = ta_clock_boot_ms () + errand->timeout * G_GINT64_CONSTANT (1000);
  self->idle = g_idle_add (on_waiting, self);
  return self;
}

/* `ended` is called before the answer, `left` when the caller holds nothing any more. From now on
 * it is watched whether it leaves. */
void
ta_caller_watch_end (TaCaller *self, TaApplications *applications, TaCallerEndFunc ended,
                     TaCallerLeftFunc left, gpointer user_data)
{
  self->applications = g_object_ref (applications);
  self->ended = ended;
  self->left = left;
  self->ended_data = user_data;
}

const TaErrand *
ta_caller_get_errand (TaCaller *self)
{
  return &self->errand;
}

/* Owned by the caller. */
gpointer
ta_caller_get_request (TaCaller *self)
{
  return self->request;
}

/* That it calls by. Owned by the caller. */
GDBusConnection *
ta_caller_get_bus (TaCaller *self)
{
  return g_dbus_method_invocation_get_connection (self->invocation);
}

/* Its unique name on the bus. */
const char *
ta_caller_get_sender (TaCaller *self)
{
  return g_dbus_method_invocation_get_sender (self->invocation);
}

/* Owned by the caller. */
GCancellable *
ta_caller_get_cancellable (TaCaller *self)
{
  return self->cancellable;
}

/* Seconds that are left of the time it gave; 0: it gave none. */
guint
ta_caller_get_time_left (TaCaller *self)
{
  if (self->deadline == 0)
    return 0;
  return (guint) MAX ((self->deadline - ta_clock_boot_ms () + 999) / 1000, 1);
}

/* (nullable): who calls, once that is known. Owned by the caller. */
TaApplication *
ta_caller_get_application (TaCaller *self)
{
  return self->application;
}

void
ta_caller_set_application (TaCaller *self, TaApplication *application)
{
  self->application = ta_application_ref (application);
}

/* The account that is really meant. */
void
ta_caller_set_account (TaCaller *self, const char *account)
{
  char *copy = g_strdup (account);

  g_free (self->account);
  self->errand.account = self->account = copy;
}

/* The user is to be left alone: the rest of the work does without. */
void
ta_caller_set_quiet (TaCaller *self)
{
  self->errand.interactive = FALSE;
}

/* Nothing stands in the way: begins with the work. */
void
ta_caller_work (TaCaller *self)
{
  self->work (self, self->request);
}

static void
stop_waiting (TaCaller *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_signal_handler (&self->cancel_handler, self->cancellable);
}

static void
on_begin (gpointer user_data)
{
  TaCaller *self = user_data;

  stop_waiting (self);
  self->begin (self, self->user_data);
}

static gboolean
on_time (gpointer user_data)
{
  TaCaller *self = user_data;
  g_autoptr (GError) error = g_error_new_literal (
      TA_ERROR, TA_ERROR_TIMEOUT,
      "Other calls were before this one for all of its time: make fewer at a time, or allow more "
      "time");

  self->timer = 0;
  ta_caller_fail (self, error);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable *cancellable, TaCaller *self)
{
  g_autoptr (GError) error
      = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The caller left");

  ta_caller_fail (self, error);
}

/* A sandboxed application is one, over how many connections it may call; its id begins with no
 * colon. Before it is known, each connection is one.
 */
static const char *
get_name (TaCaller *self)
{
  return self->application != NULL && self->application->trust == TA_TRUST_SANDBOXED
             ? self->application->id
             : ta_caller_get_sender (self);
}

/* Goes on with `begin` as soon as there is a place, which it then holds until the end. Fails
 * without room to wait, or when its time is over. */
void
ta_caller_enter (TaCaller *self, TaFairUse *fair_use, TaCallerFunc begin, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  self->begin = begin;
  self->user_data = user_data;
  if (self->deadline > 0)
    self->timer = g_timeout_add_seconds (ta_caller_get_time_left (self), on_time, self);
  self->cancel_handler
      = g_signal_connect (self->cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
  self->place = ta_fair_use_reserve (fair_use, get_name (self), self->errand.bytes, on_begin, self);
  if (!ta_fair_use_enter (self->place, &error))
    ta_caller_fail (self, error);
}

/* Gives the place back before the end. */
void
ta_caller_leave (TaCaller *self)
{
  g_clear_pointer (&self->place, ta_fair_use_leave);
}

static void
note (TaCaller *self, const char *result)
{
  if (self->ended != NULL)
    self->ended (self, result, self->ended_data);
}

/* Gives back what the caller held. Takes the caller, whose call was answered. */
void
ta_caller_end (TaCaller *self)
{
  stop_waiting (self);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_pointer (&self->watch, ta_applications_unwatch);
  g_clear_object (&self->applications);
  g_object_unref (self->cancellable);
  g_free (self->account);
  g_free (self->path);
  g_clear_pointer (&self->application, ta_application_unref);
  if (self->request != NULL)
    self->destroy (self->request);
  ta_caller_leave (self);
  if (self->left != NULL)
    self->left (self->ended_data);
  g_free (self);
}

/* The end of it. Takes the caller and, if it floats, the value. `result`: what is noted of it. */
void
ta_caller_answer (TaCaller *self, GVariant *value, const char *result)
{
  ta_caller_reply (self, value, NULL, result);
  ta_caller_end (self);
}

/* The answer, but not the end: the caller goes on holding what it holds, though not because it is
 * on the bus. `fds`: (nullable). Takes the value if it floats. */
void
ta_caller_reply (TaCaller *self, GVariant *value, GUnixFDList *fds, const char *result)
{
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_pointer (&self->watch, ta_applications_unwatch);
  note (self, result);
  g_dbus_method_invocation_return_value_with_unix_fd_list (g_steal_pointer (&self->invocation),
                                                           value, fds);
}

static char *
find_result (const GError *error)
{
  g_autofree char *name = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_strdup ("Cancelled");
  if (error->domain != TA_ERROR && error->domain != G_DBUS_ERROR)
    return g_strdup ("Failed");
  name = g_dbus_error_encode_gerror (error);
  return g_strdup (strrchr (name, '.') + 1);
}

/* The end of it. Takes the caller. A sandboxed one does not learn which accounts there are. */
void
ta_caller_fail (TaCaller *self, const GError *error)
{
  g_autofree char *result = find_result (error);
  g_autoptr (GError) reduced = NULL;

  if (self->application != NULL && self->application->trust == TA_TRUST_SANDBOXED
      && g_error_matches (error, TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT))
    error = reduced
        = g_error_new_literal (TA_ERROR, TA_ERROR_NO_SUCH_ACCOUNT,
                               "There is no such account: name one, or have the user sign in");
  note (self, result);
  ta_reply_error (g_steal_pointer (&self->invocation), error);
  ta_caller_end (self);
}
