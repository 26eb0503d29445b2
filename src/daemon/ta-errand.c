/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-errand.h"

/* (nullable): what stands in the ledger. */
char *
ta_errand_describe (const TaErrand *self)
{
  switch (self->kind)
    {
    case TA_ERRAND_TOKEN:
      return g_strdup ("token");
    case TA_ERRAND_CALL:
      return g_strconcat (self->method, " ", self->path, NULL);
    case TA_ERRAND_SIGN_IN:
      return g_strdup ("sign-in");
    case TA_ERRAND_SIGN_OUT:
      return g_strdup ("sign-out");
    default:
      return NULL;
    }
}

static gboolean
is_for_sandboxed (const TaErrand *self)
{
  return self->is_own
         || (self->kind != TA_ERRAND_SIGN_OUT && self->kind != TA_ERRAND_CANCEL
             && self->kind != TA_ERRAND_ACTIVITY && self->kind != TA_ERRAND_DIAGNOSIS);
}

/* (nullable): why programs of that class may not do it at all; NULL: they may. A program that leads
 * the user to the provider knows the address, where somebody else could sign in in his place; one
 * that sets the scopes could leave out openid, by which that would be noticed. */
const char *
ta_errand_find_refusal (const TaErrand *self, TaTrust trust)
{
  if (trust == TA_TRUST_HOST)
    return NULL;
  if (trust != TA_TRUST_SANDBOXED)
    return "It cannot be told which program calls: call from a process that waits for the answer";
  if (self->leads_user)
    return "For a sandboxed application the broker opens the browser: leave out "
           "open-browser=false and flow=device";
  if (self->sets_scopes)
    return "All programs share an account, so a sandboxed application does not choose its scopes: "
           "leave out scopes";
  if (!is_for_sandboxed (self))
    return "A sandboxed application may not do this: leave it to the user, who has tidio-auth";
  return NULL;
}

/* Whether the user may have been bothered for nothing: an interactive one ended without an answer,
 * be it an HTTP status, and not for a reason that comes before anybody is asked anything. `result`:
 * as it stands in the ledger. */
gboolean
ta_errand_was_in_vain (const TaErrand *self, const char *result)
{
  const char *const harmless[] = {
    "ok",
    "Busy",
    "InteractionRequired",
    "NoSuchAccount",
    "NotAuthorized",
    "NotConfigured",
    "NotSupported",
    "PathNotAllowed",
    "PortUnavailable",
    "ResponseTooLarge",
    "SignInInProgress",
    NULL,
  };

  return self->interactive && !g_ascii_isdigit (*result) && !g_strv_contains (harmless, result);
}
