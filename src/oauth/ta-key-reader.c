/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-key-reader.h"

#include "base/ta-error.h"
#include "oauth/ta-encoding.h"
#include "oauth/ta-endpoint.h"

#include <string.h>

/* Sets TA_ERROR_NOT_CONFIGURED, unless there is an error already. Group and key are shortened
 * so that with a name of at most 51 characters and a problem of at most 84 they make a message. */
void
ta_key_reader_fail (TaKeyReader *self, const char *group, const char *key, const char *problem)
{
  if (self->error == NULL)
    self->error = g_error_new (TA_ERROR, TA_ERROR_NOT_CONFIGURED, "%s: key %.36s in [%.16s] %s",
                               self->name, key, group, problem);
}

/* Two mistakes in one value make GLib 2.74 set an error over another: it gets none to see. */
static gboolean
are_escapes_valid (const char *raw)
{
  for (const char *c = strchr (raw, '\\'); c != NULL; c = strchr (c + 2, '\\'))
    if (c[1] == '\0' || strchr ("nrst\\", c[1]) == NULL)
      return FALSE;
  return TRUE;
}

/* (nullable): the value, NULL if absent or empty. What stands behind white space and "#" is a
 * comment. */
char *
ta_key_reader_take (TaKeyReader *self, const char *group, const char *key)
{
  g_autofree char *raw = g_key_file_get_value (self->file, group, key, NULL);
  g_autofree char *value = NULL;

  if (raw != NULL && !are_escapes_valid (raw))
    ta_key_reader_fail (self, group, key, "has a backslash that begins no escape");
  else if (raw != NULL)
    {
      value = g_key_file_get_string (self->file, group, key, NULL);
      if (value == NULL)
        ta_key_reader_fail (self, group, key, "is not valid UTF-8 text");
    }
  while (g_key_file_remove_key (self->file, group, key, NULL))
    continue;
  if (value == NULL)
    return NULL;
  for (char *hash = strchr (value, '#'); hash != NULL; hash = strchr (hash + 1, '#'))
    if (hash == value || g_ascii_isspace (hash[-1]))
      {
        *hash = '\0';
        break;
      }
  g_strstrip (value);
  return *value == '\0' ? NULL : g_steal_pointer (&value);
}

/* The value, or the fallback; a key without one (NULL) is required. */
char *
ta_key_reader_take_or (TaKeyReader *self, const char *group, const char *key, const char *fallback)
{
  char *value = ta_key_reader_take (self, group, key);

  if (value == NULL && fallback == NULL)
    ta_key_reader_fail (self, group, key, "is missing");
  return value != NULL ? value : g_strdup (fallback);
}

/* The position of the value in `choices`; the first one is the default. */
int
ta_key_reader_take_choice (TaKeyReader *self, const char *group, const char *key,
                           const char *const *choices)
{
  g_autofree char *value = ta_key_reader_take_or (self, group, key, choices[0]);
  g_autofree char *list = g_strjoinv (" or ", (char **) choices);
  g_autofree char *problem = g_strconcat ("must be ", list, NULL);

  for (int i = 0; choices[i] != NULL; i++)
    if (g_str_equal (value, choices[i]))
      return i;
  ta_key_reader_fail (self, group, key, problem);
  return 0;
}

char **
ta_key_reader_take_words (TaKeyReader *self, const char *group, const char *key)
{
  g_autofree char *value = ta_key_reader_take (self, group, key);

  return ta_encoding_split_words (value != NULL ? value : "");
}

/* (nullable): a URI that may be sent to. */
char *
ta_key_reader_take_endpoint (TaKeyReader *self, const char *group, const char *key,
                             gboolean required)
{
  g_autofree char *value = ta_key_reader_take (self, group, key);

  if (value == NULL && required)
    ta_key_reader_fail (self, group, key, "is missing");
  if (value != NULL && !ta_endpoint_is_valid (value))
    ta_key_reader_fail (self, group, key,
                        "must be an https URI, or http to a loopback host, without user info or "
                        "fragment");
  return g_steal_pointer (&value);
}

/* To be called last. */
void
ta_key_reader_refuse_rest (TaKeyReader *self)
{
  g_auto (GStrv) groups = g_key_file_get_groups (self->file, NULL);

  for (int g = 0; groups[g] != NULL; g++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (self->file, groups[g], NULL, NULL);
      g_autofree char *group = ta_error_quote (groups[g]);

      for (int k = 0; keys[k] != NULL; k++)
        {
          g_autofree char *key = ta_error_quote (keys[k]);

          ta_key_reader_fail (self, group, key, "is unknown");
        }
    }
}
