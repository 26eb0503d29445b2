/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-credential.h"

#include "ta-error.h"

#include <string.h>

/* The protocol between git and its credential helpers, as git-credential(1) describes it: lines of
 * "key=value", without any quoting, up to an empty line or the end.
 *
 * Because nothing is quoted, a line break that gets into a value makes another line of it, and a
 * reader that takes a carriage return for one sees lines that the writer did not mean. So neither
 * passes in either direction, NUL does not, and a message whose end is missing or that says
 * something twice is no message: better no answer than one to a question that nobody asked. */

/* Keys that may stand once. What else there is, such as "path", is not looked at. */
static const char *const keys[]
    = { "protocol", "host", "username", "password", "authtype", "credential", NULL };

enum
{
  PROTOCOL,
  HOST,
  USERNAME,
  PASSWORD,
  AUTHTYPE,
  CREDENTIAL,
  N_KEYS,
};

/* What was read so far; the values point into the message and end with a line. */
typedef struct
{
  const char *values[N_KEYS]; /* (nullable) */
  gsize lengths[N_KEYS];
  gboolean authtype;
  gboolean has_schemes;
  gboolean has_bearer;
} Reading;

static gboolean
fail (GError **error, const char *sentence)
{
  g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED, sentence);
  return FALSE;
}

/* Whether a WWW-Authenticate header has a challenge of the scheme Bearer; there may be several
 * challenges in one (RFC 9110 section 11.6.1). */
static gboolean
names_bearer (const char *value, gsize length)
{
  const char *scheme = "bearer";
  gsize scheme_length = strlen (scheme);

  for (gsize i = 0; i + scheme_length <= length; i++)
    {
      gsize end = i + scheme_length;

      if (g_ascii_strncasecmp (value + i, scheme, scheme_length) == 0
          && (i == 0 || value[i - 1] == ',' || value[i - 1] == ' ')
          && (end == length || value[end] == ' ' || value[end] == ','))
        return TRUE;
    }
  return FALSE;
}

/* A key that may stand several times; an empty value takes back what stood before. */
static void
read_list (Reading *reading, const char *key, gsize key_length, const char *value, gsize length)
{
  if (key_length == strlen ("capability[]") && strncmp (key, "capability[]", key_length) == 0)
    reading->authtype
        = length != 0
          && (reading->authtype
              || (length == strlen ("authtype") && strncmp (value, "authtype", length) == 0));
  if (key_length == strlen ("wwwauth[]") && strncmp (key, "wwwauth[]", key_length) == 0)
    {
      reading->has_schemes = length != 0;
      reading->has_bearer = length != 0 && (reading->has_bearer || names_bearer (value, length));
    }
}

static gboolean
read_line (Reading *reading, const char *line, gsize length, GError **error)
{
  const char *equals = memchr (line, '=', length);
  gsize key_length = equals == NULL ? 0 : (gsize) (equals - line);
  const char *value = line + key_length + 1;

  if (key_length == 0)
    return fail (error, "A line of the credential request is not of the form key=value");
  for (int i = 0; keys[i] != NULL; i++)
    if (key_length == strlen (keys[i]) && strncmp (line, keys[i], key_length) == 0)
      {
        if (reading->values[i] != NULL)
          return fail (error, "The credential request says something twice");
        reading->values[i] = value;
        reading->lengths[i] = length - key_length - 1;
      }
  read_list (reading, line, key_length, value, length - key_length - 1);
  return TRUE;
}

static gboolean
read_lines (Reading *reading, const char *data, gsize length, GError **error)
{
  const char *end = data + length;

  if (length > TA_CREDENTIAL_MAX)
    return fail (error, "The credential request is too long");
  if (memchr (data, '\r', length) != NULL || memchr (data, '\0', length) != NULL)
    return fail (error, "The credential request has a carriage return or a NUL in it");
  while (data < end && *data != '\n')
    {
      const char *line_end = memchr (data, '\n', (gsize) (end - data));

      if (line_end == NULL)
        return fail (error, "The credential request breaks off within a line");
      if (!read_line (reading, data, (gsize) (line_end - data), error))
        return FALSE;
      data = line_end + 1;
    }
  if (reading->values[PROTOCOL] == NULL || reading->values[HOST] == NULL)
    return fail (error, "The credential request names no protocol and host");
  return TRUE;
}

