/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Takes a key file apart: each key is taken out as it is read; what is left over is unknown, and an
 * error. Reading goes on after an error, of which the first counts; it names file and key. */
typedef struct
{
  GKeyFile *file;   /* (unowned) */
  const char *name; /* (unowned): "Provider file x.conf", say; at most 51 characters */
  GError *error;    /* (owned) (nullable): the first one */
} TaKeyReader;

void ta_key_reader_fail (TaKeyReader *self, const char *group, const char *key,
                         const char *problem);
char *ta_key_reader_take (TaKeyReader *self, const char *group, const char *key);
char *ta_key_reader_take_or (TaKeyReader *self, const char *group, const char *key,
                             const char *fallback);
int ta_key_reader_take_choice (TaKeyReader *self, const char *group, const char *key,
                               const char *const *choices);
char **ta_key_reader_take_words (TaKeyReader *self, const char *group, const char *key);
char *ta_key_reader_take_endpoint (TaKeyReader *self, const char *group, const char *key,
                                   gboolean required);
void ta_key_reader_refuse_rest (TaKeyReader *self);

G_END_DECLS
