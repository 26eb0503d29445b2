/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TA_BROWSER_NO_HELPER, /* the installation is not whole */
  TA_BROWSER_NO_WAY,
  TA_BROWSER_BY_ENVIRONMENT, /* BROWSER */
  TA_BROWSER_BY_PORTAL,
  TA_BROWSER_BY_XDG_OPEN,
} TaBrowserWay;

TaBrowserWay ta_browser_find_way (gboolean has_portal);
void ta_browser_open_async (const char *uri, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_browser_open_finish (GAsyncResult *result, GError **error);

G_END_DECLS
