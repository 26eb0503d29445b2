/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-keyring-error.h"

#include "base/ta-error.h"

#include <libsecret/secret.h>

/* What went wrong with the Secret Service, from libsecret's and the bus's words into ours. A
 * service can send any error that GDBus knows by name, G_IO_ERROR_CANCELLED and all of TA_ERROR
 * too. So that a call was given up is for the deadline to say, and of our own only two count, which
 * a service can bring about anyway: by being locked, or by failing. */

/* Whether another try with a new session would not help. NULL: libsecret failed and did not say
 * how. */
gboolean
ta_keyring_error_is_final (const GError *error, TaDeadline *deadline)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_cancellable_is_cancelled (ta_deadline_get_cancellable (deadline));
  return error != NULL
         && (g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED)
             || g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE)
             || g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED));
}

/* The only place where libsecret's and the bus's errors become ours. */
GError *
ta_keyring_error_translate (const GError *error, TaDeadline *deadline)
{
  if (ta_deadline_has_expired (deadline))
    return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE,
                                "The keyring did not answer in time: see whether it waits for a "
                                "password");
  if (g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_LOCKED,
                                "The keyring is locked: unlock it and try again");
  if (ta_keyring_error_is_final (error, deadline))
    return g_error_copy (error);
  return g_error_new_literal (TA_ERROR, TA_ERROR_STORAGE_UNAVAILABLE,
                              "There is no usable Secret Service: start a keyring such as "
                              "gnome-keyring, KWallet or KeePassXC");
}
