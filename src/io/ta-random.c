/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-random.h"

#include "oauth/ta-encoding.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* 256 bits from the kernel as 43 characters of base64url, fit for a state (RFC 6749 section 10.10)
 * and a code verifier (RFC 7636 section 4.1). Without the kernel's random the process ends: there
 * is nothing safe to go on with. */
TaSecret *
ta_random_text (void)
{
  guint8 bytes[32];
  g_autoptr (TaSecretString) text = NULL;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("The kernel gave no random bytes: %s", g_strerror (errno));
  text = ta_encoding_base64url (bytes, sizeof bytes);
  explicit_bzero (bytes, sizeof bytes);
  return ta_secret_new (text);
}
