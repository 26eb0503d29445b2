/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "broker/ta-fair-use.h"

#include "unit.h"

#define MIB ((gsize) 1024 * 1024)

/* Four may work, two of each sender; six may wait, three of each. */
static const TaFairUseLimits limits = {
  .work = { 4, 10 * MIB },
  .work_each = { 2, 8 * MIB },
  .queue = { 6, 12 * MIB },
  .queue_each = { 3, 9 * MIB },
};

typedef struct
{
  TaFairUse *fair_use; /* (owned) */
  GString *begun;      /* (owned): names of what began, in order */
} Fixture;

typedef struct
{
  Fixture *fixture; /* (unowned) */
  char name[3];
  TaPlace *place; /* (owned) (nullable) */
  gboolean ends_at_once;
} Work;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->fair_use = ta_fair_use_new (&limits);
  fixture->begun = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ta_fair_use_unref (fixture->fair_use);
  g_string_free (fixture->begun, TRUE);
}

static void
on_begin (gpointer user_data)
{
  Work *work = user_data;

  g_string_append (work->fixture->begun, work->name);
  g_string_append_c (work->fixture->begun, ' ');
  if (work->ends_at_once)
    g_clear_pointer (&work->place, ta_fair_use_leave);
}

/* Work called as in "a1", of the sender "a". */
static gboolean
enter (Fixture *fixture, Work *work, const char *name, gsize bytes)
{
  const char sender[] = { name[0], '\0' };
  g_autoptr (GError) error = NULL;

  work->fixture = fixture;
  g_strlcpy (work->name, name, sizeof work->name);
  work->place = ta_fair_use_reserve (fixture->fair_use, sender, bytes, on_begin, work);
  if (ta_fair_use_enter (work->place, &error))
    return TRUE;
  g_assert_error (error, TA_ERROR, TA_ERROR_BUSY);
  g_assert_cmpuint (strlen (error->message), <=, TA_ERROR_MESSAGE_MAX);
  g_clear_pointer (&work->place, ta_fair_use_leave);
  return FALSE;
}

static void
leave (Work *work)
{
  g_clear_pointer (&work->place, ta_fair_use_leave);
}

static void
leave_all (Work *works, gsize size)
{
  for (gsize i = size; i > 0; i--)
    leave (&works[i - 1]);
}

static void
expect_begun (Fixture *fixture, const char *names)
{
  g_assert_cmpstr (fixture->begun->str, ==, names);
  g_string_truncate (fixture->begun, 0);
}

/* The greedy one has all that one may have, and waits with the rest; the other begins at once. */
static void
test_greedy (Fixture *fixture, gconstpointer data)
{
  Work works[7] = { 0 };

  g_assert_true (enter (fixture, &works[0], "a1", 0));
  g_assert_true (enter (fixture, &works[1], "a2", 0));
  g_assert_true (enter (fixture, &works[2], "a3", 0));
  g_assert_true (enter (fixture, &works[3], "a4", 0));
  g_assert_true (enter (fixture, &works[4], "a5", 0));
  g_assert_false (enter (fixture, &works[5], "a6", 0));
  expect_begun (fixture, "a1 a2 ");
  g_assert_true (enter (fixture, &works[6], "b1", 0));
  expect_begun (fixture, "b1 ");
  leave (&works[3]);
  expect_begun (fixture, "");
  leave (&works[0]);
  expect_begun (fixture, "a3 ");
  leave (&works[1]);
  expect_begun (fixture, "a5 ");
  leave_all (works, G_N_ELEMENTS (works));
}

static void
test_round_robin (Fixture *fixture, gconstpointer data)
{
  const char *const names[] = { "a1", "a2", "b1", "b2", "a3", "a4", "b3", "c1", "c2" };
  Work works[9] = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (enter (fixture, &works[i], names[i], 0));
  expect_begun (fixture, "a1 a2 b1 b2 ");
  leave (&works[2]);
  expect_begun (fixture, "b3 ");
  leave (&works[0]);
  expect_begun (fixture, "a3 ");
  leave (&works[1]);
  expect_begun (fixture, "c1 ");
  leave (&works[3]);
  expect_begun (fixture, "a4 ");
  leave (&works[4]);
  expect_begun (fixture, "c2 ");
  leave_all (works, G_N_ELEMENTS (works));
}

