/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-saving.h"

/* Storing what did not come from a refresh, with the item claimed: the record of a new sign-in, or
 * one that could not be stored before. */

typedef struct
{
  TaRecord *record; /* (owned) (nullable) */
  TaClaim *claim;   /* (owned) (nullable) */
} Saving;

static void
saving_free (Saving *saving)
{
  g_clear_pointer (&saving->record, ta_record_unref);
  g_clear_pointer (&saving->claim, ta_claim_free);
  g_free (saving);
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
keep (GTask *task, gboolean may_prompt)
{
  TaKeeper *keeper = g_task_get_source_object (task);
  Saving *saving = g_task_get_task_data (task);
  TaRecord *record = saving->record != NULL ? saving->record : ta_keeper_get_latest (keeper);

  ta_keeper_keep_async (keeper, record, may_prompt && saving->record != NULL, keep_cb, task);
}

/* A new record is kept though the item is not ours alone: it is the newest there can be. */
static void
claim_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TaKeeper *keeper = TA_KEEPER (source);
  Saving *saving = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  saving->claim = ta_claim_finish (keeper, result, &error);
  if (saving->record != NULL || (error == NULL && ta_keeper_is_unsaved (keeper)))
    keep (g_steal_pointer (&task), error == NULL);
  else if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    {
      ta_keeper_postpone (keeper);
      g_task_return_error (task, g_steal_pointer (&error));
    }
}

/* Stores `record`, which counts from then on in any case; NULL: what is not stored yet, if it still
 * is the newest. With a new record the user may be asked to unlock or to create the keyring.
 * `is_claimed`: this process has the item claimed already.
 * Errors: those of ta_claim_async() and ta_keeper_keep_async(). */
void
ta_saving_async (TaParts *parts, TaKeeper *keeper, TaRecord *record, gboolean is_claimed,
                 GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (keeper, NULL, callback, user_data);
  Saving *saving = g_new0 (Saving, 1);

  g_task_set_source_tag (task, ta_saving_async);
  saving->record = record == NULL ? NULL : ta_record_ref (record);
  g_task_set_task_data (task, saving, (GDestroyNotify) saving_free);
  if (is_claimed)
    keep (task, TRUE);
  else
    ta_claim_async (parts, keeper, record != NULL, claim_cb, task);
}

gboolean
ta_saving_finish (TaKeeper *keeper, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, keeper), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
