/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-credential.h"
#include "base/ta-error.h"

#include "unit.h"

#define COUNT (-1)
#define ASKED "protocol=https\nhost=api.example.com\n"
#define AUTHTYPE "capability[]=authtype\n" ASKED

typedef struct
{
  const char *id;
  const char *text;
  gssize length; /* COUNT: up to the NUL */
} Refused;

static const Refused refused[] = {
  { "GC-01-nothing", "", COUNT },
  { "GC-01-empty-line", "\n" ASKED, COUNT },
  { "GC-01-no-host", "protocol=https\n", COUNT },
  { "GC-01-no-protocol", "host=api.example.com\n", COUNT },
  { "GC-01-host-behind-end", "protocol=https\n\nhost=api.example.com\n", COUNT },
  { "GC-01-url", "url=https://api.example.com\n", COUNT },
  { "GC-01-no-last-line-break", "protocol=https\nhost=api.example.com", COUNT },
  { "GC-01-cr-in-host", "protocol=https\nhost=api.example.com\rx\n", COUNT },
  { "GC-01-cr-lf", "protocol=https\r\nhost=api.example.com\r\n", COUNT },
  { "GC-01-cr-in-unknown", ASKED "path=a\rhost=b\n", COUNT },
  { "GC-01-cr-behind-end", ASKED "\n\r", COUNT },
  { "GC-01-nul-in-host", "protocol=https\nhost=api.example.com\0x\n", 38 },
  { "GC-01-nul-in-unknown", ASKED "path=\0\n", 43 },
  { "GC-01-nul-behind-end", ASKED "\n\0", 38 },
  { "GC-01-no-equals", ASKED "path\n", COUNT },
  { "GC-01-no-key", ASKED "=value\n", COUNT },
  { "GC-01-protocol-twice", "protocol=http\n" ASKED, COUNT },
  { "GC-01-host-twice", ASKED "host=evil.example\n", COUNT },
  { "GC-01-same-host-twice", ASKED "host=api.example.com\n", COUNT },
  { "GC-01-username-twice", ASKED "username=a\nusername=b\n", COUNT },
  { "GC-01-password-twice", ASKED "password=a\npassword=\n", COUNT },
  { "GC-01-credential-twice", ASKED "credential=a\ncredential=b\n", COUNT },
};

static TaCredential *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  TaCredential *asked = ta_credential_parse (text, strlen (text), &error);

  g_assert_no_error (error);
  return asked;
}

static void
check_refused (gconstpointer data)
{
  const Refused *row = data;
  gsize length = row->length == COUNT ? strlen (row->text) : (gsize) row->length;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_credential_parse (row->text, length, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_FAILED);
}

static void
test_parts (void)
{
  g_autoptr (TaCredential) asked = parse (
      "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=Api.Example.com:443\n"
      "path=a=b\nusername=work=1\npassword=p=w \nunknown=1\nunknown=2\n\nhost=other\n");

  g_assert_cmpstr (asked->protocol, ==, "https");
  g_assert_cmpstr (asked->host, ==, "Api.Example.com:443");
  g_assert_cmpstr (asked->username, ==, "work=1");
  g_assert_cmpstr (ta_secret_peek (asked->secret), ==, "p=w ");
  g_assert_true (asked->authtype);
  g_assert_false (asked->no_bearer);
}

static void
test_least (void)
{
  g_autoptr (TaCredential) asked = parse (ASKED);

  g_assert_null (asked->username);
  g_assert_null (asked->secret);
  g_assert_false (asked->authtype);
  g_assert_false (asked->no_bearer);
}

static void
test_credential_first (void)
{
  g_autoptr (TaCredential) asked = parse (ASKED "password=a\nauthtype=Bearer\ncredential=b\n");

  g_assert_cmpstr (ta_secret_peek (asked->secret), ==, "b");
}

