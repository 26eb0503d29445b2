/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-api-errors.h"
#include "oauth/ta-answer.h"
#include "oauth/ta-device.h"
#include "oauth/ta-dpop.h"
#include "oauth/ta-endpoint.h"
#include "oauth/ta-host.h"
#include "oauth/ta-identity.h"
#include "oauth/ta-par-response.h"

#include "fuzz.h"

/* The other answers of a provider: to a device authorization request, to the questions that follow
 * it, to a pushed authorization request, to a proof without nonce; who a user is, and why an API
 * refuses a request. */

static const guint statuses[] = { 200, 400, 401, 201, 302, 408, 429, 503, 0, 999, 415 };

static const char provider_file[] = "[Provider]\n"
                                    "AuthorizationEndpoint=https://as.example/authorize\n"
                                    "TokenEndpoint=https://as.example/token\n"
                                    "MetadataHosts=login.example\n"
                                    "[Api]\n"
                                    "BaseUri=https://api.example/\n";

static gboolean
is_ours (const char *uri)
{
  const char *const hosts[] = { "as.example", "login.example", NULL };

  return ta_endpoint_is_valid (uri) && ta_host_is_listed (uri, hosts);
}

static void
try_device (guint status, const char *body, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TaProvider) provider
      = ta_provider_parse ("tidio", provider_file, strlen (provider_file), NULL);
  g_autoptr (TaDevice) device = ta_device_parse (provider, status, body, length, &error);

  if (device == NULL)
    {
      fuzz_check_error (error);
      return;
    }
  fuzz_check_visible (ta_secret_peek (device->device_code));
  fuzz_check_printable (device->user_code);
  g_assert_cmpuint (strlen (device->user_code), <=, 64);
  g_assert_true (is_ours (device->verification_uri));
  g_assert_true (device->verification_uri_complete == NULL
                 || is_ours (device->verification_uri_complete));
  g_assert_true (device->expires_in >= 1 && device->expires_in <= 1800);
  g_assert_true (device->interval >= 1 && device->interval <= 1800);
  g_assert_true (device->first_wait >= 1 && device->first_wait <= device->expires_in);
}

static void
try_poll (guint status, const char *body, gsize length)
{
  g_autoptr (GError) error = NULL;
  TaDevicePoll poll = ta_device_judge (status, body, length, &error);
  guint interval = ta_device_next_interval (5, poll);

  g_assert_true ((poll == TA_DEVICE_FAILED) == (error != NULL));
  if (error != NULL)
    fuzz_check_error (error);
  g_assert_true (interval >= 5 && interval <= 60);
}

static void
try_push (guint status, const char *body, gsize length)
{
  g_autoptr (GError) error = NULL;
  gint64 expires_in = -1;
  g_autofree char *request_uri = ta_par_response_parse (status, body, length, &expires_in, &error);

  g_assert_cmpint (expires_in, >=, 0);
  if (request_uri == NULL)
    fuzz_check_error (error);
  else
    fuzz_check_visible (request_uri);
}

static void
try_user_info (guint status, const char *body, gsize length)
{
  g_autoptr (TaIdentity) identity
      = ta_identity_from_user_info (body, length, "https://api.example/me", "sub");

  if (identity == NULL)
    return;
  g_assert_true (g_utf8_validate (identity->subject, -1, NULL));
  g_assert_true (*identity->subject != '\0' && strlen (identity->subject) <= 255);
}

static void
try_nonce (guint status, const char *body, gsize length)
{
  g_autofree char *code = ta_answer_find_code (status, body, length);

  if (ta_dpop_is_nonce_error (status, body, length))
    g_assert_cmpstr (code, ==, "use_dpop_nonce");
}

static void
try_api_errors (guint status, const char *body, gsize length)
{
  g_autofree char *described = ta_api_errors_describe (body, length);

  if (described == NULL)
    return;
  fuzz_check_printable (described);
  g_assert_cmpuint (strlen (described), <=, TA_API_ERRORS_DESCRIPTION_MAX);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  void (*const tries[]) (guint, const char *, gsize)
      = { try_device, try_poll, try_push, try_user_info, try_nonce, try_api_errors };
  FuzzInput input = { (const char *) data, size };
  guint try = fuzz_take_choice (&input, G_N_ELEMENTS (tries));
  guint status = statuses[fuzz_take_choice (&input, G_N_ELEMENTS (statuses))];
  g_autofree char *body = fuzz_take_bytes (&input);

  tries[try](status, body, input.left);
  return 0;
}
