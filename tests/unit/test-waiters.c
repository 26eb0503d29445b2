/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "broker/ta-waiters.h"

#include "unit.h"

#define ISSUED 1000
#define MAX_CALLERS 300

typedef struct
{
  TaWaiters *waiters; /* (owned) */
  TaToken *token;     /* (owned): valid until ISSUED + 3600 */
  GPtrArray *callers; /* (owned) (element-type Caller) */
} Fixture;

typedef struct
{
  Fixture *fixture;      /* (unowned) */
  TaTokenAnswer *answer; /* (owned) (nullable) */
  GError *error;         /* (owned) (nullable) */
  guint answers;
  gboolean comes_again; /* as soon as it is answered */
} Caller;

static const TaInstant in_time = { .wall = ISSUED + 3590, .boot = 1 };
static const TaInstant too_late = { .wall = ISSUED + 3600, .boot = 1 };

static void
caller_free (Caller *caller)
{
  g_clear_pointer (&caller->answer, ta_token_answer_free);
  g_clear_error (&caller->error);
  g_free (caller);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const char *const scopes[] = { NULL };

  fixture->waiters = ta_waiters_new ();
  fixture->token = ta_token_new (TA_TOKEN_BEARER, "access", "refresh", scopes,
                                 (TaInstant){ .wall = ISSUED }, ISSUED + 3600);
  fixture->callers = g_ptr_array_new_with_free_func ((GDestroyNotify) caller_free);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ta_waiters_free (fixture->waiters);
  ta_token_unref (fixture->token);
  g_ptr_array_unref (fixture->callers);
}

static Caller *call (Fixture *fixture, const TaTokenWish *wish);

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Caller *caller = user_data;

  g_clear_pointer (&caller->answer, ta_token_answer_free);
  g_clear_error (&caller->error);
  caller->answer = g_task_propagate_pointer (G_TASK (result), &caller->error);
  caller->answers++;
  if (caller->comes_again)
    call (caller->fixture, &(TaTokenWish){ 0 });
}

/* Owned by the fixture. */
static Caller *
call (Fixture *fixture, const TaTokenWish *wish)
{
  Caller *caller = g_new0 (Caller, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, answered_cb, caller);

  caller->fixture = fixture;
  g_ptr_array_add (fixture->callers, caller);
  ta_waiters_add (fixture->waiters, task, wish);
  return caller;
}

/* Answers and lets the answers arrive. `code` -1: the refresh succeeded. */
static gboolean
answer (Fixture *fixture, TaInstant now, int code, gboolean keep_interactive)
{
  g_autoptr (GError) error = code < 0 ? NULL : g_error_new_literal (TA_ERROR, code, "It failed");
  gboolean anybody
      = ta_waiters_answer (fixture->waiters, fixture->token, now, error, keep_interactive);

  while (g_main_context_iteration (NULL, FALSE))
    ;
  return anybody;
}

static void
check_nobody (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, 0);
  g_assert_false (answer (fixture, in_time, -1, FALSE));
  g_assert_false (answer (fixture, in_time, TA_ERROR_STORAGE_LOCKED, TRUE));
}

typedef struct
{
  const char *id;
  int code; /* -1: the refresh succeeded */
  gboolean is_late;
  const char *rejected; /* (nullable) */
  gboolean is_served;
} Outcome;

