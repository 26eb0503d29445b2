/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-retry-after.h"

#include "unit.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 section 5.6.7. */
#define NOW G_GINT64_CONSTANT (784111777)

typedef struct
{
  const char *id;
  const char *value;
  gint64 seconds;
} Value;

static const Value values[] = {
  { "seconds-0", "0", 0 },
  { "seconds-1", "1", 1 },
  { "seconds-120", "120", 120 },
  { "seconds-zeros-before", "00007", 7 },
  { "seconds-cap", "3600", 3600 },
  { "seconds-beyond-cap", "3601", 3600 },
  { "seconds-a-day", "86400", 3600 },
  { "seconds-32-bits", "4294967297", 3600 },
  { "seconds-63-bits", "9223372036854775808", 3600 },
  { "seconds-64-bits", "18446744073709551615", 3600 },
  { "seconds-65-bits", "18446744073709551616", 3600 },
  { "seconds-40-digits", "9999999999999999999999999999999999999999", 3600 },

  { "date-60", "Sun, 06 Nov 1994 08:50:37 GMT", 60 },
  { "date-60-rfc-850", "Sunday, 06-Nov-94 08:50:37 GMT", 60 },
  { "date-60-asctime", "Sun Nov  6 08:50:37 1994", 60 },
  { "date-cap", "Sun, 06 Nov 1994 09:49:37 GMT", 3600 },
  { "date-beyond-cap", "Sun, 06 Nov 1994 09:49:38 GMT", 3600 },
  { "date-far", "Fri, 31 Dec 9999 23:59:59 GMT", 3600 },
  { "date-now", "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
  { "date-past", "Sun, 06 Nov 1994 08:49:36 GMT", 0 },
  { "date-1970", "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
  { "date-no-such-day", "Sun, 32 Nov 1994 08:50:37 GMT", 0 },
  { "date-no-such-month", "Sun, 06 Foo 1994 08:50:37 GMT", 0 },
  { "date-no-such-hour", "Sun, 06 Nov 1994 25:50:37 GMT", 0 },
  { "date-cut", "Sun, 06 Nov 1994", 0 },
  { "date-weekday-alone", "Sun", 0 },

  { "empty", "", 0 },
  { "word", "soon", 0 },
  { "negative", "-1", 0 },
  { "negative-long", "-99999999999999999999", 0 },
  { "sign", "+120", 0 },
  { "fraction", "1.5", 0 },
  { "exponent", "1e3", 0 },
  { "hexadecimal", "0x10", 0 },
  { "unit", "120s", 0 },
  { "twice", "120, 60", 0 },
  { "control", "120\x01", 0 },
  { "not-ascii", "\xd9\xa1\xd9\xa2", 0 },
  { "not-utf-8", "\xff", 0 },
  /* Those around a header's value are gone when it gets here. */
  { "space-before", " 120", 0 },
  { "space-behind", "120 ", 0 },
  { "space-within", "1 20", 0 },
  { "spaces-alone", "  ", 0 },
};

static void
check_value (gconstpointer data)
{
  const Value *row = data;

  g_assert_cmpint (ta_retry_after_parse (row->value, NOW), ==, row->seconds);
}

typedef struct
{
  const char *id;
  gint64 now;
  gint64 seconds;
} Clock;

/* What a wrong clock makes of "Sun, 06 Nov 1994 08:50:37 GMT". */
static const Clock clocks[] = {
  { "CL-1970", 0, 3600 },
  { "CL-a-year-behind", NOW - 31536000, 3600 },
  { "CL-a-minute-ahead", NOW + 60, 0 },
  { "CL-a-year-ahead", NOW + 31536000, 0 },
  { "CL-before-1970", -86400, 3600 },
};

static void
check_clock (gconstpointer data)
{
  const Clock *row = data;

  g_assert_cmpint (ta_retry_after_parse ("Sun, 06 Nov 1994 08:50:37 GMT", row->now), ==,
                   row->seconds);
  g_assert_cmpint (ta_retry_after_parse ("60", row->now), ==, 60);
}

static void
check_length (void)
{
  g_autofree char *digits = unit_repeat ("9", 100000);
  g_autofree char *letters = unit_repeat ("Sun, ", 100000);

  g_assert_cmpint (ta_retry_after_parse (digits, NOW), ==, 3600);
  g_assert_cmpint (ta_retry_after_parse (letters, NOW), ==, 0);
}

typedef struct
{
  const char *id;
  const char *value;
  gint64 seconds;
} Reset;

static const Reset resets[] = {
  { "wait-0", "0", 0 },
  { "wait", "60", 60 },
  { "wait-cap", "999999999", 3600 },
  { "time", "784111837", 3600 },
  { "seconds", "1784111837", 60 },
  { "seconds-past", "1784111776", 0 },
  { "seconds-far", "9999999999", 3600 },
  { "milliseconds", "1784111837000", 61 },
  { "milliseconds-past", "1000000000000", 0 },
  { "milliseconds-far", "9223372036854775807", 3600 },
  { "beyond", "9223372036854775808", 0 },
  { "negative", "-1", 0 },
  { "fraction", "1.5", 0 },
  { "empty", "", 0 },
  { "word", "soon", 0 },
};

static void
check_reset (gconstpointer data)
{
  const Reset *row = data;

  g_assert_cmpint (ta_retry_after_parse_reset (row->value, G_GINT64_CONSTANT (1784111777)), ==,
                   row->seconds);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/retry-after/UN-RA-01-value", values, check_value);
  UNIT_ADD_ROWS ("/retry-after/UN-RA-02-clock", clocks, check_clock);
  g_test_add_func ("/retry-after/UN-RA-03-length", check_length);
  UNIT_ADD_ROWS ("/retry-after/UN-RA-04-reset", resets, check_reset);
  return g_test_run ();
}