static char *
take (const Reading *reading, int key)
{
  return g_strndup (reading->values[key], reading->lengths[key]);
}

/* A whole request; `data` is the caller's to wipe.
 * Errors: TA_ERROR_FAILED: it is none. */
TaCredential *
ta_credential_parse (const char *data, gsize length, GError **error)
{
  Reading reading = { 0 };
  TaCredential *self;
  int secret;

  if (!read_lines (&reading, data, length, error))
    return NULL;
  secret = reading.values[CREDENTIAL] != NULL ? CREDENTIAL : PASSWORD;
  self = g_new0 (TaCredential, 1);
  self->protocol = take (&reading, PROTOCOL);
  self->host = take (&reading, HOST);
  self->username = reading.values[USERNAME] == NULL ? NULL : take (&reading, USERNAME);
  if (reading.values[secret] != NULL)
    {
      g_autoptr (TaSecretString) text = take (&reading, secret);

      self->secret = ta_secret_new (text);
    }
  self->authtype = reading.authtype;
  self->no_bearer = reading.has_schemes && !reading.has_bearer;
  return self;
}

/* (nullable): host and port of an https URI in one spelling: lower case, without the default
 * port. */
static char *
normalize_uri (const char *uri)
{
  g_autofree char *scheme = NULL;
  g_autofree char *host = NULL;
  g_autofree char *lower = NULL;
  gboolean has_colons;
  int port = -1;

  if (!g_uri_split_network (uri, G_URI_FLAGS_ENCODED, &scheme, &host, &port, NULL)
      || g_ascii_strcasecmp (scheme, "https") != 0 || *host == '\0')
    return NULL;
  lower = g_ascii_strdown (host, -1);
  has_colons = strchr (lower, ':') != NULL;
  if (port == -1 || port == 443)
    return g_strconcat (has_colons ? "[" : "", lower, has_colons ? "]" : "", NULL);
  return g_strdup_printf (has_colons ? "[%s]:%d" : "%s:%d", lower, port);
}

/* Whether the request is for exactly the host and port of an API, over https. */
gboolean
ta_credential_is_for (const TaCredential *self, const char *base_uri)
{
  g_autofree char *wanted = normalize_uri (base_uri);
  g_autofree char *host = g_ascii_strdown (self->host, -1);

  if (wanted == NULL || !g_str_equal (self->protocol, "https"))
    return FALSE;
  if (g_str_has_suffix (host, ":443"))
    host[strlen (host) - strlen (":443")] = '\0';
  return g_str_equal (host, wanted);
}

static gboolean
is_line (const char *text)
{
  return *text != '\0' && strpbrk (text, "\r\n") == NULL;
}

/* The answer to "get", which is a secret; `expires_at` 0: unknown. Who takes credentials that are
 * no passwords gets a bearer token (RFC 6750 section 2.1), others the token in place of a password.
 * NULL: the token or the account would not stay in its line. */
char *
ta_credential_answer (const TaCredential *self, const char *account, const char *token,
                      gint64 expires_at)
{
  g_autofree char *expiry
      = g_strdup_printf ("password_expiry_utc=%" G_GINT64_FORMAT "\n", expires_at);
  gboolean is_bearer = self->authtype && !self->no_bearer;

  if (!is_line (account) || !is_line (token))
    return NULL;
  return g_strconcat (is_bearer ? "capability[]=authtype\nauthtype=Bearer\nephemeral=1\n" : "",
                      "username=", account, is_bearer ? "\ncredential=" : "\npassword=", token,
                      "\n", expires_at > 0 ? expiry : "", NULL);
}

void
ta_credential_free (TaCredential *self)
{
  g_free (self->protocol);
  g_free (self->host);
  g_free (self->username);
  g_clear_pointer (&self->secret, ta_secret_unref);
  g_free (self);
}
