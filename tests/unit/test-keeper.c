/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "broker/ta-keeper.h"
#include "oauth/ta-record-text.h"

#include "unit.h"

/* There is no session bus here, and so no Secret Service: nothing can be stored. What others stored
 * is told to the keeper as the store would tell it. */

#define ACCOUNT "anna"
#define OWN "own-item"

typedef struct
{
  TaStore *store;   /* (owned) */
  TaRecord *record; /* (owned): the first one, of generation 1 */
  TaKeeper *keeper; /* (owned) */
  GPtrArray *items; /* (owned) (element-type TaStoreItem) */
  GString *ended;   /* (owned): ids of the writes that ended, in their order */
  GError *error;    /* (owned) (nullable): of the last one */
  guint changes;
  guint dues;
  gboolean is_missing; /* at the last review */
} Fixture;

static TaToken *
make_token (void)
{
  const char *const scopes[] = { NULL };

  return ta_token_new (TA_TOKEN_BEARER, "access", "refresh", scopes, (TaInstant){ .wall = 1000 },
                       4600);
}

static void
on_changed (TaKeeper *keeper, Fixture *fixture)
{
  fixture->changes++;
}

static void
on_due (TaKeeper *keeper, Fixture *fixture)
{
  fixture->dues++;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaToken) token = make_token ();

  fixture->store = ta_store_new ();
  fixture->record = ta_record_new (ACCOUNT, "tidio", token, 1000, NULL);
  fixture->keeper = ta_keeper_new (fixture->store, OWN, fixture->record);
  fixture->items = g_ptr_array_new_with_free_func ((GDestroyNotify) ta_store_item_free);
  fixture->ended = g_string_new (NULL);
  g_signal_connect (fixture->keeper, "changed", G_CALLBACK (on_changed), fixture);
  g_signal_connect (fixture->keeper, "due", G_CALLBACK (on_due), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->keeper);
  g_object_unref (fixture->store);
  ta_record_unref (fixture->record);
  g_ptr_array_unref (fixture->items);
  g_string_free (fixture->ended, TRUE);
  g_clear_error (&fixture->error);
}

static TaRecord *
get_record (Fixture *fixture)
{
  return ta_keeper_get_record (fixture->keeper);
}

/* The record of a refresh of it, which is not stored anywhere. */
static TaRecord *
refresh (const TaRecord *record)
{
  g_autoptr (TaToken) token = make_token ();

  return ta_record_refresh (record, token, 2000);
}

/* An item as it comes from the store. */
static void
put_text (Fixture *fixture, const char *id, const char *text)
{
  TaStoreItem *item = g_new0 (TaStoreItem, 1);

  item->id = g_strdup (id);
  item->secret = ta_secret_new (text);
  g_ptr_array_add (fixture->items, item);
}

static void
put (Fixture *fixture, const char *id, const char *account, gint64 signed_in_at, int generation)
{
  g_autoptr (TaToken) token = make_token ();
  g_autoptr (TaRecord) record = ta_record_new (account, "tidio", token, signed_in_at, NULL);
  g_autoptr (TaSecret) text = NULL;

  while (record->generation < generation)
    {
      g_autoptr (TaRecord) before = g_steal_pointer (&record);

      record = refresh (before);
    }
  text = ta_record_text_print (record);
  put_text (fixture, id, ta_secret_peek (text));
}

static gboolean
review (Fixture *fixture)
{
  return ta_keeper_review (fixture->keeper, fixture->items, &fixture->is_missing);
}

typedef struct
{
  const char *id;
  const char *items; /* what is stored, each "ID ACCOUNT SIGNED-IN-AT GENERATION" or "ID TEXT" */
  gint64 signed_in_at;
  gint64 generation; /* of the record that counts then; 1: that from memory */
  gboolean is_missing;
  gboolean is_unsaved; /* a keyring lost what it had kept: it is to be stored again */
} Stored;

static const Stored stored[] = {
  { "same", OWN " anna 1000 1", 1000, 1, FALSE },
  { "newer", OWN " anna 1000 2", 1000, 2, FALSE },
  { "much-newer", OWN " anna 1000 9", 1000, 9, FALSE },
  { "newer-sign-in", OWN " anna 1001 1", 1001, 1, FALSE },
  { "older", OWN " anna 999 9", 1000, 1, FALSE, TRUE },
  /* ST-07 */
  { "deleted", "", 1000, 1, TRUE },
  { "deleted-and-others", "x ben 2000 9\ny clara 2000 9", 1000, 1, TRUE },
  { "in-another-item", "x anna 1000 2", 1000, 2, FALSE },
  /* ST-06: the newest counts, wherever it stands. */
  { "two-newest-first", "x anna 1000 3\n" OWN " anna 1000 2", 1000, 3, FALSE },
  { "two-newest-last", OWN " anna 1000 2\nx anna 1000 3", 1000, 3, FALSE },
  { "two-none-newer", OWN " anna 1000 1\nx anna 1000 1", 1000, 1, FALSE },
  { "three", "x anna 1000 2\ny anna 1001 1\nz anna 1000 9", 1001, 1, FALSE },
  { "among-others", "x ben 2000 9\n" OWN " anna 1000 2\ny clara 2000 9", 1000, 2, FALSE },
  { "before-others", OWN " anna 1000 2\nx ben 2000 9\ny clara 2000 9\nz ben 2000 9", 1000, 2,
    FALSE },
  /* ST-05 */
  { "damaged-empty", OWN " ", 1000, 1, TRUE },
  { "damaged-json", OWN " {", 1000, 1, TRUE },
  { "damaged-version", OWN " {\"version\":2}", 1000, 1, TRUE },
  { "damaged-not-utf-8", OWN " \xff", 1000, 1, TRUE },
  { "damaged-and-another", OWN " {\nx anna 1000 2", 1000, 2, FALSE },
  { "another-and-damaged", "x anna 1000 2\n" OWN " {", 1000, 2, FALSE },
  { "others-damaged", OWN " anna 1000 2\nx {\ny [", 1000, 2, FALSE },
  /* Somebody wrote another account over it. */
  { "overwritten", OWN " ben 2000 9", 1000, 1, TRUE },
};

