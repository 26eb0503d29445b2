/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-quorum.h"

#include "unit.h"

typedef struct
{
  TaQuorum *quorum; /* (owned) */
  GCancellable *first;
  GCancellable *second;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->quorum = ta_quorum_new ();
  fixture->first = g_cancellable_new ();
  fixture->second = g_cancellable_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->quorum, ta_quorum_free);
  g_cancellable_cancel (fixture->first);
  g_assert_finalize_object (fixture->first);
  g_assert_finalize_object (fixture->second);
}

static gboolean
is_cancelled (const Fixture *fixture)
{
  return g_cancellable_is_cancelled (ta_quorum_get_cancellable (fixture->quorum));
}

static void
check_last (Fixture *fixture, gconstpointer data)
{
  g_assert_false (is_cancelled (fixture));
  ta_quorum_add (fixture->quorum, fixture->first);
  ta_quorum_add (fixture->quorum, fixture->first);
  ta_quorum_add (fixture->quorum, fixture->second);
  g_cancellable_cancel (fixture->first);
  g_assert_false (is_cancelled (fixture));
  g_cancellable_cancel (fixture->second);
  g_assert_true (is_cancelled (fixture));
}

static void
check_open (Fixture *fixture, gconstpointer data)
{
  ta_quorum_add (fixture->quorum, fixture->first);
  ta_quorum_add (fixture->quorum, NULL);
  g_cancellable_cancel (fixture->first);
  g_assert_false (is_cancelled (fixture));
}

static void
check_gone_before (Fixture *fixture, gconstpointer data)
{
  g_cancellable_cancel (fixture->first);
  ta_quorum_add (fixture->quorum, fixture->first);
  g_assert_true (is_cancelled (fixture));
}

/* What it was for may be over before its members are: tear_down() cancels one afterwards. */
static void
check_over (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_object_ref (ta_quorum_get_cancellable (fixture->quorum));

  ta_quorum_add (fixture->quorum, fixture->first);
  g_clear_pointer (&fixture->quorum, ta_quorum_free);
  g_cancellable_cancel (fixture->first);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/quorum/UN-QU-01-last", Fixture, NULL, set_up, check_last, tear_down);
  g_test_add ("/quorum/UN-QU-02-open", Fixture, NULL, set_up, check_open, tear_down);
  g_test_add ("/quorum/UN-QU-03-gone-before", Fixture, NULL, set_up, check_gone_before, tear_down);
  g_test_add ("/quorum/UN-QU-04-over", Fixture, NULL, set_up, check_over, tear_down);
  return g_test_run ();
}
