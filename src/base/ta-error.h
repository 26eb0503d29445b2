/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define TA_ERROR (ta_error_quark ())

/* In three groups, which tell a client what to do: a user is needed; waiting helps; the caller, the
 * configuration or the provider is wrong. */
typedef enum
{
  TA_ERROR_SIGN_IN_REQUIRED,
  TA_ERROR_INTERACTION_REQUIRED,
  TA_ERROR_STORAGE_LOCKED,
  TA_ERROR_SIGN_IN_DENIED,
  TA_ERROR_SIGN_IN_CANCELLED,
  TA_ERROR_SIGN_IN_TIMEOUT,
  TA_ERROR_WRONG_ACCOUNT,

  TA_ERROR_NETWORK,
  TA_ERROR_TIMEOUT,
  TA_ERROR_SERVER_ERROR,
  TA_ERROR_RATE_LIMITED,
  TA_ERROR_BUSY,
  TA_ERROR_STORAGE_UNAVAILABLE,
  TA_ERROR_SIGN_IN_IN_PROGRESS,
  TA_ERROR_PORT_UNAVAILABLE,

  TA_ERROR_NOT_CONFIGURED,
  TA_ERROR_NO_SUCH_ACCOUNT,
  TA_ERROR_NOT_AUTHORIZED,
  TA_ERROR_SIGN_IN_FAILED,
  TA_ERROR_BROWSER_FAILED,
  TA_ERROR_TLS,
  TA_ERROR_INVALID_RESPONSE,
  TA_ERROR_CLIENT_REJECTED,
  TA_ERROR_PATH_NOT_ALLOWED,
  TA_ERROR_RESPONSE_TOO_LARGE,
  TA_ERROR_STORAGE_CORRUPT,
  TA_ERROR_NOT_SUPPORTED,
  TA_ERROR_FAILED,
} TaError;

#define TA_ERROR_N_CODES (TA_ERROR_FAILED + 1)

/* Longest error message, in bytes. */
#define TA_ERROR_MESSAGE_MAX 200

GQuark ta_error_quark (void);
gboolean ta_error_needs_user (const GError *error);
gboolean ta_error_is_transient (const GError *error);
char *ta_error_quote (const char *untrusted);
const char *ta_error_quote_code (const char *untrusted);

G_END_DECLS
