/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-dpop-key.h"

#include "base/ta-error.h"
#include "oauth/ta-dpop.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <string.h>

/* GnuTLS makes the keys and signs with them, the library that TLS connections have already. It
 * wipes what it has of a key when the key goes. */

#define TEXT_MAX 4096

struct _TaDpopKey
{
  gnutls_privkey_t key; /* (owned) */
  char *jwk;            /* (owned): the public half */
};

/* For g_auto: bytes that GnuTLS allocated. */
typedef gnutls_datum_t Datum;

static void
datum_clear (Datum *datum)
{
  if (datum->data != NULL)
    explicit_bzero (datum->data, datum->size);
  gnutls_free (datum->data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Datum, datum_clear)

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, TA_ERROR, TA_ERROR_FAILED, message);
  return FALSE;
}

/* Writes a number with exactly so many bytes: GnuTLS puts a zero in front of some, and leaves
 * zeros out in front of others. */
static gboolean
copy_number (const Datum *number, guint8 *bytes, gsize length)
{
  const guint8 *start = number->data;
  gsize used = number->size;

  while (used > 0 && *start == 0)
    start++, used--;
  if (used > length)
    return FALSE;
  memset (bytes, 0, length - used);
  memcpy (bytes + length - used, start, used);
  return TRUE;
}

static gboolean
read_public_half (TaDpopKey *self)
{
  g_auto (Datum) x = { NULL };
  g_auto (Datum) y = { NULL };
  guint8 bytes[2 * TA_DPOP_COORDINATE];
  gnutls_ecc_curve_t curve;

  if (gnutls_privkey_export_ecc_raw2 (self->key, &curve, &x, &y, NULL, 0) != 0
      || curve != GNUTLS_ECC_CURVE_SECP256R1 || !copy_number (&x, bytes, TA_DPOP_COORDINATE)
      || !copy_number (&y, bytes + TA_DPOP_COORDINATE, TA_DPOP_COORDINATE))
    return FALSE;
  self->jwk = ta_dpop_jwk (bytes, bytes + TA_DPOP_COORDINATE);
  return TRUE;
}

static TaDpopKey *
create (void)
{
  TaDpopKey *self = g_rc_box_new0 (TaDpopKey);

  if (gnutls_privkey_init (&self->key) != 0)
    g_error ("GnuTLS has no memory for a key");
  return self;
}

/* Errors: TA_ERROR_FAILED. */
TaDpopKey *
ta_dpop_key_generate (GError **error)
{
  g_autoptr (TaDpopKey) self = create ();
  const unsigned int bits = GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1);

  if (gnutls_privkey_generate (self->key, GNUTLS_PK_ECDSA, bits, 0) == 0 && read_public_half (self))
    return g_steal_pointer (&self);
  fail (error, "GnuTLS could not make a key on P-256: see whether this computer's policy for "
               "cryptography forbids it");
  return NULL;
}

/* Parses what ta_dpop_key_print() gave.
 * Errors: TA_ERROR_FAILED. */
TaDpopKey *
ta_dpop_key_parse (const TaSecret *text, GError **error)
{
  g_autoptr (TaDpopKey) self = create ();
  const char *pem = ta_secret_peek (text);
  const gnutls_datum_t data = { (unsigned char *) pem, (unsigned int) strlen (pem) };

  if (data.size <= TEXT_MAX
      && gnutls_privkey_import_x509_raw (self->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0) == 0
      && gnutls_privkey_verify_params (self->key) == 0 && read_public_half (self))
    return g_steal_pointer (&self);
  fail (error, "The key that this login is bound to is damaged: sign in again");
  return NULL;
}

/* As text, to be stored: PKCS#8 (RFC 5958) in PEM.
 * Errors: TA_ERROR_FAILED. */
TaSecret *
ta_dpop_key_print (const TaDpopKey *self, GError **error)
{
  gnutls_x509_privkey_t key;
  g_auto (Datum) pem = { NULL };
  g_autoptr (TaSecretString) text = NULL;

  if (gnutls_privkey_export_x509 (self->key, &key) == 0)
    {
      gnutls_x509_privkey_export2_pkcs8 (key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
      gnutls_x509_privkey_deinit (key);
    }
  if (pem.data == NULL)
    {
      fail (error, "GnuTLS could not export a key");
      return NULL;
    }
  text = g_strndup ((const char *) pem.data, pem.size);
  return ta_secret_new (text);
}

TaDpopKey *
ta_dpop_key_ref (TaDpopKey *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaDpopKey *self = data;

  gnutls_privkey_deinit (self->key);
  g_free (self->jwk);
}

void
ta_dpop_key_unref (TaDpopKey *self)
{
  g_rc_box_release_full (self, clear);
}

/* The public half, as ta_dpop_jwk() prints it. Owned by the key. */
const char *
ta_dpop_key_get_jwk (const TaDpopKey *self)
{
  return self->jwk;
}

/* Writes TA_DPOP_SIGNATURE bytes: r and s, one behind the other (RFC 7518 section 3.4), which is
 * not what GnuTLS gives. Errors: TA_ERROR_FAILED. */
gboolean
ta_dpop_key_sign (const TaDpopKey *self, const char *text, guint8 *signature, GError **error)
{
  const gnutls_datum_t data = { (unsigned char *) text, (unsigned int) strlen (text) };
  g_auto (Datum) der = { NULL };
  g_auto (Datum) r = { NULL };
  g_auto (Datum) s = { NULL };

  if (gnutls_privkey_sign_data2 (self->key, GNUTLS_SIGN_ECDSA_SHA256, 0, &data, &der) == 0
      && gnutls_decode_rs_value (&der, &r, &s) == 0
      && copy_number (&r, signature, TA_DPOP_SIGNATURE / 2)
      && copy_number (&s, signature + TA_DPOP_SIGNATURE / 2, TA_DPOP_SIGNATURE / 2))
    return TRUE;
  return fail (error, "GnuTLS could not sign with the key that this login is bound to: sign in "
                      "again");
}
