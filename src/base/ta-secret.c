/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-secret.h"

#include <libsecret/secret.h>
#include <string.h>

/* libsecret's value is what keeps the text in memory that is locked against swapping, and wipes
 * it. */

struct _TaSecret
{
  SecretValue *value; /* (owned) */
};

TaSecret *
ta_secret_new (const char *text)
{
  TaSecret *self = g_rc_box_new (TaSecret);

  self->value = secret_value_new (text, -1, "text/plain");
  return self;
}

TaSecret *
ta_secret_ref (TaSecret *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaSecret *self = data;

  secret_value_unref (self->value);
}

void
ta_secret_unref (TaSecret *self)
{
  g_rc_box_release_full (self, clear);
}

/* The text, owned by the secret. */
const char *
ta_secret_peek (const TaSecret *self)
{
  return secret_value_get (self->value, NULL);
}

/* Compares in a time that depends on the length alone (RFC 6749 section 10.12 wants state values
 * unguessable; this keeps them so against somebody who measures). */
gboolean
ta_secret_equals (const TaSecret *self, const char *text)
{
  guint8 difference = 0;
  gsize length;
  const char *own = secret_value_get (self->value, &length);

  if (strlen (text) != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    difference |= (guint8) (own[i] ^ text[i]);
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
