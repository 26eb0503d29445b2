/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-deadline.h"
#include "io/ta-http-request.h"
#include "io/ta-http-response.h"

G_BEGIN_DECLS

/* One request on its way, and its response. */
typedef struct
{
  SoupMessage *message;     /* (owned) */
  GTlsDatabase *additional; /* (owned) (nullable): trusted besides the system's authorities */
  TaDeadline *deadline;     /* (owned) */
  TaHttpResponse *response; /* (owned) */
  gsize max_length;
  gsize *held;    /* (owned): a g_rc_box: bytes that all hold */
  gsize own;      /* of those, this one's */
  gint64 ends_at; /* on the boot clock, seconds */
  guint timeout;  /* seconds */
  gboolean has_upload;
  GSocket *socket;  /* (owned) (nullable): of the connection that was made for this request */
  gboolean streams; /* the body is left in the stream */
  guint n_informational;
  gboolean was_sent;
  gboolean weak_tls;
  gboolean is_lost; /* on a kept connection, and it must not be sent again */
} TaExchange;

TaExchange *ta_exchange_new (SoupMessage *message, GTlsDatabase *additional,
                             const TaHttpRequest *request, GCancellable *cancellable, gsize *held);
void ta_exchange_hold (TaExchange *self, gsize bytes);
GError *ta_exchange_translate (const TaExchange *self, const GError *error);
void ta_exchange_free (TaExchange *self);

G_END_DECLS
