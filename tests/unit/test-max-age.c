/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-max-age.h"

#include "unit.h"

typedef struct
{
  const char *id;
  const char *value;
  gint64 seconds;
} Value;

static const Value values[] = {
  { "seconds", "max-age=60", 60 },
  { "zero", "max-age=0", 0 },
  { "case", "Public, Max-Age=3600", 3600 },
  { "quoted", "max-age=\"5\"", 5 },
  { "among-others", "public, max-age=86400, immutable", 86400 },
  { "no-store", "no-store", 0 },
  { "no-store-wins", "max-age=60, no-store", 0 },
  { "no-cache", "no-cache, max-age=60", 0 },
  { "silent", "public", -1 },
  { "empty", "", -1 },
  { "word", "max-age=soon", -1 },
  { "no-value", "max-age", -1 },
  { "negative", "max-age=-1", -1 },
  { "fraction", "max-age=1.5", -1 },
  { "32-bits", "max-age=4294967297", -1 },
  { "40-digits", "max-age=9999999999999999999999999999999999999999", -1 },
  { "other-directive", "s-maxage=60", -1 },
};

static void
check_value (gconstpointer data)
{
  const Value *row = data;

  g_assert_cmpint (ta_max_age_parse (row->value), ==, row->seconds);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/max-age/UN-MA-01-value", values, check_value);
  return g_test_run ();
}
