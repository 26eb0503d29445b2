/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TA_ROUTE_LOCAL,   /* to this computer itself */
  TA_ROUTE_DIRECT,  /* the address of the host is known */
  TA_ROUTE_PROXY,   /* a proxy is to be asked, which finds the address itself */
  TA_ROUTE_NO_HOST, /* the name service knows no such host */
  TA_ROUTE_SILENT,  /* it did not say */
} TaRoute;

void ta_route_find_async (const char *uri, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
TaRoute ta_route_find_finish (GAsyncResult *result);

G_END_DECLS