static const Outcome outcomes[] = {
  { "success", -1, FALSE, NULL, TRUE },
  /* A new token of which the caller knows better, or that is over already: it is what there is. */
  { "success-rejected", -1, FALSE, "access", TRUE },
  { "success-over", -1, TRUE, NULL, TRUE },

  /* Not now is not never. */
  { "network", TA_ERROR_NETWORK, FALSE, NULL, TRUE },
  { "timeout", TA_ERROR_TIMEOUT, FALSE, NULL, TRUE },
  { "tls", TA_ERROR_TLS, FALSE, NULL, TRUE },
  { "server-error", TA_ERROR_SERVER_ERROR, FALSE, NULL, TRUE },
  { "rate-limited", TA_ERROR_RATE_LIMITED, FALSE, NULL, TRUE },
  { "invalid-response", TA_ERROR_INVALID_RESPONSE, FALSE, NULL, TRUE },
  { "busy", TA_ERROR_BUSY, FALSE, NULL, TRUE },
  { "storage-locked", TA_ERROR_STORAGE_LOCKED, FALSE, NULL, TRUE },
  { "storage-unavailable", TA_ERROR_STORAGE_UNAVAILABLE, FALSE, NULL, TRUE },
  { "client-rejected", TA_ERROR_CLIENT_REJECTED, FALSE, NULL, TRUE },
  { "not-configured", TA_ERROR_NOT_CONFIGURED, FALSE, NULL, TRUE },
  { "other-rejected", TA_ERROR_NETWORK, FALSE, "another", TRUE },

  { "network-over", TA_ERROR_NETWORK, TRUE, NULL, FALSE },
  { "network-rejected", TA_ERROR_NETWORK, FALSE, "access", FALSE },
  { "storage-locked-over", TA_ERROR_STORAGE_LOCKED, TRUE, NULL, FALSE },
  { "sign-in-required", TA_ERROR_SIGN_IN_REQUIRED, FALSE, NULL, FALSE },
  { "signed-out", TA_ERROR_NO_SUCH_ACCOUNT, FALSE, NULL, FALSE },
  { "sign-in-required-over", TA_ERROR_SIGN_IN_REQUIRED, TRUE, NULL, FALSE },
};

static void
check_outcome (Fixture *fixture, gconstpointer data)
{
  const Outcome *row = data;
  const TaTokenWish wish = { .rejected = (char *) row->rejected };
  Caller *caller = call (fixture, &wish);

  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, 1);
  g_assert_false (answer (fixture, row->is_late ? too_late : in_time, row->code, FALSE));
  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, 0);
  g_assert_cmpuint (caller->answers, ==, 1);
  if (!row->is_served)
    {
      g_assert_error (caller->error, TA_ERROR, row->code);
      return;
    }
  g_assert_no_error (caller->error);
  g_assert_true (caller->answer->token == fixture->token);
  g_assert_cmpint (caller->answer->degraded, ==, row->code >= 0);
}

/* Each by its own wish, and everybody once. */
static void
check_crowd (Fixture *fixture, gconstpointer data)
{
  const TaTokenWish patient = { 0 };
  const TaTokenWish rejecting = { .rejected = (char *) "access" };

  for (guint i = 0; i < MAX_CALLERS; i++)
    call (fixture, i % 3 == 0 ? &rejecting : &patient);
  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, MAX_CALLERS);
  g_assert_false (answer (fixture, in_time, TA_ERROR_NETWORK, FALSE));
  g_assert_false (answer (fixture, in_time, -1, FALSE));
  for (guint i = 0; i < MAX_CALLERS; i++)
    {
      Caller *caller = fixture->callers->pdata[i];

      g_assert_cmpuint (caller->answers, ==, 1);
      g_assert_cmpint (caller->answer != NULL, ==, i % 3 != 0);
    }
}

/* Those that may be asked to unlock the keyring wait for the next try; in the next they are
 * answered like all others. */
static void
check_interactive (Fixture *fixture, gconstpointer data)
{
  Caller *other = call (fixture, &(TaTokenWish){ 0 });
  Caller *interactive = call (fixture, &(TaTokenWish){ .interactive = TRUE });
  Caller *another = call (fixture, &(TaTokenWish){ 0 });

  g_assert_true (answer (fixture, too_late, TA_ERROR_STORAGE_LOCKED, TRUE));
  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, 1);
  g_assert_error (other->error, TA_ERROR, TA_ERROR_STORAGE_LOCKED);
  g_assert_error (another->error, TA_ERROR, TA_ERROR_STORAGE_LOCKED);
  g_assert_cmpuint (interactive->answers, ==, 0);
  g_assert_false (answer (fixture, in_time, -1, FALSE));
  g_assert_cmpuint (interactive->answers, ==, 1);
  g_assert_nonnull (interactive->answer);
}

