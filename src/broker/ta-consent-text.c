/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-consent-text.h"

#include "base/ta-grants.h"

#include <glib/gi18n.h>

/* Nothing in these texts comes from whoever asks, but for its id. */

static char *
create_title (const char *account, TaConsentWish wish)
{
  switch (wish)
    {
    case TA_CONSENT_READ:
      return g_strdup_printf (_ ("Allow reading the account %s?"), account);
    case TA_CONSENT_CHANGE:
      return g_strdup_printf (_ ("Allow changing the account %s?"), account);
    case TA_CONSENT_TOKEN:
      return g_strdup_printf (_ ("Give away a token of the account %s?"), account);
    case TA_CONSENT_SIGN_IN:
    default:
      return g_strdup_printf (_ ("Sign in to the account %s?"), account);
    }
}

static char *
create_subtitle (const char *id, const char *account, TaConsentWish wish)
{
  switch (wish)
    {
    case TA_CONSENT_READ:
      return g_strdup_printf (
          _ ("%s wants to read all data of the account %s. It could not change anything."), id,
          account);
    case TA_CONSENT_CHANGE:
      return g_strdup_printf (_ ("%s wants to read, change and delete all data of the account %s."),
                              id, account);
    case TA_CONSENT_TOKEN:
      return g_strdup_printf (_ ("%s wants to have tokens of the account %s. Whoever has one can "
                                 "do all that you can, until it expires."),
                              id, account);
    case TA_CONSENT_SIGN_IN:
    default:
      return g_strdup_printf (
          _ ("%s wants you to sign in to the account %s. The browser opens for that."), id,
          account);
    }
}

/* For a shell. */
static char *
create_command (const TaApplication *application, const char *account, TaConsentWish wish)
{
  const char *const options[] = {
    [TA_CONSENT_READ] = " --call 'GET /*' --call 'HEAD /*'",
    [TA_CONSENT_CHANGE] = "",
    [TA_CONSENT_TOKEN] = " --token",
  };
  g_autofree char *name = ta_grants_get_name (application);
  g_autofree char *quoted = g_shell_quote (name);
  g_autofree char *command = NULL;

  if (wish == TA_CONSENT_SIGN_IN)
    return g_strdup_printf (_ ("To sign in, run: tidio-auth sign-in %s"), account);
  command = g_strdup_printf ("tidio-auth apps allow %s %s%s", quoted, account, options[wish]);
  return g_strdup_printf (_ ("To allow it, run: %s"), command);
}

/* `account`: the id of one. */
TaConsentText *
ta_consent_text_new (const TaApplication *application, const char *account, TaConsentWish wish)
{
  TaConsentText *self = g_new0 (TaConsentText, 1);

  self->title = create_title (account, wish);
  self->subtitle = create_subtitle (application->id, account, wish);
  if (application->trust != TA_TRUST_SANDBOXED)
    self->body
        = g_strdup (_ ("This name is what the program calls itself; nobody vouches for it."));
  else if (wish == TA_CONSENT_SIGN_IN)
    self->body = g_strdup ("");
  else
    self->body = g_strdup (_ ("tidio-auth apps shows what you allowed and takes it back."));
  self->command = create_command (application, account, wish);
  return self;
}

TaConsentText *
ta_consent_text_copy (const TaConsentText *self)
{
  TaConsentText *copy = g_new0 (TaConsentText, 1);

  copy->title = g_strdup (self->title);
  copy->subtitle = g_strdup (self->subtitle);
  copy->body = g_strdup (self->body);
  copy->command = g_strdup (self->command);
  return copy;
}

void
ta_consent_text_free (TaConsentText *self)
{
  g_free (self->title);
  g_free (self->subtitle);
  g_free (self->body);
  g_free (self->command);
  g_free (self);
}
