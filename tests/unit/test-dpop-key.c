/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-error.h"
#include "base/ta-json.h"
#include "io/ta-dpop-key.h"
#include "oauth/ta-dpop.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "unit.h"

#define BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define END "-----END PRIVATE KEY-----\n"

/* A key of RFC 9449's proof in section 4.1, and that proof. */
#define EXAMPLE_JWK                                                                                \
  "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\","       \
  "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\"}"
#define EXAMPLE_INPUT                                                                              \
  "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"   \
  "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"   \
  "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsIm"    \
  "h0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ"
#define EXAMPLE_SIGNATURE                                                                          \
  "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"

static guint8 *
decode (const char *text, gsize expected)
{
  g_autofree char *padded = g_strconcat (text, &"==="[(strlen (text) + 3) % 4], NULL);
  gsize length;
  guint8 *bytes;

  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  bytes = g_base64_decode (padded, &length);
  g_assert_cmpuint (length, ==, expected);
  return bytes;
}

static gnutls_pubkey_t
import (const char *jwk)
{
  g_autoptr (JsonObject) object = ta_json_parse_object (jwk, strlen (jwk), 4096, NULL);
  g_autofree guint8 *x = decode (ta_json_get_string (object, "x"), TA_DPOP_COORDINATE);
  g_autofree guint8 *y = decode (ta_json_get_string (object, "y"), TA_DPOP_COORDINATE);
  const gnutls_datum_t x_datum = { x, TA_DPOP_COORDINATE };
  const gnutls_datum_t y_datum = { y, TA_DPOP_COORDINATE };
  gnutls_pubkey_t key;

  gnutls_pubkey_init (&key);
  g_assert_cmpint (
      gnutls_pubkey_import_ecc_raw (key, GNUTLS_ECC_CURVE_SECP256R1, &x_datum, &y_datum), ==, 0);
  return key;
}

/* Whether the signature is one of the text by the holder of the key; from the public half alone. */
static gboolean
verifies (const char *jwk, const char *text, const guint8 *signature)
{
  const gnutls_datum_t data = { (unsigned char *) text, (unsigned int) strlen (text) };
  const gnutls_datum_t r = { (unsigned char *) signature, TA_DPOP_SIGNATURE / 2 };
  const gnutls_datum_t s
      = { (unsigned char *) signature + TA_DPOP_SIGNATURE / 2, TA_DPOP_SIGNATURE / 2 };
  gnutls_pubkey_t key = import (jwk);
  gnutls_datum_t der = { NULL, 0 };
  int result;

  g_assert_cmpint (gnutls_encode_rs_value (&der, &r, &s), ==, 0);
  result = gnutls_pubkey_verify_data2 (key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &der);
  gnutls_free (der.data);
  gnutls_pubkey_deinit (key);
  return result >= 0;
}

/* The check that the others rest on takes the RFC's signature, and no other. */
static void
check_example (void)
{
  g_autofree guint8 *signature = decode (EXAMPLE_SIGNATURE, TA_DPOP_SIGNATURE);

  g_assert_true (verifies (EXAMPLE_JWK, EXAMPLE_INPUT, signature));
  g_assert_false (verifies (EXAMPLE_JWK, "other", signature));
  signature[TA_DPOP_SIGNATURE - 1] ^= 1;
  g_assert_false (verifies (EXAMPLE_JWK, EXAMPLE_INPUT, signature));
}

static void
assert_signs (const TaDpopKey *key, const char *text)
{
  guint8 signature[TA_DPOP_SIGNATURE];
  g_autoptr (GError) error = NULL;

  g_assert_true (ta_dpop_key_sign (key, text, signature, &error));
  g_assert_no_error (error);
  g_assert_true (verifies (ta_dpop_key_get_jwk (key), text, signature));
}

/* Until each of the numbers had a zero in front, which one in 256 has. */
static void
check_sign (void)
{
  g_autoptr (TaDpopKey) key = ta_dpop_key_generate (NULL);
  guint8 signature[TA_DPOP_SIGNATURE];
  int n_short_r = 0;
  int n_short_s = 0;

  g_assert_nonnull (key);
  for (int i = 0; i < 1000 || n_short_r == 0 || n_short_s == 0; i++)
    {
      g_autofree char *text = g_strdup_printf ("text %d", i);

      g_assert_true (ta_dpop_key_sign (key, text, signature, NULL));
      g_assert_true (verifies (ta_dpop_key_get_jwk (key), text, signature));
      n_short_r += signature[0] == 0;
      n_short_s += signature[TA_DPOP_SIGNATURE / 2] == 0;
      g_assert_cmpint (i, <, 100000);
    }
  assert_signs (key, "");
}

