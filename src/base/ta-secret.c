/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-secret.h"

#include <string.h>

struct _TaSecret
{
  gsize length;
  char *text; /* (owned) */
};

TaSecret *
ta_secret_new (const char *text)
{
  TaSecret *self = g_rc_box_new (TaSecret);

  self->length = strlen (text);
  self->text = g_strdup (text);
  return self;
}

TaSecret *
ta_secret_ref (TaSecret *self)
{
  return g_rc_box_acquire (self);
}

static void
wipe (void *data)
{
  TaSecret *self = data;

  explicit_bzero (self->text, self->length);
  g_free (self->text);
}

void
ta_secret_unref (TaSecret *self)
{
  g_rc_box_release_full (self, wipe);
}

/* The text, owned by the secret. */
const char *
ta_secret_peek (const TaSecret *self)
{
  return self->text;
}

/* Compares in a time that depends on the length alone (RFC 6749 section 10.12 wants state values
 * unguessable; this keeps them so against somebody who measures). */
gboolean
ta_secret_equals (const TaSecret *self, const char *text)
{
  guint8 difference = 0;

  if (strlen (text) != self->length)
    return FALSE;
  for (gsize i = 0; i < self->length; i++)
    difference |= (guint8) (self->text[i] ^ text[i]);
  return difference == 0;
}

void
ta_secret_free_string (char *text)
{
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  g_free (text);
}

void
ta_secret_free_gstring (GString *text)
{
  if (text == NULL)
    return;
  explicit_bzero (text->str, text->allocated_len);
  g_string_free (text, TRUE);
}
