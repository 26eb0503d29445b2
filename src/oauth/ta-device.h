/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-secret.h"
#include "oauth/ta-provider.h"

G_BEGIN_DECLS

/* A device authorization response (RFC 8628 section 3.2): where somebody is to type `user_code`,
 * and what to ask the token endpoint with meanwhile. */
typedef struct
{
  TaSecret *device_code;           /* (owned) */
  char *user_code;                 /* (owned): fit for a message */
  char *verification_uri;          /* (owned) */
  char *verification_uri_complete; /* (owned) (nullable): has the user code in it */
  guint expires_in;                /* seconds */
  guint first_wait;                /* seconds to wait before the first question */
  guint interval;                  /* seconds to wait from one question to the next */
} TaDevice;

/* What the token endpoint said of a device code (RFC 8628 section 3.5). */
typedef enum
{
  TA_DEVICE_GRANTED,    /* an answer for ta_token_response_parse() */
  TA_DEVICE_PENDING,    /* ask again */
  TA_DEVICE_SLOW_DOWN,  /* ask again, less often from now on */
  TA_DEVICE_UNANSWERED, /* no answer, or none that means anything: ask again, ever less often */
  TA_DEVICE_FAILED,     /* do not ask again */
} TaDevicePoll;

TaDevice *ta_device_parse (const TaProvider *provider, guint status, const char *body, gsize length,
                           GError **error);
TaDevicePoll ta_device_judge (guint status, const char *body, gsize length, GError **error);
guint ta_device_next_interval (guint interval, TaDevicePoll poll);
void ta_device_free (TaDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaDevice, ta_device_free)

G_END_DECLS