static void
put_all (Fixture *fixture, const char *items)
{
  g_auto (GStrv) lines = g_strsplit (items, "\n", -1);

  for (int i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);

      if (g_strv_length (words) == 4)
        put (fixture, words[0], words[1], g_ascii_strtoll (words[2], NULL, 10),
             (int) g_ascii_strtoll (words[3], NULL, 10));
      else if (words[0] != NULL)
        put_text (fixture, words[0], words[1]);
    }
}

static void
check_stored (Fixture *fixture, gconstpointer data)
{
  const Stored *row = data;
  gboolean is_newer = row->signed_in_at > 1000 || row->generation > 1;

  put_all (fixture, row->items);
  g_clear_pointer (&fixture->record, ta_record_unref);
  fixture->record = ta_record_ref (get_record (fixture));
  g_assert_cmpint (review (fixture), ==, is_newer);
  g_assert_cmpint (get_record (fixture) != fixture->record, ==, is_newer);
  g_assert_cmpstr (get_record (fixture)->account, ==, ACCOUNT);
  g_assert_cmpint (get_record (fixture)->signed_in_at, ==, row->signed_in_at);
  g_assert_cmpint (get_record (fixture)->generation, ==, row->generation);
  g_assert_cmpint (fixture->is_missing, ==, row->is_missing);
  g_assert_cmpint (fixture->changes > 0, ==, is_newer);
  g_assert_cmpint (ta_keeper_is_unsaved (fixture->keeper), ==, row->is_unsaved);
  g_assert_false (review (fixture));
  g_assert_cmpint (fixture->is_missing, ==, row->is_missing);
}

/* The keeper is the only one that still has the record in memory, and gives it up on the way. */
static void
check_last_owner (Fixture *fixture, gconstpointer data)
{
  put_all (fixture, "x anna 1000 2\n" OWN " anna 1000 3\ny ben 2000 1\nz anna 1000 4");
  g_clear_pointer (&fixture->record, ta_record_unref);
  g_assert_true (review (fixture));
  g_assert_cmpint (get_record (fixture)->generation, ==, 4);
  fixture->record = ta_record_ref (get_record (fixture));
}

static void
note_end (Fixture *fixture, GAsyncResult *result, char name)
{
  g_clear_error (&fixture->error);
  ta_keeper_keep_finish (fixture->keeper, result, &fixture->error);
  g_string_append_c (fixture->ended, name);
}

static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  note_end (user_data, result, 'k');
}

static void
marked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  note_end (user_data, result, 'm');
}

static void
await_ends (Fixture *fixture, const char *ended)
{
  while (fixture->ended->len < strlen (ended))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fixture->ended->str, ==, ended);
}

/* What cannot be stored counts all the same: the provider may have replaced the old tokens. */
static void
check_unsaved (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) next = refresh (fixture->record);

  ta_keeper_keep_async (fixture->keeper, next, FALSE, kept_cb, fixture);
  g_assert_true (get_record (fixture) == fixture->record);
  g_assert_true (ta_keeper_get_latest (fixture->keeper) == next);
  g_assert_true (ta_keeper_is_writing (fixture->keeper));
  await_ends (fixture, "k");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE);
  g_assert_true (get_record (fixture) == next);
  g_assert_true (ta_keeper_is_unsaved (fixture->keeper));
  g_assert_false (ta_keeper_is_writing (fixture->keeper));
  g_assert_cmpuint (fixture->changes, ==, 1);
}

/* It is time to try again, and again when that could not be tried. */
static void
check_due (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) next = refresh (fixture->record);

  ta_keeper_keep_async (fixture->keeper, next, FALSE, kept_cb, fixture);
  await_ends (fixture, "k");
  g_assert_cmpuint (fixture->dues, ==, 0);
  while (fixture->dues == 0)
    g_main_context_iteration (NULL, TRUE);
  ta_keeper_postpone (fixture->keeper);
  while (fixture->dues == 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (ta_keeper_is_unsaved (fixture->keeper));
}