static void
check_generate (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (int i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TaDpopKey) key = ta_dpop_key_generate (&error);

      g_assert_no_error (error);
      g_assert_true (g_hash_table_add (seen, g_strdup (ta_dpop_key_get_jwk (key))));
      assert_signs (key, "text");
    }
}

static void
check_round_trip (void)
{
  g_autoptr (TaDpopKey) key = ta_dpop_key_generate (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaSecret) text = ta_dpop_key_print (key, &error);
  g_autoptr (TaDpopKey) again = NULL;
  guint8 signature[TA_DPOP_SIGNATURE];

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (ta_secret_peek (text), BEGIN));
  g_assert_true (g_str_is_ascii (ta_secret_peek (text)));
  again = ta_dpop_key_parse (text, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ta_dpop_key_get_jwk (again), ==, ta_dpop_key_get_jwk (key));
  g_assert_true (ta_dpop_key_sign (again, "text", signature, NULL));
  g_assert_true (verifies (ta_dpop_key_get_jwk (key), "text", signature));
}

static void
check_last_owner (void)
{
  TaDpopKey *key = ta_dpop_key_generate (NULL);
  TaDpopKey *other = ta_dpop_key_ref (key);

  g_assert_true (other == key);
  ta_dpop_key_unref (key);
  assert_signs (other, "text");
  ta_dpop_key_unref (other);
}

typedef struct
{
  const char *id;
  const char *pem;
  const char *x;
  const char *y;
} Known;

/* Made by another library (Python's cryptography), each with a zero in front of one number. */
static const Known known[] = {
  { "zero-in-x",
    BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgea+wFaVJQAqZLwgw\n"
          "6Orr/N3uwxSlqTMSXnUbydvNE7yhRANCAAQA/LsQDuPf/ib/l+2wdSwLNkVHKaS/\n"
          "Hv46U2vC99WkejYdKiWdFQZW0hzytbdw6gsoh0geUZAKPojo2IJSHmSt\n" END,
    "APy7EA7j3_4m_5ftsHUsCzZFRymkvx7-OlNrwvfVpHo", "Nh0qJZ0VBlbSHPK1t3DqCyiHSB5RkAo-iOjYglIeZK0" },
  { "zero-in-y",
    BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgM7NfbASWdRU3oE7K\n"
          "Nwbg/e7KPYswyxA2Tl4ubYzpFWyhRANCAAT2/MUNNpQy3CJYWo0Guc9zJQfBeKFS\n"
          "Z1y3TbeY7jK1EgAHdaIqRVi3qgHQpxrI0AXWSijKbQf9ibMutdF/tUzp\n" END,
    "9vzFDTaUMtwiWFqNBrnPcyUHwXihUmdct023mO4ytRI", "AAd1oipFWLeqAdCnGsjQBdZKKMptB_2Jsy610X-1TOk" },
  { "zero-in-private-number",
    BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgADzan5XdXu4S8na+\n"
          "/s9wPMGRCosZWiPuLt9eo/GUpUWhRANCAAQ2A6pP+iKKuI5L/5XlrLikim1QfPAN\n"
          "X379Z44xT2tFnYSH5lzARCG88aMHtTEGmOdhVWQK1vOS2c28Y5tRca+W\n" END,
    "NgOqT_oiiriOS_-V5ay4pIptUHzwDV9-_WeOMU9rRZ0", "hIfmXMBEIbzxowe1MQaY52FVZArW85LZzbxjm1Fxr5Y" },
};

static void
check_known (gconstpointer data)
{
  const Known *row = data;
  g_autoptr (TaSecret) text = ta_secret_new (row->pem);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaDpopKey) key = ta_dpop_key_parse (text, &error);
  g_autoptr (TaSecret) printed = NULL;
  g_autoptr (TaDpopKey) again = NULL;
  g_autofree char *jwk = g_strdup_printf (
      "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", row->x, row->y);

  g_assert_no_error (error);
  g_assert_cmpstr (ta_dpop_key_get_jwk (key), ==, jwk);
  assert_signs (key, "text");
  printed = ta_dpop_key_print (key, NULL);
  again = ta_dpop_key_parse (printed, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ta_dpop_key_get_jwk (again), ==, jwk);
}

