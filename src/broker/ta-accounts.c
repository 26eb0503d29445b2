/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-accounts.h"

#include "base/ta-error.h"
#include "broker/ta-missing.h"
#include "io/ta-quorum.h"
#include "io/ta-settings.h"
#include "oauth/ta-record-text.h"

/* Who is signed in. The accounts come from the store; while it cannot be read nothing is known
 * about them, which is not the same as that there are none. */

/* One reading of the store serves all who wait for it; the user is asked as long as one does. */
typedef struct
{
  TaAccounts *accounts; /* (owned) (nullable): while it runs */
  GPtrArray *waiting;   /* (owned) (nullable) (element-type GTask): NULL while none runs */
  TaQuorum *quorum;     /* (owned) (nullable): these */
  gboolean is_stale;    /* something changed since it began */
  TaLoadPrompt prompt;
} Load;

struct _TaAccounts
{
  GObject parent_instance;

  TaParts *parts;        /* (owned) */
  GHashTable *by_id;     /* (owned): id to TaAccount */
  char *default_account; /* (owned): empty: none set */
  Load loads[2];         /* without and with a prompt */
  guint n_stored;        /* as it was last read */
  gboolean was_read;     /* in this run */
  gboolean is_partial;   /* some may not have been found, because they are locked */
  GError *load_error;    /* (owned) (nullable): why not */
  guint corrupt;         /* stored accounts that could not be read */
};

G_DEFINE_FINAL_TYPE (TaAccounts, ta_accounts, G_TYPE_OBJECT)

static void
on_signed_out (TaAccount *account, TaAccounts *self)
{
  ta_accounts_remove (self, account);
}

/* Adds an account that was signed in; nothing if it is there. */
void
ta_accounts_add (TaAccounts *self, TaAccount *account)
{
  const char *id = ta_account_get_id (account);

  if (g_hash_table_lookup (self->by_id, id) == account)
    return;
  g_hash_table_insert (self->by_id, g_strdup (id), g_object_ref (account));
  g_signal_connect_object (account, "signed-out", G_CALLBACK (on_signed_out), self, 0);
  g_signal_emit_by_name (self, "added", account);
}

/* Two items of one account: the newest record counts. */
static void
take_item (TaAccounts *self, const TaStoreItem *item)
{
  g_autoptr (TaRecord) record = ta_record_text_parse (ta_secret_peek (item->secret), NULL);
  TaAccount *known = record == NULL ? NULL : g_hash_table_lookup (self->by_id, record->account);

  if (record == NULL)
    self->corrupt++;
  else if (known != NULL)
    ta_account_offer (known, item->id, record);
  else
    {
      g_autoptr (TaAccount) account = ta_account_new (self->parts, item->id, record);

      ta_accounts_add (self, account);
    }
}

/* (nullable): the account of an id; empty: the default one. Owned by this object. */
static TaAccount *
look_up (TaAccounts *self, const char *id)
{
  const char *wanted = *id == '\0' ? self->default_account : id;
  gboolean is_only = *wanted == '\0' && g_hash_table_size (self->by_id) == 1;
  g_autoptr (GList) all = is_only ? ta_accounts_list (self) : NULL;

  return is_only ? all->data : g_hash_table_lookup (self->by_id, wanted);
}

/* `items` (nullable): NULL: nothing can be read. */
static void
mark_locked (TaAccounts *self, GPtrArray *items)
{
  g_autoptr (GList) all = ta_accounts_list (self);

  for (GList *link = all; link != NULL; link = link->next)
    ta_account_review (link->data, items, self->is_partial);
}

static void
take_items (TaAccounts *self, GPtrArray *items, gboolean is_partial)
{
  self->n_stored = items->len;
  self->was_read = TRUE;
  self->is_partial = is_partial;
  self->corrupt = 0;
  for (guint i = 0; i < items->len; i++)
    take_item (self, items->pdata[i]);
  mark_locked (self, items);
}

/* Whether an account that is not known may be there all the same; `id` (nullable): of none. */
static gboolean
is_hidden (TaAccounts *self, const char *id)
{
  return self->is_partial && id != NULL && look_up (self, id) == NULL;
}

