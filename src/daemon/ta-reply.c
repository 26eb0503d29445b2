/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-reply.h"

#include "base/ta-error.h"

#include <string.h>

/* The message as it may leave the process: printable ASCII and short. */
char *
ta_reply_message (const GError *error)
{
  g_autofree char *message = g_strndup (error->message, TA_ERROR_MESSAGE_MAX);

  for (char *c = message; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      *c = '?';
  return g_steal_pointer (&message);
}

/* Answers a call with an error: ours or InvalidArgs by name, anything else as Failed. */
void
ta_reply_error (GDBusMethodInvocation *invocation, const GError *error)
{
  g_autofree char *message = ta_reply_message (error);

  if (error->domain == TA_ERROR || error->domain == G_DBUS_ERROR)
    g_dbus_method_invocation_return_error_literal (invocation, error->domain, error->code, message);
  else
    g_dbus_method_invocation_return_error_literal (invocation, TA_ERROR, TA_ERROR_FAILED,
                                                   "Something failed inside the broker: see its "
                                                   "log");
}
