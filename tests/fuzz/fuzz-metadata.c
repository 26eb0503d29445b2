/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oauth/ta-endpoint.h"
#include "oauth/ta-host.h"
#include "oauth/ta-provider.h"

#include "fuzz.h"

/* A provider's metadata: it is the asked issuer's, and never leads codes, tokens or secrets to a
 * host that the provider file does not name, nor to plain http. */

#define ISSUER "https://as.example"

static const char provider_file[] = "[Provider]\n"
                                    "Issuer=" ISSUER "\n"
                                    "MetadataHosts=login.example\n"
                                    "[Api]\n"
                                    "BaseUri=https://api.example/\n";

static void
check_endpoint (const char *uri)
{
  const char *const hosts[] = { "as.example", "login.example", NULL };

  if (uri == NULL)
    return;
  fuzz_check_visible (uri);
  g_assert_true (g_str_has_prefix (uri, "https:"));
  g_assert_true (ta_host_is_listed (uri, hosts));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  g_autofree char *bytes = fuzz_take_bytes (&input);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaMetadata) metadata = ta_metadata_parse (bytes, size, ISSUER, &error);
  g_autoptr (TaProvider) provider = NULL;
  g_autoptr (TaProvider) complete = NULL;

  if (metadata == NULL)
    {
      fuzz_check_error (error);
      return 0;
    }
  g_assert_cmpstr (metadata->issuer, ==, ISSUER);
  provider = ta_provider_parse ("tidio", provider_file, strlen (provider_file), NULL);
  complete = ta_provider_complete (provider, metadata, &error);
  if (complete == NULL)
    fuzz_check_error (error);
  else
    {
      g_assert_nonnull (complete->authorization_endpoint);
      g_assert_nonnull (complete->token_endpoint);
      check_endpoint (complete->authorization_endpoint);
      check_endpoint (complete->token_endpoint);
      check_endpoint (complete->revocation_endpoint);
      check_endpoint (complete->device_authorization_endpoint);
      check_endpoint (complete->pushed_authorization_request_endpoint);
    }
  return 0;
}
