/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-deadline.h"

#include "unit.h"

static gboolean
is_over (TaDeadline *deadline)
{
  return g_cancellable_is_cancelled (ta_deadline_get_cancellable (deadline));
}

static void
await (TaDeadline *deadline)
{
  while (!is_over (deadline))
    g_main_context_iteration (NULL, TRUE);
}

static void
check_expiry (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (TaDeadline) deadline = ta_deadline_new (1, parent);

  g_assert_false (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
  await (deadline);
  g_assert_true (ta_deadline_has_expired (deadline));
  g_assert_false (g_cancellable_is_cancelled (parent));
}

static void
check_expiry_without_parent (void)
{
  g_autoptr (TaDeadline) deadline = ta_deadline_new (1, NULL);

  await (deadline);
  g_assert_true (ta_deadline_has_expired (deadline));
}

static void
check_parent (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (TaDeadline) deadline = ta_deadline_new (600, parent);

  g_cancellable_cancel (parent);
  g_assert_true (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
}

static void
check_parent_was_cancelled (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (TaDeadline) deadline = NULL;

  g_cancellable_cancel (parent);
  deadline = ta_deadline_new (600, parent);
  g_assert_true (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
}

/* What the parent ended stays its doing, however long it takes until somebody asks. The other
 * deadline is as long and was started later. */
static void
check_time_after_parent (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (TaDeadline) deadline = ta_deadline_new (1, parent);
  g_autoptr (TaDeadline) later = ta_deadline_new (1, NULL);

  g_cancellable_cancel (parent);
  await (later);
  g_assert_true (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
}

/* Nothing of a deadline is left behind that could still come. */
static void
check_free (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  TaDeadline *deadline = ta_deadline_new (1, parent);
  g_autoptr (GCancellable) cancellable = g_object_ref (ta_deadline_get_cancellable (deadline));
  g_autoptr (TaDeadline) later = ta_deadline_new (1, NULL);

  ta_deadline_free (deadline);
  await (later);
  g_cancellable_cancel (parent);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
}

/* The other deadline was started later and is as long as this one was. */
static void
check_restart_longer (void)
{
  g_autoptr (TaDeadline) deadline = ta_deadline_new (1, NULL);
  g_autoptr (TaDeadline) later = NULL;

  ta_deadline_restart (deadline, 600);
  later = ta_deadline_new (1, NULL);
  await (later);
  g_assert_false (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
}

static void
check_restart_shorter (void)
{
  g_autoptr (TaDeadline) deadline = ta_deadline_new (600, NULL);

  ta_deadline_restart (deadline, 300);
  ta_deadline_restart (deadline, 1);
  await (deadline);
  g_assert_true (ta_deadline_has_expired (deadline));
}

/* What is over stays over, and is not told twice. */
static void
check_restart_when_over (void)
{
  g_autoptr (TaDeadline) deadline = ta_deadline_new (1, NULL);
  g_autoptr (TaDeadline) later = NULL;
  GCancellable *cancellable = ta_deadline_get_cancellable (deadline);

  await (deadline);
  ta_deadline_restart (deadline, 1);
  g_cancellable_reset (cancellable);
  later = ta_deadline_new (1, NULL);
  await (later);
  g_assert_false (g_cancellable_is_cancelled (cancellable));
  g_assert_true (ta_deadline_has_expired (deadline));
}

static void
check_restart_keeps_parent (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (TaDeadline) deadline = ta_deadline_new (600, parent);

  ta_deadline_restart (deadline, 300);
  g_cancellable_cancel (parent);
  g_assert_true (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
}

/* What the parent ended stays its doing. */
static void
check_restart_after_parent (void)
{
  g_autoptr (GCancellable) parent = g_cancellable_new ();
  g_autoptr (TaDeadline) deadline = ta_deadline_new (600, parent);
  g_autoptr (TaDeadline) later = NULL;

  g_cancellable_cancel (parent);
  ta_deadline_restart (deadline, 1);
  later = ta_deadline_new (1, NULL);
  await (later);
  g_assert_true (is_over (deadline));
  g_assert_false (ta_deadline_has_expired (deadline));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deadline/UN-DL-01-expiry", check_expiry);
  g_test_add_func ("/deadline/UN-DL-02-expiry-without-parent", check_expiry_without_parent);
  g_test_add_func ("/deadline/UN-DL-03-parent", check_parent);
  g_test_add_func ("/deadline/UN-DL-04-parent-was-cancelled", check_parent_was_cancelled);
  g_test_add_func ("/deadline/UN-DL-05-time-after-parent", check_time_after_parent);
  g_test_add_func ("/deadline/UN-DL-06-free", check_free);
  g_test_add_func ("/deadline/UN-DL-07-restart-longer", check_restart_longer);
  g_test_add_func ("/deadline/UN-DL-08-restart-shorter", check_restart_shorter);
  g_test_add_func ("/deadline/UN-DL-09-restart-when-over", check_restart_when_over);
  g_test_add_func ("/deadline/UN-DL-10-restart-keeps-parent", check_restart_keeps_parent);
  g_test_add_func ("/deadline/UN-DL-11-restart-after-parent", check_restart_after_parent);
  return g_test_run ();
}
