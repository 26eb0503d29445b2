/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"

G_BEGIN_DECLS

/* What the user can be asked to allow. */
typedef enum
{
  TA_CONSENT_READ,
  TA_CONSENT_CHANGE,
  TA_CONSENT_TOKEN,
  TA_CONSENT_SIGN_IN,
} TaConsentWish;

/* What the user is told about it, in the user's language. */
typedef struct
{
  char *title;    /* (owned) */
  char *subtitle; /* (owned): who asks, for what, of which account */
  char *body;     /* (owned): what else is good to know */
  char *command;  /* (owned): a sentence with the command that does the same */
} TaConsentText;

TaConsentText *ta_consent_text_new (const TaApplication *application, const char *account,
                                    TaConsentWish wish);
TaConsentText *ta_consent_text_copy (const TaConsentText *self);
void ta_consent_text_free (TaConsentText *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaConsentText, ta_consent_text_free)

G_END_DECLS