typedef struct
{
  const char *id;
  const char *text;
} Damage;

static const Damage damages[] = {
  { "empty", "" },
  { "word", "CANARY" },
  { "no-body", BEGIN END },
  { "no-end", BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgea+wFaVJQAqZLwgw\n" },
  { "cut", BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgea+wFaVJQAqZLwgw\n"
                 "6Orr/N3uwxSlqTMSXnUbydvNE7yhRANCAAQA/LsQDuPf/ib/l+2wdSwLNkVHKaS/\n" END },
  { "public-half-of-another",
    BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgea+wFaVJQAqZLwgw\n"
          "6Orr/N3uwxSlqTMSXnUbydvNE7yhRANCAAT2/MUNNpQy3CJYWo0Guc9zJQfBeKFS\n"
          "Z1y3TbeY7jK1EgAHdaIqRVi3qgHQpxrI0AXWSijKbQf9ibMutdF/tUzp\n" END },
  { "point-not-on-the-curve",
    BEGIN "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgea+wFaVJQAqZLwgw\n"
          "6Orr/N3uwxSlqTMSXnUbydvNE7yhRANCAAQA/LsQDuPf/ib/l+2wdSwLNkVHKaS/\n"
          "Hv46U2vC99WkejYdKiWdFQZW0hzytbdw6gsoh0geUZAKPojo2IJSHmSu\n" END },
  { "other-curve", BEGIN "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCozxHnVOaipzxCpZoB\n"
                         "Evc0nsBJeRYwFbiS6JQxpp424HkREWyokKizMp1+nQSRug2hZANiAATWNdhifu59\n"
                         "TPD0SDBcuzq5c5ymy81o2lofH7uSAhPTcYSA/ZcMmzT2rXz8ZJF+xxQk3LxNbCgn\n"
                         "NAVGE1BUaRU835cDCQu6mFPBDXEJkpkOIl6UZn9H4InHeiqCc0w4m3E=\n" END },
  { "other-algorithm",
    BEGIN "MC4CAQAwBQYDK2VwBCIEINFPH9z8TmU6ZuSpmMNK97mVenc5J/vdaomYZunIh7jt\n" END },
  { "encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                 "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh0yoB50s0+QgICCAAw\n"
                 "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEHC407Q5+6Y0uoZN5Xle36YEgZAl\n"
                 "JoqXVaZ4f6madQ8/XPvBk0nZd+uRlbHy2hqKw8xVwlFV8zCIstSbGwAHLZIvRFHz\n"
                 "+5wWXJijKDpzz+qboaoklIdSVNbSALNcGkxUeJbNk2bhtjYdsch6PcKoeoDKY1Qk\n"
                 "C2CQn9LrZRswJFdlD5EmiMFy6UHBJk9K8vrD7hkhIJez20rfcfjfvlByoE56PxE=\n"
                 "-----END ENCRYPTED PRIVATE KEY-----\n" },
};

static void
check_damage (gconstpointer data)
{
  const Damage *row = data;
  g_autoptr (TaSecret) text = ta_secret_new (row->text);
  g_autoptr (GError) error = NULL;

  g_assert_null (ta_dpop_key_parse (text, &error));
  unit_assert_error (error, TA_ERROR, TA_ERROR_FAILED);
  g_assert_null (strstr (error->message, "CANARY"));
}

static void
check_large (void)
{
  g_autofree char *spaces = unit_repeat ("\n", 5000);
  g_autofree char *large = g_strconcat (spaces, known[0].pem, NULL);
  g_autoptr (TaSecret) text = ta_secret_new (large);

  g_assert_null (ta_dpop_key_parse (text, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dpop-key/UN-DK-01-example", check_example);
  g_test_add_func ("/dpop-key/UN-DK-02-sign", check_sign);
  g_test_add_func ("/dpop-key/UN-DK-03-generate", check_generate);
  g_test_add_func ("/dpop-key/UN-DK-04-round-trip", check_round_trip);
  g_test_add_func ("/dpop-key/UN-DK-05-last-owner", check_last_owner);
  UNIT_ADD_ROWS ("/dpop-key/UN-DK-06-known", known, check_known);
  UNIT_ADD_ROWS ("/dpop-key/UN-DK-07-damage", damages, check_damage);
  g_test_add_func ("/dpop-key/UN-DK-08-large", check_large);
  return g_test_run ();
}