/* Five senders with two each: four work, six wait, and there is no room for more of anybody. */
static void
test_total (Fixture *fixture, gconstpointer data)
{
  Work works[12] = { 0 };
  char name[] = "a1";

  for (gsize i = 0; i < 10; i++)
    {
      name[0] = (char) ('a' + i / 2);
      name[1] = (char) ('1' + i % 2);
      g_assert_true (enter (fixture, &works[i], name, 0));
    }
  expect_begun (fixture, "a1 a2 b1 b2 ");
  g_assert_false (enter (fixture, &works[10], "f1", 0));
  leave (&works[9]);
  g_assert_true (enter (fixture, &works[11], "f1", 0));
  leave_all (works, G_N_ELEMENTS (works));
  expect_begun (fixture, "");
}

/* Bytes count for those at work and those that wait, of one and of all. */
static void
test_bytes (Fixture *fixture, gconstpointer data)
{
  Work works[7] = { 0 };

  g_assert_true (enter (fixture, &works[0], "a1", 5 * MIB));
  g_assert_true (enter (fixture, &works[1], "a2", 5 * MIB));
  g_assert_true (enter (fixture, &works[2], "a3", 4 * MIB));
  expect_begun (fixture, "a1 ");
  g_assert_false (enter (fixture, &works[3], "a4", 1 * MIB));
  g_assert_false (enter (fixture, &works[4], "b1", 6 * MIB));
  g_assert_true (enter (fixture, &works[5], "c1", 3 * MIB));
  expect_begun (fixture, "c1 ");
  leave (&works[0]);
  expect_begun (fixture, "a2 ");
  leave_all (works, G_N_ELEMENTS (works));
}

/* The only one may be as large as it likes. */
static void
test_alone (Fixture *fixture, gconstpointer data)
{
  Work works[2] = { 0 };

  g_assert_true (enter (fixture, &works[0], "a1", 50 * MIB));
  expect_begun (fixture, "a1 ");
  g_assert_true (enter (fixture, &works[1], "b1", 50 * MIB));
  expect_begun (fixture, "");
  leave (&works[0]);
  expect_begun (fixture, "b1 ");
  leave_all (works, G_N_ELEMENTS (works));
}

/* Large work does not overtake large work that waits for bytes; small work does. */
static void
test_overtaking (Fixture *fixture, gconstpointer data)
{
  Work works[4] = { 0 };

  g_assert_true (enter (fixture, &works[0], "a1", 7 * MIB));
  g_assert_true (enter (fixture, &works[1], "b1", 4 * MIB));
  g_assert_true (enter (fixture, &works[2], "c1", 3 * MIB));
  g_assert_true (enter (fixture, &works[3], "d1", 100));
  expect_begun (fixture, "a1 d1 ");
  leave (&works[0]);
  expect_begun (fixture, "b1 c1 ");
  leave_all (works, G_N_ELEMENTS (works));
}

/* What ends as soon as it begins makes room in turn. */
static void
test_ends_at_once (Fixture *fixture, gconstpointer data)
{
  Work works[5] = { 0 };
  const char *const names[] = { "a1", "a2", "a3", "a4", "a5" };

  for (gsize i = 2; i < G_N_ELEMENTS (works); i++)
    works[i].ends_at_once = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (works); i++)
    g_assert_true (enter (fixture, &works[i], names[i], 0));
  leave (&works[0]);
  expect_begun (fixture, "a1 a2 a3 a4 a5 ");
  leave (&works[1]);
}

/* One that left before its turn frees what it held, and its place in the ring. */
static void
test_gone (Fixture *fixture, gconstpointer data)
{
  Work works[6] = { 0 };
  const char *const names[] = { "a1", "a2", "b1", "b2", "c1", "d1" };

  for (gsize i = 0; i < G_N_ELEMENTS (works); i++)
    g_assert_true (enter (fixture, &works[i], names[i], 0));
  expect_begun (fixture, "a1 a2 b1 b2 ");
  leave (&works[4]);
  leave (&works[0]);
  expect_begun (fixture, "d1 ");
  leave_all (works, G_N_ELEMENTS (works));
  g_assert_true (enter (fixture, &works[0], "a1", 10 * MIB));
  expect_begun (fixture, "a1 ");
  leave (&works[0]);
}

int
main (int argc, char *argv[])
{
  const struct
  {
    const char *name;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/fair-use/greedy", test_greedy },
    { "/fair-use/round-robin", test_round_robin },
    { "/fair-use/total", test_total },
    { "/fair-use/bytes", test_bytes },
    { "/fair-use/alone", test_alone },
    { "/fair-use/overtaking", test_overtaking },
    { "/fair-use/ends-at-once", test_ends_at_once },
    { "/fair-use/gone", test_gone },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
  return g_test_run ();
}
