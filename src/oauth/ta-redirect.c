/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-redirect.h"

#include "base/ta-error.h"
#include "oauth/ta-encoding.h"

#include <string.h>

#define CODE_MAX 4096

/* Takes one field out of the query, whose names may be encoded like its values. FALSE: it is there
 * twice or badly encoded. An empty value counts as absent (RFC 6749 section 3.1). */
static gboolean
take_field (char **fields, const char *name, char **value)
{
  gboolean seen = FALSE;

  *value = NULL;
  for (int i = 0; fields[i] != NULL; i++)
    {
      gsize length = strcspn (fields[i], "=");
      g_autofree char *key = ta_encoding_unescape (fields[i], length);

      if (key == NULL)
        return FALSE;
      if (!g_str_equal (key, name))
        continue;
      if (seen)
        return FALSE;
      seen = TRUE;
      if (fields[i][length] == '\0' || fields[i][length + 1] == '\0')
        continue;
      *value = ta_encoding_unescape (fields[i] + length + 1, strlen (fields[i] + length + 1));
      if (*value == NULL)
        return FALSE;
    }
  return TRUE;
}

/* Appendix A.5 and A.11: visible ASCII and space. */
static gboolean
is_sane (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (*c < 0x20 || *c > 0x7e)
      return FALSE;
  return strlen (text) <= CODE_MAX;
}

/* (nullable): NULL if it is no authorization response: a parameter repeated or badly encoded, no
 * state, neither code nor error. Unknown parameters are ignored. */
TaRedirect *
ta_redirect_parse (const char *query)
{
  g_auto (GStrv) fields = g_strsplit (query, "&", -1);
  g_autoptr (TaSecretString) state = NULL;
  g_autoptr (TaSecretString) code = NULL;
  g_autofree char *failure = NULL;
  g_autofree char *issuer = NULL;
  TaRedirect *self;

  if (!take_field (fields, "state", &state) || !take_field (fields, "code", &code)
      || !take_field (fields, "error", &failure) || !take_field (fields, "iss", &issuer)
      || state == NULL || !is_sane (state) || (code == NULL && failure == NULL)
      || (code != NULL && !is_sane (code)))
    return NULL;

  self = g_new0 (TaRedirect, 1);
  self->state = ta_secret_new (state);
  self->code = code != NULL ? ta_secret_new (code) : NULL;
  self->failure = failure != NULL ? g_strdup (ta_error_quote_code (failure)) : NULL;
  self->issuer = g_steal_pointer (&issuer);
  return self;
}

/* (nullable): the answer to the request that had this state, and to no other. Every state takes as
 * long to compare. `query` may be NULL. */
TaRedirect *
ta_redirect_parse_answer (const char *query, const TaSecret *state)
{
  g_autoptr (TaRedirect) self = query == NULL ? NULL : ta_redirect_parse (query);

  if (self == NULL || !ta_secret_equals (state, ta_secret_peek (self->state)))
    return NULL;
  return g_steal_pointer (&self);
}

/* (nullable): the query of an address somebody pasted; NULL if it is not `redirect_uri` with a
 * query. */
char *
ta_redirect_find_query (const char *address, const char *redirect_uri)
{
  gsize length = strlen (redirect_uri);
  const char *query;

  if (strncmp (address, redirect_uri, length) != 0 || address[length] != '?')
    return NULL;
  query = address + length + 1;
  return g_strndup (query, strcspn (query, "#"));
}

/* Whether the answer comes from the server that was asked, against mix-up (RFC 9207 section 2.4),
 * and says one thing: to be asked before anything else is believed, an error included. `iss` is
 * compared as it is; one that the server does not advertise counts all the same. A provider without
 * issuer has nothing to compare with.
 * Errors: TA_ERROR_SIGN_IN_FAILED. */
gboolean
ta_redirect_check (const TaRedirect *self, const TaProvider *provider, GError **error)
{
  const char *problem = NULL;

  if (self->code != NULL && self->failure != NULL)
    problem = "The answer to the authorization request holds both a code and an error: sign in "
              "again, and in no other window meanwhile";
  else if (self->issuer == NULL && provider->issuer != NULL && provider->advertises_iss)
    problem = "The answer to the authorization request does not say which server it is from, as "
              "this provider's does: sign in again, and in no other window meanwhile";
  else if (self->issuer != NULL && provider->issuer != NULL
           && !g_str_equal (self->issuer, provider->issuer))
    problem = "The answer to the authorization request is from another server than the one that "
              "was asked: sign in again, and in no other window meanwhile";
  if (problem != NULL)
    g_set_error_literal (error, TA_ERROR, TA_ERROR_SIGN_IN_FAILED, problem);
  return problem == NULL;
}

/* (nullable): what the authorization server refused; NULL if it gave a code. */
GError *
ta_redirect_get_error (const TaRedirect *self)
{
  if (self->failure == NULL)
    return NULL;
  if (g_str_equal (self->failure, "access_denied"))
    return g_error_new_literal (TA_ERROR, TA_ERROR_SIGN_IN_DENIED,
                                "The user or the provider denied access: sign in again and allow "
                                "it");
  if (g_str_equal (self->failure, "server_error")
      || g_str_equal (self->failure, "temporarily_unavailable"))
    return g_error_new_literal (TA_ERROR, TA_ERROR_SERVER_ERROR,
                                "The provider is out of order: sign in again later");
  return g_error_new (TA_ERROR, TA_ERROR_SIGN_IN_FAILED,
                      "The provider refused the authorization request (%s): check the client id "
                      "and the redirect URI registered there",
                      self->failure);
}

void
ta_redirect_free (TaRedirect *self)
{
  g_clear_pointer (&self->state, ta_secret_unref);
  g_clear_pointer (&self->code, ta_secret_unref);
  g_free (self->failure);
  g_free (self->issuer);
  g_free (self);
}
