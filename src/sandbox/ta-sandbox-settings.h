/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-failure.h"

G_BEGIN_DECLS

#define TA_SANDBOX_SETTINGS_MAX_LIFETIME (10 * 365 * 24 * 3600)
#define TA_SANDBOX_SETTINGS_MAX_DELAY (10 * 60 * 1000)

typedef enum
{
  TA_SANDBOX_ROTATION_OFF,   /* a refresh gives no new refresh token */
  TA_SANDBOX_ROTATION_ON,    /* it does, and a refresh token serves once */
  TA_SANDBOX_ROTATION_GRACE, /* it does, and the old one works until the new one is used */
} TaSandboxRotation;

/* How the server behaves: a value. */
typedef struct
{
  gint64 lifetime; /* of access tokens, seconds; 0: not told, and they do not expire */
  TaSandboxRotation rotation;
  gboolean deny;       /* each authorization is denied without a page */
  gboolean auto_allow; /* each is allowed without a page */
  gint64 delay;        /* milliseconds each token and API answer is held back */
  TaSandboxFailure *failures[TA_SANDBOX_N_ENDPOINTS]; /* (owned) (nullable) */
} TaSandboxSettings;

void ta_sandbox_settings_init (TaSandboxSettings *self);
void ta_sandbox_settings_clear (TaSandboxSettings *self);
void ta_sandbox_settings_copy (const TaSandboxSettings *self, TaSandboxSettings *copy);
void ta_sandbox_settings_set_failure (TaSandboxSettings *self, TaSandboxFailure *failure);
TaSandboxReply *ta_sandbox_settings_fail (TaSandboxSettings *self, TaSandboxEndpoint endpoint);
gboolean ta_sandbox_settings_apply (TaSandboxSettings *self, JsonObject *changes, const char *name,
                                    GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TaSandboxSettings, ta_sandbox_settings_clear)

G_END_DECLS