/* Whoever is told may have no time for it. */
static void
check_due_again (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) next = refresh (fixture->record);

  ta_keeper_keep_async (fixture->keeper, next, FALSE, kept_cb, fixture);
  await_ends (fixture, "k");
  while (fixture->dues < 3)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (ta_keeper_is_unsaved (fixture->keeper));
}

static void
check_postpone_what_is_saved (Fixture *fixture, gconstpointer data)
{
  ta_keeper_postpone (fixture->keeper);
  g_assert_false (ta_keeper_is_unsaved (fixture->keeper));
  g_assert_cmpuint (fixture->changes, ==, 0);
}

/* A mark that cannot be stored is none. */
static void
check_mark (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) marked = ta_record_intend (fixture->record, 1500);

  ta_keeper_mark_async (fixture->keeper, marked, marked_cb, fixture);
  g_assert_true (ta_keeper_get_latest (fixture->keeper) == marked);
  await_ends (fixture, "m");
  unit_assert_error (fixture->error, TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE);
  g_assert_true (get_record (fixture) == fixture->record);
  g_assert_true (ta_keeper_get_latest (fixture->keeper) == fixture->record);
  g_assert_false (ta_keeper_is_unsaved (fixture->keeper));
  g_assert_cmpuint (fixture->changes, ==, 0);
}

/* Writes go out one by one, and the last one asked for is the one that counts. */
static void
check_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) second = refresh (fixture->record);
  g_autoptr (TaRecord) marked = ta_record_intend (second, 1500);
  g_autoptr (TaRecord) third = refresh (second);

  ta_keeper_keep_async (fixture->keeper, second, FALSE, kept_cb, fixture);
  ta_keeper_mark_async (fixture->keeper, marked, marked_cb, fixture);
  ta_keeper_keep_async (fixture->keeper, third, FALSE, kept_cb, fixture);
  g_assert_true (ta_keeper_get_latest (fixture->keeper) == third);
  await_ends (fixture, "k");
  g_assert_true (get_record (fixture) == second);
  g_assert_true (ta_keeper_get_latest (fixture->keeper) == third);
  await_ends (fixture, "kmk");
  g_assert_true (get_record (fixture) == third);
  g_assert_false (ta_keeper_is_writing (fixture->keeper));
}

/* What is on its way to the store is newer than what is read from it meanwhile. */
static void
check_review_while_writing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) second = refresh (fixture->record);
  g_autoptr (TaRecord) third = refresh (second);

  ta_keeper_keep_async (fixture->keeper, third, FALSE, kept_cb, fixture);
  put (fixture, OWN, ACCOUNT, 1000, 2);
  g_assert_false (review (fixture));
  g_assert_true (get_record (fixture) == fixture->record);
  await_ends (fixture, "k");
  g_assert_true (get_record (fixture) == third);
}

/* Somebody else stored something newer: what was unsaved is no loss. */
static void
check_newer_than_unsaved (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) next = refresh (fixture->record);

  ta_keeper_keep_async (fixture->keeper, next, FALSE, kept_cb, fixture);
  await_ends (fixture, "k");
  put (fixture, "x", ACCOUNT, 1000, 2);
  g_assert_false (review (fixture));
  g_assert_true (ta_keeper_is_unsaved (fixture->keeper));
  put (fixture, "y", ACCOUNT, 1000, 3);
  g_assert_true (review (fixture));
  g_assert_false (ta_keeper_is_unsaved (fixture->keeper));
}

/* Without storing it. */
static void
check_set (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaRecord) refused = ta_record_refuse (fixture->record);

  ta_keeper_set (fixture->keeper, refused);
  g_assert_true (get_record (fixture) == refused);
  g_assert_false (ta_keeper_is_unsaved (fixture->keeper));
  g_assert_false (ta_keeper_is_writing (fixture->keeper));
  g_assert_cmpuint (fixture->changes, ==, 1);
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

int
main (int argc, char **argv)
{
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "disabled:", TRUE);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (stored); i++)
    {
      g_autofree char *path = g_strconcat ("/keeper/UN-KP-01-stored/", stored[i].id, NULL);

      add (path, &stored[i], check_stored);
    }
  add ("/keeper/UN-KP-02-last-owner", NULL, check_last_owner);
  add ("/keeper/UN-KP-03-unsaved", NULL, check_unsaved);
  add ("/keeper/UN-KP-04-due", NULL, check_due);
  add ("/keeper/UN-KP-11-due-again", NULL, check_due_again);
  add ("/keeper/UN-KP-05-postpone-what-is-saved", NULL, check_postpone_what_is_saved);
  add ("/keeper/UN-KP-06-mark", NULL, check_mark);
  add ("/keeper/UN-KP-07-order", NULL, check_order);
  add ("/keeper/UN-KP-08-review-while-writing", NULL, check_review_while_writing);
  add ("/keeper/UN-KP-09-newer-than-unsaved", NULL, check_newer_than_unsaved);
  add ("/keeper/UN-KP-10-set", NULL, check_set);
  return g_test_run ();
}
