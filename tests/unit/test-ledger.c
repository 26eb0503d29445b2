/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broker/ta-ledger.h"

#include "unit.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every case has a state folder of its own, which always has the same path, because GLib reads the
 * environment once. What others may have put there is really put there. */

#define NOBODY 65534

/* In the folder that main() makes. */
#define STATE "state"
#define FOLDER STATE "/tidio-auth"
#define LEDGER_FILE FOLDER "/activity"
#define OTHER "other"

/* What the file may grow to, and no more: see SIZE_MIN of ta-ledger.c. */
#define SIZE_MAX_ALLOWED (320 * 1024)

typedef struct
{
  TaLedger *ledger;        /* (owned) (nullable) */
  TaApplication *editor;   /* (owned) */
  TaApplication *contacts; /* (owned) */
  GPtrArray *told;         /* (owned) (element-type GVariant): by the signal */
} Fixture;

/* What was logged: its fields as "NAME=value", those of TIDIO_ and MESSAGE alone. The writer of
 * GLib's log can be set only once. */
static GPtrArray *logged;

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  GPtrArray *texts = user_data;

  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) != 0)
    return g_log_writer_default (level, fields, n_fields, NULL);
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_has_prefix (fields[i].key, "TIDIO_") || g_str_equal (fields[i].key, "MESSAGE"))
      g_ptr_array_add (texts,
                       g_strdup_printf ("%s=%s", fields[i].key, (const char *) fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

static gboolean
was_logged (const char *text)
{
  return g_ptr_array_find_with_equal_func (logged, text, g_str_equal, NULL);
}

static void
on_recorded (TaLedger *ledger, GVariant *activity, Fixture *fixture)
{
  g_ptr_array_add (fixture->told, g_variant_ref (activity));
}

/* A broker begins. */
static void
begin (Fixture *fixture)
{
  fixture->ledger = ta_ledger_new ();
  g_signal_connect (fixture->ledger, "recorded", G_CALLBACK (on_recorded), fixture);
}

/* It ends. */
static void
end (Fixture *fixture)
{
  ta_ledger_save (fixture->ledger);
  g_clear_object (&fixture->ledger);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->editor = ta_application_new (TA_TRUST_HOST, "editor");
  fixture->contacts = ta_application_new (TA_TRUST_SANDBOXED, "org.example.Contacts");
  fixture->told = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_ptr_array_set_size (logged, 0);
  g_assert_cmpint (g_mkdir (STATE, 0700), ==, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpint (seteuid (getuid ()), ==, 0);
  g_clear_object (&fixture->ledger);
  ta_application_unref (fixture->editor);
  ta_application_unref (fixture->contacts);
  g_ptr_array_unref (fixture->told);
  g_remove (LEDGER_FILE);
  g_remove (FOLDER "/activity.new");
  g_remove (FOLDER);
  g_remove (OTHER "/activity");
  g_remove (OTHER);
  g_assert_cmpint (g_rmdir (STATE), ==, 0);
}

/* All of the list as one text; free with g_free(). */
static char *
list (Fixture *fixture, guint max)
{
  g_autoptr (GVariant) entries = g_variant_ref_sink (ta_ledger_list (fixture->ledger, max));
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
      const char *app = NULL;
      const char *trust = NULL;
      const char *account = NULL;
      const char *what = NULL;
      const char *result = NULL;
      guint count = 0;
      gint64 time = 0;

      g_assert_cmpuint (g_variant_n_children (entry), ==, 7);
      g_variant_lookup (entry, "app", "&s", &app);
      g_variant_lookup (entry, "trust", "&s", &trust);
      g_variant_lookup (entry, "account", "&s", &account);
      g_variant_lookup (entry, "what", "&s", &what);
      g_variant_lookup (entry, "result", "&s", &result);
      g_variant_lookup (entry, "count", "u", &count);
      g_variant_lookup (entry, "time", "x", &time);
      g_assert_cmpint (ABS (time - g_get_real_time () / G_USEC_PER_SEC), <, 3600);
      g_string_append_printf (text, "%s %s %s %s %s %u\n", app, trust, account, what, result,
                              count);
    }
  return g_string_free (text, FALSE);
}

static void
assert_list (Fixture *fixture, guint max, const char *expected)
{
  g_autofree char *seen = list (fixture, max);

  g_assert_cmpstr (seen, ==, expected);
}

static void
record_three (Fixture *fixture)
{
  ta_ledger_record (fixture->ledger, fixture->editor, "anna", "token", "ok");
  ta_ledger_record (fixture->ledger, fixture->contacts, "bert", "GET /contacts?email=x", "200");
  ta_ledger_record (fixture->ledger, fixture->editor, "", "sign-in", "Busy");
}

#define THREE                                                                                      \
  "editor host  sign-in Busy 1\n"                                                                  \
  "org.example.Contacts sandboxed bert GET /contacts 200 1\n"                                      \
  "editor host anna token ok 1\n"

static void
check_record (Fixture *fixture, gconstpointer data)
{
  begin (fixture);
  assert_list (fixture, G_MAXUINT, "");
  record_three (fixture);
  assert_list (fixture, G_MAXUINT, THREE);
  assert_list (fixture, 3, THREE);
  assert_list (fixture, 1, "editor host  sign-in Busy 1\n");
  assert_list (fixture, 0, "");
}

/* Counted, and told once. */
static void
check_repetition (Fixture *fixture, gconstpointer data)
{
  begin (fixture);
  for (guint i = 0; i < 50; i++)
    record_three (fixture);
  assert_list (fixture, 1, "editor host  sign-in Busy 50\n");
  g_assert_cmpuint (fixture->told->len, ==, 3);
  g_assert_cmpuint (logged->len, ==, 3 * 6);
}

static void
check_journal (Fixture *fixture, gconstpointer data)
{
  begin (fixture);
  record_three (fixture);
  g_assert_true (was_logged ("TIDIO_APP=org.example.Contacts"));
  g_assert_true (was_logged ("TIDIO_TRUST=sandboxed"));
  g_assert_true (was_logged ("TIDIO_ACCOUNT=bert"));
  g_assert_true (was_logged ("TIDIO_WHAT=GET /contacts"));
  g_assert_true (was_logged ("TIDIO_RESULT=200"));
  g_assert_true (was_logged ("MESSAGE=org.example.Contacts asked for GET /contacts of account "
                             "bert: 200"));
}

static void
assert_mode (const char *path, guint mode)
{
  struct stat info;

  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, mode);
}

static void
check_restart (Fixture *fixture, gconstpointer data)
{
  begin (fixture);
  record_three (fixture);
  end (fixture);
  assert_mode (FOLDER, 0700);
  assert_mode (LEDGER_FILE, 0600);
  begin (fixture);
  assert_list (fixture, G_MAXUINT, THREE);
  record_three (fixture);
  end (fixture);
  begin (fixture);
  assert_list (fixture, 1, "editor host  sign-in Busy 2\n");
}

/* It is written without an end, too. */
static void
check_timer (Fixture *fixture, gconstpointer data)
{
  begin (fixture);
  record_three (fixture);
  while (!g_file_test (LEDGER_FILE, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&fixture->ledger);
  begin (fixture);
  assert_list (fixture, G_MAXUINT, THREE);
}

/* Brokers of two sessions share the file. */
static void
check_two (Fixture *fixture, gconstpointer data)
{
  g_autoptr (TaLedger) other = ta_ledger_new ();

  begin (fixture);
  ta_ledger_record (fixture->ledger, fixture->editor, "anna", "token", "ok");
  ta_ledger_record (other, fixture->editor, "bert", "token", "ok");
  ta_ledger_save (other);
  end (fixture);
  begin (fixture);
  assert_list (fixture, 2, "editor host anna token ok 1\neditor host bert token ok 1\n");
}

static gsize
get_size (void)
{
  struct stat info;

  g_assert_cmpint (stat (LEDGER_FILE, &info), ==, 0);
  return (gsize) info.st_size;
}

static void
check_bounded (Fixture *fixture, gconstpointer data)
{
  gsize largest = 0;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  begin (fixture);
  for (guint i = 0; i < 12000; i++)
    {
      g_autofree char *what = g_strdup_printf ("GET /contacts/%u/and/some/more", i);

      ta_ledger_record (fixture->ledger, fixture->editor, "anna", what, "200");
      if (i % 100 != 99)
        continue;
      ta_ledger_save (fixture->ledger);
      largest = MAX (largest, get_size ());
    }
  g_assert_cmpuint (largest, >, 200 * 1024);
  g_assert_cmpuint (largest, <, SIZE_MAX_ALLOWED);
  before = list (fixture, G_MAXUINT);
  g_assert_nonnull (strstr (before, "GET /contacts/11000/"));
  g_assert_null (strstr (before, "GET /contacts/10999/"));
  end (fixture);
  begin (fixture);
  after = list (fixture, G_MAXUINT);
  g_assert_cmpstr (before, ==, after);
}

typedef struct
{
  const char *id;
  const char *text;
  gssize length;
} Damage;

static const Damage damages[] = {
  { "half-a-line", "170000", -1 },  { "no-end", "1700000000\t1\thost\teditor\tanna\ttoken", -1 },
  { "zeros", "\0\0\0\0\n\0\0", 7 }, { "other-text", "{\"activity\": []}\n", -1 },
  { "empty-lines", "\n\n\n", -1 },  { "bytes", "\xff\xfe\x80\n\x80", -1 },
};

/* The damage costs itself and nothing else, and is gone after the next write. */
static void
check_damaged (Fixture *fixture, gconstpointer data)
{
  const Damage *row = data;
  g_autofree char *good = NULL;
  g_autoptr (GString) file = NULL;
  g_autofree char *mended = NULL;

  begin (fixture);
  ta_ledger_record (fixture->ledger, fixture->editor, "anna", "token", "ok");
  end (fixture);
  g_assert_true (g_file_get_contents (LEDGER_FILE, &good, NULL, NULL));
  file = g_string_new (good);
  g_string_append_len (file, row->text,
                       row->length >= 0 ? row->length : (gssize) strlen (row->text));
  g_assert_true (g_file_set_contents (LEDGER_FILE, file->str, (gssize) file->len, NULL));

  begin (fixture);
  assert_list (fixture, G_MAXUINT, "editor host anna token ok 1\n");
  g_assert_true (was_logged ("MESSAGE=The file with the activity is damaged: what can be read of "
                             "it is kept"));
  ta_ledger_record (fixture->ledger, fixture->editor, "anna", "GET /", "200");
  end (fixture);
  g_assert_true (g_file_get_contents (LEDGER_FILE, &mended, NULL, NULL));
  g_assert_true (g_str_has_prefix (mended, good));
  g_assert_true (g_str_has_suffix (mended, "\t1\thost\teditor\tanna\tGET /\t200\n"));
  begin (fixture);
  assert_list (fixture, G_MAXUINT, "editor host anna GET / 200 1\neditor host anna token ok 1\n");
}

/* What it is of a file that is larger than any that a broker leaves: its end. */
static void
check_huge (Fixture *fixture, gconstpointer data)
{
  g_autofree char *noise = unit_repeat ("noise without an end ", 200000);
  g_autofree char *text
      = g_strconcat (noise, "\n", "1700000000\t1\thost\teditor\tanna\ttoken\tok\n", NULL);

  g_assert_cmpint (g_mkdir (FOLDER, 0700), ==, 0);
  g_assert_true (g_file_set_contents (LEDGER_FILE, text, -1, NULL));
  begin (fixture);
  ta_ledger_record (fixture->ledger, fixture->editor, "anna", "GET /", "200");
  end (fixture);
  g_assert_cmpuint (get_size (), <, 200);
}

static void
put_link (void)
{
  g_assert_cmpint (g_mkdir (FOLDER, 0700), ==, 0);
  g_assert_true (g_file_set_contents (OTHER, "kept", -1, NULL));
  g_assert_cmpint (symlink ("../../" OTHER, LEDGER_FILE), ==, 0);
}

static void
put_hard_link (void)
{
  g_assert_cmpint (g_mkdir (FOLDER, 0700), ==, 0);
  g_assert_true (g_file_set_contents (OTHER, "kept", -1, NULL));
  g_assert_cmpint (link (OTHER, LEDGER_FILE), ==, 0);
}

static void
put_folder_link (void)
{
  g_assert_cmpint (g_mkdir (OTHER, 0700), ==, 0);
  g_assert_cmpint (symlink ("../" OTHER, FOLDER), ==, 0);
}

static void
put_fifo (void)
{
  g_assert_cmpint (g_mkdir (FOLDER, 0700), ==, 0);
  g_assert_cmpint (mkfifo (LEDGER_FILE, 0600), ==, 0);
}

static void
put_folder (void)
{
  g_assert_cmpint (g_mkdir_with_parents (LEDGER_FILE, 0700), ==, 0);
}

/* Needs root. */
static void
put_foreign_file (void)
{
  g_assert_cmpint (g_mkdir (FOLDER, 0700), ==, 0);
  g_assert_true (g_file_set_contents (LEDGER_FILE, "", -1, NULL));
  g_assert_cmpint (chmod (LEDGER_FILE, 0666), ==, 0);
  g_assert_cmpint (chown (FOLDER, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (chown (STATE, NOBODY, NOBODY), ==, 0);
  g_assert_cmpint (seteuid (NOBODY), ==, 0);
}

typedef struct
{
  const char *id;
  void (*put) (void);
} Obstacle;

static const Obstacle obstacles[] = {
  { "link", put_link }, { "hard-link", put_hard_link }, { "folder-link", put_folder_link },
  { "fifo", put_fifo }, { "folder", put_folder },
};

static const Obstacle foreign[] = {
  { "foreign", put_foreign_file },
};

/* Nothing is written there or through it; the ledger works without, and says so once. */
static void
check_obstacle (Fixture *fixture, gconstpointer data)
{
  const Obstacle *row = data;
  g_autofree char *other = NULL;
  guint messages = 0;

  row->put ();
  begin (fixture);
  record_three (fixture);
  ta_ledger_save (fixture->ledger);
  record_three (fixture);
  ta_ledger_save (fixture->ledger);
  assert_list (fixture, 1, "editor host  sign-in Busy 2\n");
  for (guint i = 0; i < logged->len; i++)
    messages += g_str_has_prefix (logged->pdata[i], "MESSAGE=The activity is not kept across");
  g_assert_cmpuint (messages, ==, 1);
  g_assert_false (g_file_test (OTHER "/activity", G_FILE_TEST_EXISTS));
  if (g_file_get_contents (OTHER, &other, NULL, NULL))
    g_assert_cmpstr (other, ==, "kept");
  if (row->put == put_foreign_file)
    g_assert_cmpuint (get_size (), ==, 0);
}

#define ADD(id, check) g_test_add (id, Fixture, NULL, set_up, check, tear_down)
#define ADD_ROWS(group, rows, check)                                                               \
  for (gsize row = 0; row < G_N_ELEMENTS (rows); row++)                                            \
    {                                                                                              \
      g_autofree char *path = g_strconcat (group "-", (rows)[row].id, NULL);                       \
                                                                                                   \
      g_test_add (path, Fixture, &(rows)[row], set_up, check, tear_down);                          \
    }

int
main (int argc, char **argv)
{
  char folder[] = "/tmp/unit-ledger-XXXXXX";
  g_autofree char *state = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  logged = g_ptr_array_new_with_free_func (g_free);
  g_log_set_writer_func (write_log, logged, NULL);
  g_assert_nonnull (g_mkdtemp (folder));
  g_assert_cmpint (chmod (folder, 0755), ==, 0);
  g_assert_cmpint (chdir (folder), ==, 0);
  state = g_build_filename (folder, STATE, NULL);
  g_assert_true (g_setenv ("XDG_STATE_HOME", state, TRUE));
  ADD ("/ledger/UN-LE-01-record", check_record);
  ADD ("/ledger/UN-LE-02-repetition", check_repetition);
  ADD ("/ledger/UN-LE-03-journal", check_journal);
  ADD ("/ledger/UN-LE-04-restart", check_restart);
  ADD ("/ledger/UN-LE-05-timer", check_timer);
  ADD ("/ledger/UN-LE-06-two", check_two);
  ADD ("/ledger/UN-LE-07-bounded", check_bounded);
  ADD_ROWS ("/ledger/UN-LE-08-damaged", damages, check_damaged);
  ADD ("/ledger/UN-LE-09-huge", check_huge);
  ADD_ROWS ("/ledger/UN-LE-10-obstacle", obstacles, check_obstacle);
  if (geteuid () == 0)
    ADD_ROWS ("/ledger/UN-LE-10-obstacle", foreign, check_obstacle);
  status = g_test_run ();
  g_ptr_array_unref (logged);
  g_assert_cmpint (chdir ("/"), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  return status;
}
