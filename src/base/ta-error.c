/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-error.h"

#include <string.h>

#define NAME(code, name)                                                                           \
  {                                                                                                \
    TA_ERROR_##code, "org.tidio.Auth.Error." name                                                  \
  }

static const GDBusErrorEntry entries[] = {
  NAME (SIGN_IN_REQUIRED, "SignInRequired"),
  NAME (INTERACTION_REQUIRED, "InteractionRequired"),
  NAME (STORAGE_LOCKED, "StorageLocked"),
  NAME (SIGN_IN_DENIED, "SignInDenied"),
  NAME (SIGN_IN_CANCELLED, "SignInCancelled"),
  NAME (SIGN_IN_TIMEOUT, "SignInTimeout"),
  NAME (WRONG_ACCOUNT, "WrongAccount"),

  NAME (NETWORK, "Network"),
  NAME (TIMEOUT, "Timeout"),
  NAME (SERVER_ERROR, "ServerError"),
  NAME (RATE_LIMITED, "RateLimited"),
  NAME (BUSY, "Busy"),
  NAME (STORAGE_UNAVAILABLE, "StorageUnavailable"),
  NAME (SIGN_IN_IN_PROGRESS, "SignInInProgress"),
  NAME (PORT_UNAVAILABLE, "PortUnavailable"),

  NAME (NOT_CONFIGURED, "NotConfigured"),
  NAME (NO_SUCH_ACCOUNT, "NoSuchAccount"),
  NAME (NOT_AUTHORIZED, "NotAuthorized"),
  NAME (SIGN_IN_FAILED, "SignInFailed"),
  NAME (BROWSER_FAILED, "BrowserFailed"),
  NAME (TLS, "Tls"),
  NAME (INVALID_RESPONSE, "InvalidResponse"),
  NAME (CLIENT_REJECTED, "ClientRejected"),
  NAME (PATH_NOT_ALLOWED, "PathNotAllowed"),
  NAME (RESPONSE_TOO_LARGE, "ResponseTooLarge"),
  NAME (STORAGE_CORRUPT, "StorageCorrupt"),
  NAME (NOT_SUPPORTED, "NotSupported"),
  NAME (FAILED, "Failed"),
};

G_STATIC_ASSERT (G_N_ELEMENTS (entries) == TA_ERROR_N_CODES);

/* Registers the D-Bus names too, so that both ends of the bus see the same domain and codes. */
GQuark
ta_error_quark (void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain ("ta-error-quark", &quark, entries, G_N_ELEMENTS (entries));
  return (GQuark) quark;
}

/* Whether only a person can mend it. */
gboolean
ta_error_needs_user (const GError *error)
{
  return error->domain == TA_ERROR && error->code <= TA_ERROR_WRONG_ACCOUNT;
}

/* Whether the same call may succeed later without anybody doing anything. */
gboolean
ta_error_is_transient (const GError *error)
{
  return error->domain == TA_ERROR && error->code >= TA_ERROR_NETWORK
         && error->code <= TA_ERROR_PORT_UNAVAILABLE;
}

/* Makes text of unknown origin fit for a message: printable ASCII only, shortened. */
char *
ta_error_quote (const char *untrusted)
{
  GString *quoted = g_string_new (NULL);

  for (const char *c = untrusted; *c != '\0' && quoted->len < 80; c++)
    g_string_append_c (quoted, *c >= 0x20 && *c <= 0x7e ? *c : '?');
  return g_string_free (quoted, FALSE);
}

/* An error code of a server, fit for a message; anything else than a word might carry a secret. */
const char *
ta_error_quote_code (const char *untrusted)
{
  gsize length = strspn (untrusted, G_CSET_a_2_z "_");

  return length > 0 && length <= 40 && untrusted[length] == '\0' ? untrusted
                                                                 : "an unregistered code";
}
