/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The certificate authorities that are trusted besides the system's, as they were read last. */
typedef struct _TaTrustStore TaTrustStore;

TaTrustStore *ta_trust_store_new (void);
void ta_trust_store_free (TaTrustStore *self);
gboolean ta_trust_load (TaTrustStore *self, GTlsDatabase **additional, GError **error);
gboolean ta_trust_accepts (GTlsDatabase *additional, GTlsCertificate *certificate,
                           const char *host);

G_END_DECLS
