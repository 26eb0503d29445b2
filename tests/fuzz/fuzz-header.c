/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-max-age.h"
#include "io/ta-retry-after.h"
#include "oauth/ta-dpop.h"

#include "fuzz.h"

/* Header values of a provider's answers: times to wait within bounds, nonces that may be sent on.
 */

#define NOW G_GINT64_CONSTANT (1700000000)
#define HOUR 3600

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *value = fuzz_take_text (&input);
  gint64 seconds = ta_retry_after_parse (value, NOW);
  gint64 reset = ta_retry_after_parse_reset (value, NOW);
  gint64 age = ta_max_age_parse (value);

  g_assert_true (seconds >= 0 && seconds <= HOUR);
  g_assert_true (reset >= 0 && reset <= HOUR);
  g_assert_true (age >= -1 && age <= G_MAXINT32);
  if (ta_dpop_is_nonce (value))
    fuzz_check_visible (value);
  if (ta_dpop_is_nonce_challenge (401, value))
    g_assert_nonnull (strstr (value, "use_dpop_nonce"));
  g_assert_false (ta_dpop_is_nonce_challenge (200, value));
  return 0;
}
