/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TA_ERRAND_TOKEN,
  TA_ERRAND_CALL,
  TA_ERRAND_SIGN_IN,
  TA_ERRAND_SIGN_OUT,
  TA_ERRAND_CANCEL,   /* of a sign-in */
  TA_ERRAND_ACTIVITY, /* to read what others did */
  TA_ERRAND_DIAGNOSIS,
} TaErrandKind;

/* What somebody calls for, as far as it matters to whether and when it is done. */
typedef struct
{
  TaErrandKind kind;
  const char *account;  /* (nullable): account id; empty: the default account */
  const char *newcomer; /* (nullable): what that means while there is no account at all */
  const char *method;   /* (nullable): of an API call, a constant */
  const char *path;     /* (nullable): and what it is about */
  gboolean interactive; /* it may take as long as a person does */
  gboolean is_own;      /* it is about something of the caller's */
  gboolean leads_user;  /* it is the caller that takes the user to where he signs in */
  gboolean sets_scopes; /* of what all programs share */
  gboolean streams;     /* it lasts as long as somebody reads and writes */
  guint timeout;        /* seconds for all of it; 0: none */
  gsize bytes;          /* that it holds */
} TaErrand;

char *ta_errand_describe (const TaErrand *self);
gboolean ta_errand_was_in_vain (const TaErrand *self, const char *result);
const char *ta_errand_find_refusal (const TaErrand *self, TaTrust trust);

G_END_DECLS