static void wait_for_load (TaAccounts *self, TaLoadPrompt prompt, GTask *task);
static void start_load (TaAccounts *self, TaLoadPrompt prompt);

static void
load_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Load *load = user_data;
  g_autoptr (TaAccounts) self = g_steal_pointer (&load->accounts);
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&load->waiting);
  TaLoadPrompt prompt = load->prompt;
  g_autoptr (GError) error = NULL;
  gboolean is_partial;
  g_autoptr (GPtrArray) items
      = ta_store_load_finish (self->parts->store, result, &is_partial, &error);
  gboolean is_given_up = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_clear_pointer (&load->quorum, ta_quorum_free);
  if (items != NULL)
    take_items (self, items, is_partial);
  else if (g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED))
    mark_locked (self, NULL);
  g_clear_error (&self->load_error);
  self->load_error = error == NULL || is_given_up ? NULL : g_error_copy (error);
  for (guint i = 0; i < waiting->len; i++)
    if (is_given_up && !g_cancellable_is_cancelled (g_task_get_cancellable (waiting->pdata[i])))
      wait_for_load (self, prompt, g_object_ref (waiting->pdata[i]));
    else if (prompt == TA_LOAD_PROMPT_DEFAULT && error == NULL
             && is_hidden (self, g_task_get_task_data (waiting->pdata[i])))
      wait_for_load (self, TA_LOAD_PROMPT_ALL, g_object_ref (waiting->pdata[i]));
    else if (error == NULL || self->was_read)
      g_task_return_boolean (waiting->pdata[i], TRUE);
    else
      g_task_return_error (waiting->pdata[i], g_error_copy (error));
  if (load->is_stale && load->waiting == NULL)
    start_load (self, TA_LOAD_PROMPT_NEVER);
}

static void
start_load (TaAccounts *self, TaLoadPrompt prompt)
{
  Load *load = &self->loads[prompt != TA_LOAD_PROMPT_NEVER];

  load->accounts = g_object_ref (self);
  load->quorum = ta_quorum_new ();
  if (prompt == TA_LOAD_PROMPT_NEVER)
    ta_quorum_add (load->quorum, NULL);
  load->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  load->is_stale = FALSE;
  load->prompt = prompt;
  ta_store_load_async (self->parts->store, TA_STORE_ACCOUNT, prompt,
                       ta_quorum_get_cancellable (load->quorum), load_cb, load);
}

/* Takes the task. */
static void
wait_for_load (TaAccounts *self, TaLoadPrompt prompt, GTask *task)
{
  Load *load = &self->loads[prompt != TA_LOAD_PROMPT_NEVER];

  if (load->waiting == NULL)
    start_load (self, prompt);
  ta_quorum_add (load->quorum, g_task_get_cancellable (task));
  g_ptr_array_add (load->waiting, task);
}

/* Makes sure that account `id` (empty: the default one; NULL: any) is known if it is stored.
 * `may_prompt`: the user may be asked to unlock a keyring; if `id` is not found, all of them.
 * Errors: TA_ERROR_STORAGE_LOCKED, TA_ERROR_STORAGE_UNAVAILABLE, G_IO_ERROR_CANCELLED. */
void
ta_accounts_load_async (TaAccounts *self, const char *id, gboolean may_prompt,
                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, ta_accounts_load_async);
  g_task_set_task_data (task, g_strdup (id), g_free);
  if (self->n_stored > 0 && id != NULL && look_up (self, id) != NULL)
    g_task_return_boolean (task, TRUE);
  else
    wait_for_load (self, may_prompt ? TA_LOAD_PROMPT_DEFAULT : TA_LOAD_PROMPT_NEVER,
                   g_steal_pointer (&task));
}

