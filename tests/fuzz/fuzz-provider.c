/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/ta-configuration.h"
#include "oauth/ta-authorization.h"
#include "oauth/ta-endpoint.h"

#include "fuzz.h"

/* A provider file: what it names can be used safely, and nothing in it can add a parameter of its
 * own to the address that a browser opens. The configuration file has the same form. */

/* The longest id there can be. */
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
check_endpoint (const char *uri)
{
  g_assert_true (uri == NULL || ta_endpoint_is_valid (uri));
  if (uri != NULL)
    fuzz_check_visible (uri);
}

/* How often the query has the parameter. */
static guint
count (const char *query, const char *name)
{
  g_auto (GStrv) fields = g_strsplit (query, "&", -1);
  g_autofree char *prefix = g_strconcat (name, "=", NULL);
  guint found = 0;

  for (int i = 0; fields[i] != NULL; i++)
    found += g_str_has_prefix (fields[i], prefix);
  return found;
}

static void
check_authorization (const TaProvider *provider)
{
  const char *const single[] = { "client_id", "redirect_uri", "response_type", "state" };
  g_autofree char *query = ta_authorization_query (provider, "id", provider->redirect_uri, NULL,
                                                   "state", "verifier", NULL);
  g_autofree char *uri = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (single); i++)
    g_assert_cmpuint (count (query, single[i]), ==, 1);
  g_assert_cmpuint (count (query, "code_challenge"), ==, provider->pkce ? 1 : 0);
  g_assert_cmpuint (count (query, "resource"), ==, g_strv_length (provider->resources));
  fuzz_check_visible (query);
  if (provider->authorization_endpoint == NULL)
    return;
  uri = ta_authorization_uri (provider, "id", provider->redirect_uri, NULL, "state", "verifier",
                              NULL);
  fuzz_check_visible (uri);
  g_assert_true (g_str_has_prefix (uri, provider->authorization_endpoint));
  g_assert_true (g_str_has_suffix (uri, query));
}

static void
check_provider (const TaProvider *provider)
{
  g_assert_true (g_utf8_validate (provider->name, -1, NULL));
  check_endpoint (provider->issuer);
  check_endpoint (provider->authorization_endpoint);
  check_endpoint (provider->token_endpoint);
  check_endpoint (provider->revocation_endpoint);
  check_endpoint (provider->device_authorization_endpoint);
  check_endpoint (provider->pushed_authorization_request_endpoint);
  check_endpoint (provider->base_uri);
  g_assert_true (g_str_has_suffix (provider->base_uri, "/"));
  g_assert_null (strchr (provider->base_uri, '?'));
  g_assert_true (ta_endpoint_is_redirect_uri (provider->redirect_uri));
  fuzz_check_printable (provider->accept);
  if (provider->client_id != NULL)
    fuzz_check_printable (provider->client_id);
  for (int i = 0; provider->scopes[i] != NULL; i++)
    fuzz_check_visible (provider->scopes[i]);
  check_authorization (provider);
}

static void
try_configuration (const char *bytes, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaConfiguration) configuration = ta_configuration_parse (bytes, size, &error);

  if (configuration == NULL)
    fuzz_check_error (error);
  else
    g_assert_true (configuration->ca_file == NULL || g_path_is_absolute (configuration->ca_file));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *bytes = fuzz_take_bytes (&input);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider = ta_provider_parse (ID, bytes, size, &error);

  if (provider == NULL)
    fuzz_check_error (error);
  else
    check_provider (provider);
  try_configuration (bytes, size);
  return 0;
}
