/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-dpop-nonces.h"

#include "oauth/ta-dpop.h"

/* The newest nonce of each server, which goes into the next proof for it (RFC 9449 section 8.2). A
 * server is scheme, host and port. What is forgotten costs one more request. */

struct _TaDpopNonces
{
  GHashTable *by_origin; /* (owned): origin to Entry */
  guint64 n_notes;
};

typedef struct
{
  char *nonce;   /* (owned) */
  guint64 noted; /* counts the notes */
} Entry;

static void
entry_free (Entry *entry)
{
  g_free (entry->nonce);
  g_free (entry);
}

TaDpopNonces *
ta_dpop_nonces_new (void)
{
  TaDpopNonces *self = g_new0 (TaDpopNonces, 1);

  self->by_origin
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  return self;
}

void
ta_dpop_nonces_free (TaDpopNonces *self)
{
  g_hash_table_unref (self->by_origin);
  g_free (self);
}

static char *
get_origin (const char *uri)
{
  g_autoptr (GUri) parsed
      = g_uri_parse (uri, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, NULL);
  g_autofree char *host = g_ascii_strdown (g_uri_get_host (parsed), -1);

  return g_strdup_printf ("%s://%s:%d", g_uri_get_scheme (parsed), host, g_uri_get_port (parsed));
}

static void
forget_oldest (TaDpopNonces *self)
{
  GHashTableIter iter;
  gpointer origin, value;
  const char *oldest = NULL;
  guint64 noted = G_MAXUINT64;

  g_hash_table_iter_init (&iter, self->by_origin);
  while (g_hash_table_iter_next (&iter, &origin, &value))
    if (((Entry *) value)->noted < noted)
      {
        oldest = origin;
        noted = ((Entry *) value)->noted;
      }
  g_hash_table_remove (self->by_origin, oldest);
}

/* Takes the nonce of any response; whether it brought one. */
gboolean
ta_dpop_nonces_note (TaDpopNonces *self, const char *uri, const TaHttpResponse *response)
{
  const char *nonce = g_hash_table_lookup (response->headers, "dpop-nonce");
  Entry *entry;

  if (nonce == NULL || !ta_dpop_is_nonce (nonce))
    return FALSE;
  entry = g_new0 (Entry, 1);
  entry->nonce = g_strdup (nonce);
  entry->noted = self->n_notes++;
  g_hash_table_replace (self->by_origin, get_origin (uri), entry);
  if (g_hash_table_size (self->by_origin) > TA_DPOP_NONCES_MAX)
    forget_oldest (self);
  return TRUE;
}

/* (nullable): for a proof that goes to that URI. Owned by this object until its next note. */
const char *
ta_dpop_nonces_find (TaDpopNonces *self, const char *uri)
{
  g_autofree char *origin = get_origin (uri);
  const Entry *entry = g_hash_table_lookup (self->by_origin, origin);

  return entry == NULL ? NULL : entry->nonce;
}
