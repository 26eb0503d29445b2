/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

typedef enum
{
  TA_SIGN_IN_WAITING,
  TA_SIGN_IN_EXCHANGING,
  TA_SIGN_IN_DONE,
  TA_SIGN_IN_FAILED,
} TaSignInState;

typedef enum
{
  TA_SIGN_IN_BY_BROWSER,
  TA_SIGN_IN_BY_ADDRESS, /* the caller opens it in a browser */
  TA_SIGN_IN_BY_DEVICE,  /* the user types a code elsewhere (RFC 8628) */
} TaSignInWay;

/* What can be seen of a sign-in. */
typedef struct
{
  char *account;        /* (owned): account id */
  TaProvider *provider; /* (owned) */
  TaClient *client;     /* (owned) (nullable): NULL while it is not found */
  TaSignInWay way;
  TaSignInState state;
  char *uri;              /* (owned): the address to be opened; empty while it is not known */
  char *user_code;        /* (owned): to be typed; empty while there is none */
  char *verification_uri; /* (owned): where; empty while there is none */
  gint64 expires_at;      /* Unix seconds */
  GError *error;          /* (owned) (nullable): NULL unless failed */
} TaSignInStatus;

#define TA_TYPE_SIGN_IN (ta_sign_in_get_type ())
G_DECLARE_FINAL_TYPE (TaSignIn, ta_sign_in, TA, SIGN_IN, GObject)

TaSignIn *ta_sign_in_new (TaParts *parts, const char *account, TaProvider *provider,
                          const char *const *scopes, TaSignInWay way);
void ta_sign_in_start (TaSignIn *self);
void ta_sign_in_cancel (TaSignIn *self);
gboolean ta_sign_in_complete (TaSignIn *self, const char *address, GError **error);
void ta_sign_in_end (TaSignIn *self, gboolean stored, const GError *error);

const TaSignInStatus *ta_sign_in_get_status (TaSignIn *self);
const char *const *ta_sign_in_get_scopes (TaSignIn *self);
gboolean ta_sign_in_is_over (TaSignIn *self);

G_END_DECLS