gboolean
ta_accounts_load_finish (TaAccounts *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_store_changed (TaStore *store, TaAccounts *self)
{
  if (self->loads[FALSE].waiting == NULL)
    start_load (self, TA_LOAD_PROMPT_NEVER);
  else
    self->loads[FALSE].is_stale = TRUE;
}

static GError *
create_missing_error (TaAccounts *self, const char *id)
{
  g_autoptr (GList) ids
      = g_list_sort (g_hash_table_get_keys (self->by_id), (GCompareFunc) g_strcmp0);
  gboolean is_named = *id != '\0' || *self->default_account != '\0' || ids == NULL;

  if (is_named && self->load_error != NULL)
    return g_error_copy (self->load_error);
  if (is_named && is_hidden (self, id))
    return ta_missing_create_locked_error ();
  return ta_missing_create_error (id, ids, self->corrupt > 0);
}

/* The account of an id; empty: the default account. Owned by this object.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT, which names the choices; TA_ERROR_STORAGE_CORRUPT, _LOCKED. */
TaAccount *
ta_accounts_find (TaAccounts *self, const char *id, GError **error)
{
  TaAccount *account = look_up (self, id);

  if (account == NULL)
    g_propagate_error (error, create_missing_error (self, id));
  return account;
}

const char *
ta_accounts_get_default (TaAccounts *self)
{
  return self->default_account;
}

/* Empty: none. Kept across restarts.
 * Errors: TA_ERROR_NO_SUCH_ACCOUNT, TA_ERROR_STORAGE_CORRUPT, TA_ERROR_FAILED. */
gboolean
ta_accounts_set_default (TaAccounts *self, const char *id, GError **error)
{
  if ((*id != '\0' && ta_accounts_find (self, id, error) == NULL)
      || !ta_settings_save_default_account (id, error))
    return FALSE;
  g_free (self->default_account);
  self->default_account = g_strdup (id);
  g_signal_emit_by_name (self, "default-changed");
  return TRUE;
}

void
ta_accounts_remove (TaAccounts *self, TaAccount *account)
{
  g_autofree char *id = g_strdup (ta_account_get_id (account));

  if (g_hash_table_lookup (self->by_id, id) != account)
    return;
  g_signal_emit_by_name (self, "removed", account);
  g_hash_table_remove (self->by_id, id);
  if (g_str_equal (self->default_account, id))
    ta_accounts_set_default (self, "", NULL);
}

/* (nullable): the account of an id; empty: the default one, unless a look into the store could name
 * another. Owned by this object. */
TaAccount *
ta_accounts_peek (TaAccounts *self, const char *id)
{
  return *id != '\0' || (self->n_stored > 0 && !self->is_partial) ? look_up (self, id) : NULL;
}

/* Whether all stored accounts are known. */
gboolean
ta_accounts_were_read (TaAccounts *self)
{
  return self->was_read && !self->is_partial;
}

/* (transfer container) */
GList *
ta_accounts_list (TaAccounts *self)
{
  return g_hash_table_get_values (self->by_id);
}

TaParts *
ta_accounts_get_parts (TaAccounts *self)
{
  return self->parts;
}

static void
ta_accounts_init (TaAccounts *self)
{
  self->by_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->default_account = ta_settings_load_default_account ();
}

static void
ta_accounts_finalize (GObject *object)
{
  TaAccounts *self = TA_ACCOUNTS (object);

  g_signal_handlers_disconnect_by_data (self->parts->store, self);
  g_hash_table_unref (self->by_id);
  ta_parts_unref (self->parts);
  g_clear_error (&self->load_error);
  g_free (self->default_account);
  G_OBJECT_CLASS (ta_accounts_parent_class)->finalize (object);
}

static void
ta_accounts_class_init (TaAccountsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_accounts_finalize;

  g_signal_new ("added", TA_TYPE_ACCOUNTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                TA_TYPE_ACCOUNT);
  g_signal_new ("removed", TA_TYPE_ACCOUNTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                TA_TYPE_ACCOUNT);
  /* Who may not disturb the user could not have a token of this one, and only a sign-in helps. */
  g_signal_new ("sign-in-needed", TA_TYPE_ACCOUNTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, TA_TYPE_ACCOUNT);
  g_signal_new ("default-changed", TA_TYPE_ACCOUNTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
}

TaAccounts *
ta_accounts_new (TaParts *parts)
{
  TaAccounts *self = g_object_new (TA_TYPE_ACCOUNTS, NULL);

  self->parts = ta_parts_ref (parts);
  g_signal_connect (parts->store, "changed", G_CALLBACK (on_store_changed), self);
  return self;
}
