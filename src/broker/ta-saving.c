/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-saving.h"

#include "base/ta-error.h"

/* Storing what did not come from a refresh, in the order the functions stand below: claim the item
 * -> if the keyring is locked and the user may be asked: unlock it and claim once more -> store. It
 * is never stored without the claim: a refresh of another broker would not see it, and store over
 * it. */

typedef struct
{
  TaParts *parts;   /* (owned) */
  TaRecord *record; /* (owned) (nullable): of a new sign-in; NULL: what is unsaved */
  TaClaim *claim;   /* (owned) (nullable) */
  gboolean is_unlocked;
} Saving;

static void claim (GTask *task);

static void
saving_free (Saving *saving)
{
  ta_parts_unref (saving->parts);
  g_clear_pointer (&saving->record, ta_record_unref);
  g_clear_pointer (&saving->claim, ta_claim_free);
  g_free (saving);
}

/* Takes the task and the error. What was to be stored counts, and is tried again later. */
static void
fail (GTask *task, GError *error)
{
  TaKeeper *keeper = g_task_get_source_object (task);
  Saving *saving = g_task_get_task_data (task);

  if (saving->record != NULL)
    {
      g_autoptr (TaRecord) record
          = ta_record_follow (saving->record, ta_keeper_get_latest (keeper));

      ta_keeper_hold (keeper, record);
    }
  else
    ta_keeper_postpone (keeper);
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
keep_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Saving *saving = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&saving->claim, ta_claim_free);
  if (ta_keeper_keep_finish (TA_KEEPER (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes the task. */
static void
keep (GTask *task)
{
  TaKeeper *keeper = g_task_get_source_object (task);
  Saving *saving = g_task_get_task_data (task);
  TaRecord *latest = ta_keeper_get_latest (keeper);
  g_autoptr (TaRecord) record
      = saving->record == NULL ? ta_record_ref (latest) : ta_record_follow (saving->record, latest);

  if (saving->record != NULL || ta_keeper_is_unsaved (keeper))
    {
      ta_keeper_keep_async (keeper, record, saving->record != NULL, keep_cb, task);
      return;
    }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
unlock_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autoptr (GPtrArray) items = ta_store_load_finish (TA_STORE (source), result, NULL, &error);

  if (items == NULL)
    fail (task, error);
  else
    claim (task);
}

static void
claim_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Saving *saving = g_task_get_task_data (task);
  GError *error = NULL;

  saving->claim = ta_claim_finish (TA_KEEPER (source), result, &error);
  if (saving->claim != NULL)
    keep (task);
  else if (saving->record != NULL && !saving->is_unlocked
           && g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED))
    {
      g_error_free (error);
      saving->is_unlocked = TRUE;
      ta_store_load_async (saving->parts->store, TA_STORE_ACCOUNT, TA_LOAD_PROMPT_DEFAULT, NULL,
                           unlock_cb, task);
    }
  else
    fail (task, error);
}

/* Takes the task. */
static void
claim (GTask *task)
{
  Saving *saving = g_task_get_task_data (task);

  ta_claim_async (saving->parts, g_task_get_source_object (task),
                  saving->record != NULL ? TA_CLAIM_SIGN_IN : TA_CLAIM_SAVE, claim_cb, task);
}

/* Stores `record`, of a new sign-in, which counts from then on in any case; NULL: what is not
 * stored yet, if it still is the newest. With a new record the user may be asked to unlock or to
 * create the keyring. Errors: those of ta_claim_async() and ta_keeper_keep_async(). */
void
ta_saving_async (TaParts *parts, TaKeeper *keeper, TaRecord *record, GAsyncReadyCallback callback,
                 gpointer user_data)
{
  GTask *task = g_task_new (keeper, NULL, callback, user_data);
  Saving *saving = g_new0 (Saving, 1);

  g_task_set_source_tag (task, ta_saving_async);
  saving->parts = ta_parts_ref (parts);
  saving->record = record == NULL ? NULL : ta_record_ref (record);
  g_task_set_task_data (task, saving, (GDestroyNotify) saving_free);
  claim (task);
}

gboolean
ta_saving_finish (TaKeeper *keeper, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keeper), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
