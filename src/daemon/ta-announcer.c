/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-announcer.h"

#include "daemon/ta-audience.h"
#include "daemon/ta-outbox.h"
#include "daemon/ta-sign-in-view.h"

/* A signal of the broker's objects tells of accounts, and the bus brings what is broadcast to
 * sandboxed programs too. So none leaves as a broadcast: each program of the host gets its own
 * copy. The program that started a sign-in gets what that object says in any case; one that is not
 * of the host, without the address and the code.
 *
 * The recipients are looked for when there is something to say, which is rare: for all signals at
 * once that wait then. The outbox keeps the order of signals and answers meanwhile. */

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

struct _TaAnnouncer
{
  GDBusConnection *bus;         /* (owned) */
  TaApplications *applications; /* (owned) */
  TaSignInObjects *sign_ins;    /* (owned) */
  TaOutbox *outbox;             /* (owned) */
  GHashTable *starters; /* (owned): path of a sign-in that was announced to who started it */
  GPtrArray *messages;  /* (owned) (nullable): while recipients are looked for */
  GCancellable *ended;  /* (owned): not to be used after that */
};

typedef struct
{
  TaAnnouncer *announcer; /* (unowned) */
  GCancellable *ended;    /* (owned): the announcer is gone */
} Search;

/* (nullable): who started what the signal is about. A sign-in that is gone cannot be asked. */
static char *
find_starter (TaAnnouncer *self, GDBusMessage *signal)
{
  const char *path = g_dbus_message_get_path (signal);
  const char *starter;
  gboolean managed = g_strcmp0 (g_dbus_message_get_interface (signal), OBJECT_MANAGER) == 0;
  char *found;

  if (managed)
    g_variant_get_child (g_dbus_message_get_body (signal), 0, "&o", &path);
  starter = ta_sign_in_objects_get_starter (self->sign_ins, path);
  if (starter != NULL)
    g_hash_table_replace (self->starters, g_strdup (path), g_strdup (starter));
  found = g_strdup (g_hash_table_lookup (self->starters, path));
  if (managed && g_str_equal (g_dbus_message_get_member (signal), "InterfacesRemoved"))
    g_hash_table_remove (self->starters, path);
  return found;
}

static void
send_to (TaAnnouncer *self, GDBusMessage *signal, const char *name)
{
  g_autoptr (GDBusMessage) copy = g_dbus_message_copy (signal, NULL);

  g_dbus_message_set_destination (copy, name);
  ta_outbox_send (self->outbox, copy, G_DBUS_SEND_MESSAGE_FLAGS_NONE);
}

static void
announce (TaAnnouncer *self, GDBusMessage *signal, GPtrArray *hosts)
{
  g_autofree char *starter = find_starter (self, signal);

  for (guint i = 0; i < hosts->len; i++)
    send_to (self, signal, hosts->pdata[i]);
  if (starter != NULL && !g_ptr_array_find_with_equal_func (hosts, starter, g_str_equal, NULL))
    {
      const TaApplication *application = ta_applications_peek (self->applications, starter);
      gboolean is_host = application != NULL && application->trust == TA_TRUST_HOST;
      g_autoptr (GDBusMessage) shown
          = is_host ? g_object_ref (signal) : ta_sign_in_view_new_signal (signal);

      send_to (self, shown, starter);
    }
}

/* `hosts`: (nullable): NULL if there are no signals among the messages. */
static void
send_all (TaAnnouncer *self, GPtrArray *messages, GPtrArray *hosts)
{
  for (guint i = 0; i < messages->len; i++)
    if (ta_outbox_is_broadcast (messages->pdata[i]))
      announce (self, messages->pdata[i], hosts);
    else
      ta_outbox_send (self->outbox, messages->pdata[i], G_DBUS_SEND_MESSAGE_FLAGS_PRESERVE_SERIAL);
  ta_outbox_done (self->outbox);
}

static void
find_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Search *search = user_data;
  TaAnnouncer *self = search->announcer;
  g_autoptr (GPtrArray) hosts = ta_audience_find_finish (G_DBUS_CONNECTION (source), result);

  if (!g_cancellable_is_cancelled (search->ended))
    {
      g_autoptr (GPtrArray) messages = g_steal_pointer (&self->messages);

      send_all (self, messages, hosts);
    }
  g_object_unref (search->ended);
  g_free (search);
}

static void
on_held (GPtrArray *messages, gpointer user_data)
{
  TaAnnouncer *self = user_data;
  gboolean signals = FALSE;
  Search *search;

  for (guint i = 0; i < messages->len; i++)
    signals = signals || ta_outbox_is_broadcast (messages->pdata[i]);
  if (!signals)
    {
      send_all (self, messages, NULL);
      return;
    }
  self->messages = g_ptr_array_ref (messages);
  search = g_new0 (Search, 1);
  search->announcer = self;
  search->ended = g_object_ref (self->ended);
  ta_audience_find_async (self->bus, self->applications, find_cb, search);
}

/* To be called before anything is exported. */
TaAnnouncer *
ta_announcer_new (GDBusConnection *bus, TaApplications *applications, TaSignInObjects *sign_ins)
{
  TaAnnouncer *self = g_new0 (TaAnnouncer, 1);

  self->bus = g_object_ref (bus);
  self->applications = g_object_ref (applications);
  self->sign_ins = g_object_ref (sign_ins);
  self->starters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->ended = g_cancellable_new ();
  self->outbox = ta_outbox_new (bus, on_held, self);
  return self;
}

/* No signal leaves the broker any more. */
void
ta_announcer_free (TaAnnouncer *self)
{
  g_cancellable_cancel (self->ended);
  ta_outbox_free (self->outbox);
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_hash_table_unref (self->starters);
  g_object_unref (self->ended);
  g_object_unref (self->sign_ins);
  g_object_unref (self->applications);
  g_object_unref (self->bus);
  g_free (self);
}

/* Whether all was sent that there was to send. */
gboolean
ta_announcer_is_settled (TaAnnouncer *self)
{
  return ta_outbox_is_empty (self->outbox);
}
