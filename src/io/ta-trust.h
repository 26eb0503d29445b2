/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean ta_trust_load (GTlsDatabase **additional, GError **error);
gboolean ta_trust_accepts (GTlsDatabase *additional, GTlsCertificate *certificate,
                           const char *host);

G_END_DECLS
