/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-activity.h"

#include <string.h>

/* One entry of the ledger. Its texts come from callers and from a file, and go to a terminal, the
 * journal and that file: so they are of bounded length and have no character that does anything.
 * As a line they stand with tabs between them, in an order that lets `cut` and `sort` work. */

#define APP_MAX 255
#define TRUST_MAX 32
#define ACCOUNT_MAX 64
#define WHAT_MAX 256
#define RESULT_MAX 64

#define N_FIELDS 7

#define ELLIPSIS "\xe2\x80\xa6"

/* To the end of the year 9999. */
#define TIME_MAX G_GINT64_CONSTANT (253402300799)

/* Most texts are plain, and each request has some. */
static gboolean
is_plain (const char *text, gsize max)
{
  gsize length = 0;

  while (text[length] >= 0x20 && text[length] <= 0x7e)
    length++;
  return text[length] == '\0' && length <= max;
}

/* Valid UTF-8 of at most `max` bytes that can be printed; to clean it again changes nothing. */
static char *
clean (const char *text, gsize max)
{
  g_autofree char *valid = NULL;
  GString *cleaned;
  gboolean is_cut;

  if (is_plain (text, max))
    return g_strdup (text);
  valid = g_utf8_make_valid (text, -1);
  cleaned = g_string_new (NULL);
  is_cut = strlen (valid) > max;
  if (is_cut)
    *g_utf8_find_prev_char (valid, valid + max - strlen (ELLIPSIS) + 1) = '\0';
  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    g_string_append_unichar (cleaned,
                             g_unichar_isprint (g_utf8_get_char (c)) ? g_utf8_get_char (c) : '_');
  if (is_cut)
    g_string_append (cleaned, ELLIPSIS);
  return g_string_free (cleaned, FALSE);
}

/* The texts may be anything. Of `what` a query is left out, whoever put one there. */
TaActivity *
ta_activity_new (gint64 time, const char *app, const char *trust, const char *account,
                 const char *what, const char *result)
{
  g_autofree char *without_query = g_strndup (what, strcspn (what, "?#"));
  TaActivity *self = g_new0 (TaActivity, 1);

  self->time = time;
  self->count = 1;
  self->app = clean (app, APP_MAX);
  self->trust = clean (trust, TRUST_MAX);
  self->account = clean (account, ACCOUNT_MAX);
  self->what = clean (without_query, WHAT_MAX);
  self->result = clean (result, RESULT_MAX);
  return self;
}

void
ta_activity_free (TaActivity *self)
{
  g_free (self->app);
  g_free (self->trust);
  g_free (self->account);
  g_free (self->what);
  g_free (self->result);
  g_free (self);
}

/* Whether they differ in time and count alone. */
gboolean
ta_activity_is_like (const TaActivity *self, const TaActivity *other)
{
  return g_str_equal (self->what, other->what) && g_str_equal (self->result, other->result)
         && g_str_equal (self->account, other->account) && g_str_equal (self->app, other->app)
         && g_str_equal (self->trust, other->trust);
}

/* Whether it is to be counted with the earlier one. Not if the clock was put back meanwhile. */
gboolean
ta_activity_repeats (const TaActivity *self, const TaActivity *earlier)
{
  return self->time >= earlier->time && self->time - earlier->time < TA_ACTIVITY_REPEAT
         && earlier->count < G_MAXUINT32 && ta_activity_is_like (self, earlier);
}

/* Without the end of the line. */
char *
ta_activity_to_line (const TaActivity *self)
{
  return g_strdup_printf ("%" G_GINT64_FORMAT "\t%u\t%s\t%s\t%s\t%s\t%s", self->time, self->count,
                          self->trust, self->app, self->account, self->what, self->result);
}

/* (nullable): NULL if it is none. */
TaActivity *
ta_activity_parse_line (const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", N_FIELDS + 1);
  gint64 time;
  guint64 count;
  TaActivity *self;

  if (g_strv_length (fields) != N_FIELDS
      || !g_ascii_string_to_signed (fields[0], 10, 0, TIME_MAX, &time, NULL)
      || !g_ascii_string_to_unsigned (fields[1], 10, 1, G_MAXUINT32, &count, NULL))
    return NULL;
  self = ta_activity_new (time, fields[3], fields[2], fields[4], fields[5], fields[6]);
  self->count = (guint) count;
  return self;
}