/* A message of exactly the most bytes, one of a byte more, and one of a megabyte. */
static void
test_long (void)
{
  g_autofree char *filler = unit_repeat ("x", 1024 * 1024);
  g_autofree char *text = g_strconcat (ASKED "path=", filler, "\n", NULL);
  g_autoptr (TaCredential) longest = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_credential_parse (text, strlen (text), &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_FAILED);
  g_clear_error (&error);
  text[TA_CREDENTIAL_MAX - 1] = '\n';
  longest = ta_credential_parse (text, TA_CREDENTIAL_MAX, &error);
  g_assert_no_error (error);
  text[TA_CREDENTIAL_MAX] = '\n';
  g_assert_null (ta_credential_parse (text, TA_CREDENTIAL_MAX + 1, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_FAILED);
}

typedef struct
{
  const char *id;
  const char *lists;
  gboolean authtype;
  gboolean no_bearer;
} List;

static const List lists[] = {
  { "none", "", FALSE, FALSE },
  { "other-capability", "capability[]=state\n", FALSE, FALSE },
  { "longer-capability", "capability[]=authtypes\n", FALSE, FALSE },
  { "no-list", "capability=authtype\n", FALSE, FALSE },
  { "taken-back", "capability[]=authtype\ncapability[]=\n", FALSE, FALSE },
  { "again", "capability[]=\ncapability[]=authtype\n", TRUE, FALSE },
  { "twice", "capability[]=authtype\ncapability[]=authtype\n", TRUE, FALSE },
  { "basic", "wwwauth[]=Basic realm=\"GitLab\"\n", FALSE, TRUE },
  { "bearer", "wwwauth[]=bearer realm=\"x\"\n", FALSE, FALSE },
  { "bearer-alone", "wwwauth[]=Bearer\n", FALSE, FALSE },
  { "bearer-after-basic", "wwwauth[]=Basic realm=\"x\"\nwwwauth[]=Bearer\n", FALSE, FALSE },
  { "bearer-before-basic", "wwwauth[]=Bearer\nwwwauth[]=Basic realm=\"x\"\n", FALSE, FALSE },
  { "bearer-in-one", "wwwauth[]=Basic realm=\"x\", Bearer\n", FALSE, FALSE },
  { "bearer-in-word", "wwwauth[]=Forbearer x\nwwwauth[]=Bearers\n", FALSE, TRUE },
  { "schemes-taken-back", "wwwauth[]=Basic realm=\"x\"\nwwwauth[]=\n", FALSE, FALSE },
};

static void
check_list (gconstpointer data)
{
  const List *row = data;
  g_autofree char *text = g_strconcat (row->lists, ASKED, NULL);
  g_autoptr (TaCredential) asked = parse (text);

  g_assert_cmpint (asked->authtype, ==, row->authtype);
  g_assert_cmpint (asked->no_bearer, ==, row->no_bearer);
}

typedef struct
{
  const char *id;
  const char *protocol;
  const char *host;
  const char *base_uri;
  gboolean matches;
} Host;

#define URI "https://api.example.com/v1/"

static const Host hosts[] = {
  { "GC-02-same", "https", "api.example.com", URI, TRUE },
  { "GC-02-case-and-port", "https", "API.Example.COM:443", URI, TRUE },
  { "GC-02-case-of-base", "https", "api.example.com", "https://API.example.com/v1/", TRUE },
  { "GC-02-port-of-base", "https", "api.example.com", "https://api.example.com:443/v1/", TRUE },
  { "GC-02-other-port-of-both", "https", "api.example.com:8443", "https://api.example.com:8443/",
    TRUE },
  { "GC-02-ipv6", "https", "[2001:DB8::1]:443", "https://[2001:db8::1]/", TRUE },
  { "GC-02-ipv6-port", "https", "[2001:db8::1]:8443", "https://[2001:db8::1]:8443/", TRUE },
  { "GC-02-http", "http", "api.example.com", URI, FALSE },
  { "GC-02-http-both", "http", "127.0.0.1:8700", "http://127.0.0.1:8700/v1/", FALSE },
  { "GC-02-http-base", "https", "127.0.0.1:8700", "http://127.0.0.1:8700/v1/", FALSE },
  { "GC-02-http-443", "https", "api.example.com", "http://api.example.com:443/", FALSE },
  { "GC-02-protocol-case", "HTTPS", "api.example.com", URI, FALSE },
  { "GC-02-protocol-empty", "", "api.example.com", URI, FALSE },
  { "GC-02-other", "https", "evil.example", URI, FALSE },
  { "GC-02-longer", "https", "api.example.com.evil.example", URI, FALSE },
  { "GC-02-shorter", "https", "example.com", URI, FALSE },
  { "GC-02-below", "https", "x.api.example.com", URI, FALSE },
  { "GC-02-dot", "https", "api.example.com.", URI, FALSE },
  { "GC-02-path", "https", "api.example.com/v1", URI, FALSE },
  { "GC-02-path-evil", "https", "evil.example/api.example.com", URI, FALSE },
  { "GC-02-user", "https", "me@api.example.com", URI, FALSE },
  { "GC-02-user-evil", "https", "api.example.com@evil.example", URI, FALSE },
  { "GC-02-backslash", "https", "evil.example\\.api.example.com", URI, FALSE },
  { "GC-02-fragment", "https", "api.example.com#x", URI, FALSE },
  { "GC-02-escape", "https", "api.example%2ecom", URI, FALSE },
  { "GC-02-space", "https", "api.example.com ", URI, FALSE },
  { "GC-02-other-port", "https", "api.example.com:8443", URI, FALSE },
  { "GC-02-no-port", "https", "api.example.com", "https://api.example.com:8443/", FALSE },
  { "GC-02-port-twice", "https", "api.example.com:443:443", URI, FALSE },
  { "GC-02-port-zero", "https", "api.example.com:0443", URI, FALSE },
  { "GC-02-port-empty", "https", "api.example.com:", URI, FALSE },
  { "GC-02-port-alone", "https", ":443", URI, FALSE },
  { "GC-02-empty", "https", "", URI, FALSE },
  { "GC-02-no-base", "https", "api.example.com", "", FALSE },
  { "GC-02-no-base-no-host", "https", "", "", FALSE },
  { "GC-02-not-ascii", "https", "api.example.c\xc3\xb6m", URI, FALSE },
};

static void
check_host (gconstpointer data)
{
  const Host *row = data;
  g_autofree char *text = g_strdup_printf ("protocol=%s\nhost=%s\n", row->protocol, row->host);
  g_autoptr (TaCredential) asked = parse (text);

  g_assert_cmpint (ta_credential_is_for (asked, row->base_uri), ==, row->matches);
}

typedef struct
{
  const char *id;
  const char *asked;
  const char *account;
  const char *token;
  gint64 expires_at;
  const char *answer; /* (nullable) */
} Answer;

#define BEARER "capability[]=authtype\nauthtype=Bearer\nephemeral=1\n"

static const Answer answers[] = {
  { "password", ASKED, "work", "t0ken", 1800000000,
    "username=work\npassword=t0ken\npassword_expiry_utc=1800000000\n" },
  { "no-expiry", ASKED, "work", "t0ken", 0, "username=work\npassword=t0ken\n" },
  { "bearer", AUTHTYPE, "work", "t0ken", 1800000000,
    BEARER "username=work\ncredential=t0ken\npassword_expiry_utc=1800000000\n" },
  { "bearer-offered", AUTHTYPE "wwwauth[]=Bearer\n", "work", "t0ken", 0,
    BEARER "username=work\ncredential=t0ken\n" },
  { "bearer-not-offered", AUTHTYPE "wwwauth[]=Basic realm=\"x\"\n", "work", "t0ken", 0,
    "username=work\npassword=t0ken\n" },
  { "GC-01-cr-in-token", ASKED, "work", "t0\rken", 0, NULL },
  { "GC-01-lf-in-token", ASKED, "work", "t0ken\nhost=evil.example", 0, NULL },
  { "GC-01-lf-behind-token", AUTHTYPE, "work", "t0ken\n", 0, NULL },
  { "GC-01-empty-token", AUTHTYPE, "work", "", 0, NULL },
  { "GC-01-lf-in-account", ASKED, "wo\nrk", "t0ken", 0, NULL },
  { "GC-01-cr-in-account", AUTHTYPE, "work\r", "t0ken", 0, NULL },
};

static void
check_answer (gconstpointer data)
{
  const Answer *row = data;
  g_autoptr (TaCredential) asked = parse (row->asked);
  g_autofree char *answer = ta_credential_answer (asked, row->account, row->token, row->expires_at);

  g_assert_cmpstr (answer, ==, row->answer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  UNIT_ADD_ROWS ("/credential/UN-CR-01-refused", refused, check_refused);
  g_test_add_func ("/credential/UN-CR-02-parts", test_parts);
  g_test_add_func ("/credential/UN-CR-03-least", test_least);
  g_test_add_func ("/credential/UN-CR-04-credential-first", test_credential_first);
  g_test_add_func ("/credential/UN-CR-05-long", test_long);
  UNIT_ADD_ROWS ("/credential/UN-CR-06-lists", lists, check_list);
  UNIT_ADD_ROWS ("/credential/UN-CR-07-host", hosts, check_host);
  UNIT_ADD_ROWS ("/credential/UN-CR-08-answer", answers, check_answer);
  return g_test_run ();
}
