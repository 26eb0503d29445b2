/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keeper.h"

#include "io/ta-alarm.h"
#include "oauth/ta-record-text.h"

/* An account's record, in memory and in its item of the Secret Service. What is guaranteed:
 *
 * - A new record counts only once it is stored (store before tell). If the store fails, it counts
 *   all the same, because the provider may have replaced the old tokens; it is "unsaved" then, and
 *   writing is tried again. Until then the lock between sessions may be left here (ta-claim.c).
 * - Writes go out one by one in the order they were asked for, so that the last one asked for is
 *   the one that stays; a newer one that is held meanwhile goes on counting.
 * - An item that somebody else damaged, or that a newer version wrote, is left alone. */

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000

/* Between tries while the process is being ended. */
#define RETRY_HURRIED_MS 250

struct _TaKeeper
{
  GObject parent_instance;

  TaStore *store;   /* (owned) */
  char *item_id;    /* (owned) */
  TaRecord *record; /* (owned): the one that counts */
  GQueue writes;    /* (owned) (element-type GTask): the first one is running */
  gboolean unsaved;
  TaLock *spare_lock; /* (owned) (nullable): while it is unsaved and nobody here wants it */
  TaAlarm *retry;     /* (owned) (nullable) */
  guint retry_delay;  /* ms */
  gboolean is_hurried;
  gboolean told_of_others; /* items of the account besides its own */
};

G_DEFINE_FINAL_TYPE (TaKeeper, ta_keeper, G_TYPE_OBJECT)

typedef struct
{
  TaRecord *record; /* (owned) */
  gboolean may_prompt;
  gboolean is_mark; /* counts only if it is stored */
} Write;

static void write_next (TaKeeper *self);

static void
write_free (Write *write)
{
  ta_record_unref (write->record);
  g_free (write);
}

/* Makes a record count without storing it first. */
void
ta_keeper_set (TaKeeper *self, TaRecord *record)
{
  ta_record_ref (record);
  ta_record_unref (self->record);
  self->record = record;
  g_signal_emit_by_name (self, "changed");
}

static void on_retry (gpointer user_data);

static void
set_alarm (TaKeeper *self)
{
  g_clear_pointer (&self->retry, ta_alarm_free);
  self->retry
      = ta_alarm_new (self->is_hurried ? RETRY_HURRIED_MS : self->retry_delay, on_retry, self);
}

/* Rings again until it is stored: who is told may have no time for it now. */
static void
on_retry (gpointer user_data)
{
  TaKeeper *self = user_data;

  set_alarm (self);
  g_signal_emit_by_name (self, "due");
}

static void
set_unsaved (TaKeeper *self, gboolean unsaved)
{
  self->unsaved = unsaved;
  g_clear_pointer (&self->retry, ta_alarm_free);
  self->retry_delay = unsaved ? CLAMP (self->retry_delay * 2, RETRY_MIN_MS, RETRY_MAX_MS) : 0;
  if (unsaved)
    set_alarm (self);
  else
    g_clear_pointer (&self->spare_lock, ta_lock_free);
}

static void
save_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TaKeeper) self = user_data;
  g_autoptr (GTask) task = g_queue_pop_head (&self->writes);
  Write *write = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gboolean stored = ta_store_save_finish (TA_STORE (source), result, &error);

  if ((stored || !write->is_mark) && !ta_record_is_newer (self->record, write->record))
    {
      set_unsaved (self, !stored);
      ta_keeper_set (self, write->record);
    }
  write_next (self);
  if (stored)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
write_next (TaKeeper *self)
{
  GTask *task = g_queue_peek_head (&self->writes);
  Write *write = task == NULL ? NULL : g_task_get_task_data (task);
  g_autoptr (TaSecret) secret = NULL;

  if (write == NULL)
    return;
  secret = ta_record_text_print (write->record);
  ta_store_save_async (self->store, TA_STORE_ACCOUNT, self->item_id, secret, write->may_prompt,
                       NULL, save_cb, g_object_ref (self));
}

static void
queue_write (TaKeeper *self, const Write *wanted, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Write *write = g_memdup2 (wanted, sizeof *wanted);

  g_task_set_source_tag (task, ta_keeper_keep_async);
  ta_record_ref (write->record);
  g_task_set_task_data (task, write, (GDestroyNotify) write_free);
  g_queue_push_tail (&self->writes, task);
  if (self->writes.length == 1)
    write_next (self);
}

/* Stores a record and makes it count. If it cannot be stored it counts all the same, and the error
 * says why. `may_prompt`: the user may be asked to unlock or to create the keyring.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE. */
void
ta_keeper_keep_async (TaKeeper *self, TaRecord *record, gboolean may_prompt,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  const Write write = { .record = record, .may_prompt = may_prompt };

  queue_write (self, &write, callback, user_data);
}

/* Stores a record that says something new of the same token; if it cannot be stored nothing
 * changes. Ended by ta_keeper_keep_finish(), with its errors. */
void
ta_keeper_mark_async (TaKeeper *self, TaRecord *record, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  const Write write = { .record = record, .is_mark = TRUE };

  queue_write (self, &write, callback, user_data);
}

