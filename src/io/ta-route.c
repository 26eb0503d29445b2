/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-route.h"

#include "io/ta-deadline.h"
#include "oauth/ta-endpoint.h"

/* By what way a request to a URI goes, as TaHttp would send it: proxy? -> address of the host. */

#define TIMEOUT 4 /* seconds */

typedef struct
{
  char *host;           /* (owned) */
  TaDeadline *deadline; /* (owned) */
} Find;

static void
find_free (Find *find)
{
  g_free (find->host);
  ta_deadline_free (find->deadline);
  g_free (find);
}

static void
address_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  GList *addresses = g_resolver_lookup_by_name_finish (G_RESOLVER (source), result, &error);

  if (addresses != NULL)
    g_task_return_int (task, TA_ROUTE_DIRECT);
  else
    g_task_return_int (task, g_error_matches (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND)
                                 ? TA_ROUTE_NO_HOST
                                 : TA_ROUTE_SILENT);
  g_resolver_free_addresses (addresses);
}

static void
proxy_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Find *find = g_task_get_task_data (task);
  g_autoptr (GResolver) resolver = NULL;
  g_auto (GStrv) proxies = g_proxy_resolver_lookup_finish (G_PROXY_RESOLVER (source), result, NULL);

  if (proxies != NULL && proxies[0] != NULL && !g_str_equal (proxies[0], "direct://"))
    {
      g_task_return_int (task, TA_ROUTE_PROXY);
      return;
    }
  resolver = g_resolver_get_default ();
  g_resolver_lookup_by_name_async (resolver, find->host,
                                   ta_deadline_get_cancellable (find->deadline), address_cb,
                                   g_steal_pointer (&task));
}

void
ta_route_find_async (const char *uri, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GUri) parsed = ta_endpoint_parse (uri);
  Find *find;

  g_task_set_source_tag (task, ta_route_find_async);
  g_task_set_check_cancellable (task, FALSE);
  if (parsed == NULL || ta_endpoint_is_loopback (g_uri_get_host (parsed)))
    {
      g_task_return_int (task, parsed == NULL ? TA_ROUTE_NO_HOST : TA_ROUTE_LOCAL);
      return;
    }
  find = g_new0 (Find, 1);
  find->host = g_strdup (g_uri_get_host (parsed));
  find->deadline = ta_deadline_new (TIMEOUT, cancellable);
  g_task_set_task_data (task, find, (GDestroyNotify) find_free);
  g_proxy_resolver_lookup_async (g_proxy_resolver_get_default (), uri,
                                 ta_deadline_get_cancellable (find->deadline), proxy_cb,
                                 g_steal_pointer (&task));
}

TaRoute
ta_route_find_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), TA_ROUTE_SILENT);
  return (TaRoute) g_task_propagate_int (G_TASK (result), NULL);
}
