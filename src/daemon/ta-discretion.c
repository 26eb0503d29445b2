/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-discretion.h"

#include "daemon/ta-barrier.h"

/* Who may look at the broker's objects: programs of the host at all of them, whom GDBus answers as
 * ever. Anybody else is answered by the reader, from what he may see. Who it is that looks is found
 * out at his first look; what he asks meanwhile waits in its order. */

/* So many calls may wait for that, of all programs and of one. For the first of each there is some
 * more room, so that a few programs cannot keep out one that comes. */
#define WAITING_MAX 1024
#define WAITING_EACH_MAX 512
#define FIRST_MAX 64

struct _TaDiscretion
{
  TaApplications *applications; /* (owned) */
  TaReader *reader;             /* (owned) */
  TaBarrier *barrier;           /* (owned) */
  GCancellable *ended;          /* (owned): not to be used after that */
  GHashTable *waiting; /* (owned): unique name (the search's) to its calls, while it is looked up */
  guint n_waiting;     /* of those calls */
};

/* A program that is looked up. */
typedef struct
{
  TaDiscretion *discretion; /* (unowned) */
  GCancellable *ended;      /* (owned): the discretion is gone */
  char *name;               /* (owned) */
} Search;

static void
decide (TaDiscretion *self, GDBusMessage *call, const TaApplication *application)
{
  g_autoptr (GDBusMessage) reply = NULL;

  if (application->trust == TA_TRUST_HOST)
    ta_barrier_know (self->barrier, g_dbus_message_get_sender (call));
  else
    reply = ta_reader_answer (self->reader, call, application);
  if (reply == NULL)
    ta_barrier_raise (self->barrier, call);
  else
    ta_barrier_answer (self->barrier, call, reply);
}

static void
lookup_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Search *search = user_data;
  g_autoptr (TaApplication) application
      = ta_applications_lookup_finish (TA_APPLICATIONS (source), result);
  g_autoptr (GPtrArray) calls = NULL;

  if (!g_cancellable_is_cancelled (search->ended))
    g_hash_table_steal_extended (search->discretion->waiting, search->name, NULL,
                                 (gpointer *) &calls);
  for (guint i = 0; calls != NULL && i < calls->len; i++)
    {
      search->discretion->n_waiting--;
      decide (search->discretion, calls->pdata[i], application);
    }
  g_object_unref (search->ended);
  g_free (search->name);
  g_free (search);
}

static void
refuse (TaDiscretion *self, GDBusMessage *call)
{
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_error_literal (
      call, "org.tidio.Auth.Error.Busy",
      "Too many calls wait until it is known which program calls: call again in a moment");

  ta_barrier_answer (self->barrier, call, reply);
}

static void
look_up (TaDiscretion *self, GDBusMessage *call)
{
  GPtrArray *calls = g_ptr_array_new_with_free_func (g_object_unref);
  Search *search = g_new0 (Search, 1);

  self->n_waiting++;
  search->discretion = self;
  search->ended = g_object_ref (self->ended);
  search->name = g_strdup (g_dbus_message_get_sender (call));
  g_ptr_array_add (calls, g_object_ref (call));
  g_hash_table_insert (self->waiting, search->name, calls);
  ta_applications_lookup_async (self->applications, search->name, lookup_cb, search);
}

/* `calls` (nullable): those of the same program that wait already. */
static gboolean
has_room (TaDiscretion *self, GPtrArray *calls)
{
  if (calls == NULL)
    return self->n_waiting < WAITING_MAX + FIRST_MAX;
  return self->n_waiting < WAITING_MAX && calls->len < WAITING_EACH_MAX;
}

static void
on_held (GDBusMessage *call, gpointer user_data)
{
  TaDiscretion *self = user_data;
  const char *sender = g_dbus_message_get_sender (call);
  GPtrArray *calls = g_hash_table_lookup (self->waiting, sender);
  const TaApplication *application = ta_applications_peek (self->applications, sender);

  if (application != NULL && calls == NULL)
    decide (self, call, application);
  else if (!has_room (self, calls))
    refuse (self, call);
  else if (calls == NULL)
    look_up (self, call);
  else
    {
      self->n_waiting++;
      g_ptr_array_add (calls, g_object_ref (call));
    }
}

/* Takes the reader. To be called before anything is exported. */
TaDiscretion *
ta_discretion_new (GDBusConnection *bus, TaApplications *applications, TaReader *reader)
{
  TaDiscretion *self = g_new0 (TaDiscretion, 1);

  self->applications = g_object_ref (applications);
  self->reader = reader;
  self->ended = g_cancellable_new ();
  self->waiting
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  self->barrier = ta_barrier_new (bus, on_held, self);
  return self;
}

void
ta_discretion_free (TaDiscretion *self)
{
  g_cancellable_cancel (self->ended);
  ta_barrier_free (self->barrier);
  g_hash_table_unref (self->waiting);
  g_object_unref (self->ended);
  ta_reader_free (self->reader);
  g_object_unref (self->applications);
  g_free (self);
}

/* Whether somebody who looks is still being looked up. */
gboolean
ta_discretion_is_deciding (TaDiscretion *self)
{
  return g_hash_table_size (self->waiting) > 0;
}