gboolean
ta_keeper_keep_finish (TaKeeper *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* What is not stored yet could not be tried: "due" comes again, later. */
void
ta_keeper_postpone (TaKeeper *self)
{
  if (self->unsaved)
    set_unsaved (self, TRUE);
}

/* There is little time left: what is not stored yet is tried at once, and often. */
void
ta_keeper_hurry (TaKeeper *self)
{
  self->is_hurried = TRUE;
  ta_keeper_postpone (self);
}

/* Takes a stored record, and its item, if it is newer: somebody else wrote it. If its own item fell
 * back to an older one, because a keyring lost what it said it kept, it is to be stored again. */
void
ta_keeper_offer (TaKeeper *self, const char *item_id, TaRecord *stored)
{
  TaRecord *latest = ta_keeper_get_latest (self);

  if (!g_str_equal (item_id, self->item_id) && !self->told_of_others)
    {
      self->told_of_others = TRUE;
      g_message ("An account has several items in the keyring: the newest record counts, and none "
                 "is deleted");
    }
  if (ta_record_is_newer (latest, stored) && g_str_equal (item_id, self->item_id)
      && !ta_keeper_is_writing (self))
    set_unsaved (self, TRUE);
  if (!ta_record_is_newer (stored, latest))
    return;
  g_free (self->item_id);
  self->item_id = g_strdup (item_id);
  set_unsaved (self, FALSE);
  ta_keeper_set (self, stored);
}

/* Takes what others did to the stored items (element-type TaStoreItem). Whether there was a newer
 * record, which counts now. `is_missing` (out): there is no item of the account. */
gboolean
ta_keeper_review (TaKeeper *self, GPtrArray *items, gboolean *is_missing)
{
  g_autoptr (TaRecord) before = ta_record_ref (self->record);

  *is_missing = TRUE;
  for (guint i = 0; i < items->len; i++)
    {
      TaStoreItem *item = items->pdata[i];
      g_autoptr (TaRecord) stored = ta_record_text_parse (ta_secret_peek (item->secret), NULL);

      if (stored != NULL && g_str_equal (stored->account, before->account))
        {
          *is_missing = FALSE;
          ta_keeper_offer (self, item->id, stored);
        }
      else if (g_str_equal (item->id, self->item_id))
        {
          g_message ("A stored account is damaged: it is left alone and kept anew");
          g_free (self->item_id);
          self->item_id = g_uuid_string_random ();
        }
    }
  return self->record != before;
}

/* Whether items of the account besides its own were ever seen. */
gboolean
ta_keeper_has_others (TaKeeper *self)
{
  return self->told_of_others;
}

/* Makes a record count that cannot be stored yet. */
void
ta_keeper_hold (TaKeeper *self, TaRecord *record)
{
  set_unsaved (self, TRUE);
  ta_keeper_set (self, record);
}

/* Owned by the keeper. */
const char *
ta_keeper_get_item_id (TaKeeper *self)
{
  return self->item_id;
}

/* Where the lock between sessions is left while the record is unsaved. */
TaLock **
ta_keeper_get_spare_lock (TaKeeper *self)
{
  return &self->spare_lock;
}

/* The record that counts. Owned by the keeper. */
TaRecord *
ta_keeper_get_record (TaKeeper *self)
{
  return self->record;
}

/* The record that will count once everything is written. Owned by the keeper. */
TaRecord *
ta_keeper_get_latest (TaKeeper *self)
{
  GTask *last = g_queue_peek_tail (&self->writes);
  Write *write = last == NULL ? NULL : g_task_get_task_data (last);

  return write == NULL ? self->record : write->record;
}

gboolean
ta_keeper_is_writing (TaKeeper *self)
{
  return self->writes.length > 0;
}

gboolean
ta_keeper_is_unsaved (TaKeeper *self)
{
  return self->unsaved;
}

static void
ta_keeper_init (TaKeeper *self)
{
  g_queue_init (&self->writes);
}

static void
ta_keeper_finalize (GObject *object)
{
  TaKeeper *self = TA_KEEPER (object);

  g_clear_pointer (&self->retry, ta_alarm_free);
  g_clear_pointer (&self->spare_lock, ta_lock_free);
  g_object_unref (self->store);
  g_free (self->item_id);
  ta_record_unref (self->record);
  G_OBJECT_CLASS (ta_keeper_parent_class)->finalize (object);
}

static void
ta_keeper_class_init (TaKeeperClass *klass)
{
  const char *const signals[] = {
    "changed",    /* another record counts, or it was stored, or could not be */
    "signed-out", /* another broker signed the account out */
    "lock-left",  /* ta_keeper_get_spare_lock() has one */
    "due",        /* it is time to try once more to store what is unsaved */
  };

  G_OBJECT_CLASS (klass)->finalize = ta_keeper_finalize;
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_signal_new (signals[i], TA_TYPE_KEEPER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                  0);
}

TaKeeper *
ta_keeper_new (TaStore *store, const char *item_id, TaRecord *record)
{
  TaKeeper *self = g_object_new (TA_TYPE_KEEPER, NULL);

  self->store = g_object_ref (store);
  self->item_id = g_strdup (item_id);
  self->record = ta_record_ref (record);
  return self;
}