/* The wish is the caller's own, whatever becomes of what it was given in. */
static void
check_copies (Fixture *fixture, gconstpointer data)
{
  char rejected[] = "access";
  TaTokenWish wish = { .rejected = rejected };
  Caller *caller = call (fixture, &wish);

  memset (rejected, 'x', strlen (rejected));
  wish.interactive = TRUE;
  g_assert_false (answer (fixture, in_time, TA_ERROR_NETWORK, TRUE));
  g_assert_error (caller->error, TA_ERROR, TA_ERROR_NETWORK);
}

static gboolean
answer_all (gpointer user_data)
{
  Fixture *fixture = user_data;

  ta_waiters_answer (fixture->waiters, fixture->token, in_time, NULL, FALSE);
  return G_SOURCE_REMOVE;
}

/* In a callback of the main loop an answer arrives at once: who comes again then waits anew, and
 * is not answered twice. */
static void
check_comes_again (Fixture *fixture, gconstpointer data)
{
  Caller *first = call (fixture, &(TaTokenWish){ 0 });
  Caller *second = call (fixture, &(TaTokenWish){ 0 });

  first->comes_again = TRUE;
  second->comes_again = TRUE;
  g_idle_add (answer_all, fixture);
  while (fixture->callers->len < 4)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (first->answers, ==, 1);
  g_assert_cmpuint (second->answers, ==, 1);
  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, 2);
  answer (fixture, in_time, -1, FALSE);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (((Caller *) fixture->callers->pdata[i])->answers, ==, 1);
}

/* Nobody can be helped yet: who has time waits on, for whom the token will do has it, and who has
 * neither learns why. */
static void
check_held_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) reason = g_error_new_literal (TA_ERROR, TA_ERROR_RATE_LIMITED, "It is closed");
  Caller *served = call (fixture, &(TaTokenWish){ .timeout = 120 });
  Caller *hasty = call (fixture, &(TaTokenWish){ .rejected = (char *) "access", .timeout = 1 });
  Caller *patient = call (fixture, &(TaTokenWish){ .rejected = (char *) "access", .timeout = 30 });
  Caller *own_time = call (fixture, &(TaTokenWish){ .rejected = (char *) "access" });

  ta_waiters_hold_back (fixture->waiters, fixture->token, in_time, 20000, reason);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (served->answer->degraded);
  g_assert_error (hasty->error, TA_ERROR, TA_ERROR_RATE_LIMITED);
  g_assert_cmpuint (ta_waiters_count (fixture->waiters), ==, 2);
  ta_waiters_hold_back (fixture->waiters, fixture->token, in_time, 50000, reason);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_error (patient->error, TA_ERROR, TA_ERROR_RATE_LIMITED);
  g_assert_cmpuint (own_time->answers, ==, 0);
  answer (fixture, in_time, -1, FALSE);
  for (guint i = 0; i < fixture->callers->len; i++)
    g_assert_cmpuint (((Caller *) fixture->callers->pdata[i])->answers, ==, 1);
  g_assert_false (own_time->answer->degraded);
}

static void
add (const char *path, gconstpointer row, void (*check) (Fixture *fixture, gconstpointer user_data))
{
  g_test_add (path, Fixture, row, set_up, check, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/waiters/UN-WT-01-nobody", NULL, check_nobody);
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autofree char *path = g_strconcat ("/waiters/UN-WT-02-outcome/", outcomes[i].id, NULL);

      add (path, &outcomes[i], check_outcome);
    }
  add ("/waiters/UN-WT-03-crowd", NULL, check_crowd);
  add ("/waiters/UN-WT-04-interactive", NULL, check_interactive);
  add ("/waiters/UN-WT-05-copies", NULL, check_copies);
  add ("/waiters/UN-WT-06-comes-again", NULL, check_comes_again);
  add ("/waiters/UN-WT-07-held-back", NULL, check_held_back);
  return g_test_run ();
}
