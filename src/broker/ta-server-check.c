/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-server-check.h"

#include "base/ta-error.h"
#include "broker/ta-check.h"
#include "io/ta-clock.h"
#include "io/ta-route.h"
#include "oauth/ta-endpoint.h"

/* A diagnosis of the way to one server: proxy or address -> one HEAD request to its root, without
 * any token, which shows whether it answers, whether its certificate is trusted, and what time it
 * has. A server that asked to be left alone for a while is; what it answers here closes it for
 * nobody else. */

#define TIMEOUT 7 /* seconds */
#define LENGTH_MAX (64 * 1024)

/* Seconds. Certificates and proofs (RFC 9449 section 11.1) allow for more than the first. */
#define OFFSET_NOTED 30
#define OFFSET_MAX 300

/* What the checks of one server are called. */
typedef struct
{
  const char *route;
  const char *server;
  const char *tls;
  const char *clock;
  const char *words;
} Names;

static const Names names[] = {
  [TA_SERVER_CHECK_OAUTH] = { "route", "server", "tls", "clock", "sign-in server" },
  [TA_SERVER_CHECK_API] = { "api-route", "api-server", "api-tls", "api-clock", "API server" },
};

typedef struct
{
  TaParts *parts; /* (owned) */
  const Names *names;
  char *provider; /* (owned) */
  char *uri;      /* (owned): of the server's root */
  TaRoute route;
  GPtrArray *checks; /* (owned) (nullable): NULL once handed out */
} Look;

static void
look_free (Look *look)
{
  ta_parts_unref (look->parts);
  g_free (look->provider);
  g_free (look->uri);
  g_clear_pointer (&look->checks, g_ptr_array_unref);
  g_free (look);
}

static void
end (GTask *task)
{
  Look *look = g_task_get_task_data (task);

  g_task_return_pointer (task, g_steal_pointer (&look->checks), (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static void
skip (Look *look, const char *id, const char *why)
{
  ta_check_add (look->checks, id, look->provider, TA_CHECK_SKIPPED, "%s", why);
}

static void
skip_rest (Look *look)
{
  skip (look, look->names->tls, "No connection was made, so there is no certificate to look at");
  skip (look, look->names->clock, "No connection was made, so there is no clock to compare with");
}

static void
check_tls (Look *look)
{
  if (g_str_has_prefix (look->uri, "https:"))
    ta_check_add (look->checks, look->names->tls, look->provider, TA_CHECK_OK,
                  "The %s has a certificate that this computer trusts", look->names->words);
  else
    skip (look, look->names->tls, "On this computer itself no TLS is needed");
}

static void
check_clock (Look *look, const TaHttpResponse *response)
{
  const char *text = g_hash_table_lookup (response->headers, "date");
  g_autoptr (GDateTime) date = text == NULL ? NULL : soup_date_time_new_from_http_string (text);
  gint64 offset;

  if (date == NULL)
    {
      skip (look, look->names->clock, "The server does not say what time it has");
      return;
    }
  offset = ta_clock_now ().wall - g_date_time_to_unix (date);
  if (ABS (offset) <= OFFSET_NOTED)
    ta_check_add (look->checks, look->names->clock, look->provider, TA_CHECK_OK,
                  "The clock differs from that of the %s by no more than %d seconds",
                  look->names->words, OFFSET_NOTED);
  else
    ta_check_add (look->checks, look->names->clock, look->provider,
                  ABS (offset) > OFFSET_MAX ? TA_CHECK_ERROR : TA_CHECK_WARNING,
                  "The clock is %" G_GINT64_FORMAT " seconds %s that of the %s: set it, or turn on "
                  "its synchronization",
                  ABS (offset), offset > 0 ? "ahead of" : "behind", look->names->words);
}

static void
check_answer (Look *look, const TaHttpResponse *response)
{
  gboolean is_ill = response->status >= 500;

  ta_check_add (look->checks, look->names->server, look->provider,
                is_ill ? TA_CHECK_WARNING : TA_CHECK_OK, "The %s answers%s (HTTP %u)%s",
                look->names->words, look->route == TA_ROUTE_PROXY ? " through the proxy" : "",
                response->status, is_ill ? ": it may be out of order, try again later" : "");
  check_tls (look);
  check_clock (look, response);
}

/* A host in the message of the error is not passed on. */
static void
check_failure (Look *look, const GError *error)
{
  gboolean has_proxy = look->route == TA_ROUTE_PROXY;
  const char *words = look->names->words;

  if (g_error_matches (error, TA_ERROR, TA_ERROR_TLS))
    {
      ta_check_add (look->checks, look->names->server, look->provider, TA_CHECK_OK,
                    "The %s can be reached", words);
      ta_check_add (look->checks, look->names->tls, look->provider, TA_CHECK_ERROR,
                    "The %s has no certificate that this computer trusts, or only old TLS: check "
                    "network and clock, or set CaFile",
                    words);
      skip (look, look->names->clock, "What a server says is not believed without a certificate");
      return;
    }
  if (g_error_matches (error, TA_ERROR, TA_ERROR_TIMEOUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    ta_check_add (look->checks, look->names->server, look->provider, TA_CHECK_ERROR,
                  "The %s did not answer in time%s: check the network, and try again", words,
                  has_proxy ? " through the proxy" : "");
  else if (error->domain == TA_ERROR && error->code == TA_ERROR_NETWORK)
    ta_check_add (look->checks, look->names->server, look->provider, TA_CHECK_ERROR,
                  has_proxy ? "The %s cannot be reached through the proxy: check the proxy settings"
                            : "The %s cannot be reached: check the network and try again",
                  words);
  else
    ta_check_add (look->checks, look->names->server, look->provider, TA_CHECK_ERROR,
                  "The %s could not be asked, or answers with something else than HTTP: check the "
                  "network and the provider file",
                  words);
  skip_rest (look);
}

static void
head_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Look *look = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_http_send_finish (TA_HTTP (source), result, &error);

  if (response != NULL)
    check_answer (look, response);
  else
    check_failure (look, error);
  end (task);
}

static void
ask (GTask *task)
{
  Look *look = g_task_get_task_data (task);
  const TaHttpRequest request = {
    .method = "HEAD",
    .uri = look->uri,
    .accept = "*/*",
    .max_length = LENGTH_MAX,
    .timeout = TIMEOUT,
  };

  if (ta_throttle_get_wait (look->parts->throttle, look->uri) == 0)
    {
      ta_http_send_async (look->parts->http, &request, g_task_get_cancellable (task), head_cb,
                          task);
      return;
    }
  skip (look, look->names->server,
        "The server asked to be left alone for a while: try again later");
  skip_rest (look);
  end (task);
}

/* Whether there is a way. */
static gboolean
check_route (Look *look)
{
  GPtrArray *checks = look->checks;
  const char *id = look->names->route;

  switch (look->route)
    {
    case TA_ROUTE_LOCAL:
      skip (look, id, "The server is this computer itself");
      return TRUE;
    case TA_ROUTE_DIRECT:
      ta_check_add (checks, id, look->provider, TA_CHECK_OK,
                    "DNS knows the %s, and no proxy is asked", look->names->words);
      return TRUE;
    case TA_ROUTE_PROXY:
      ta_check_add (checks, id, look->provider, TA_CHECK_OK, "A proxy is asked for the %s",
                    look->names->words);
      return TRUE;
    case TA_ROUTE_NO_HOST:
      ta_check_add (checks, id, look->provider, TA_CHECK_ERROR,
                    "DNS does not know the %s: check the network, and its address in the provider "
                    "file",
                    look->names->words);
      break;
    case TA_ROUTE_SILENT:
      ta_check_add (checks, id, look->provider, TA_CHECK_ERROR,
                    "DNS does not answer: check the network");
      break;
    }
  skip (look, look->names->server, "Without its address the server cannot be asked");
  skip_rest (look);
  return FALSE;
}

static void
route_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Look *look = g_task_get_task_data (task);

  look->route = ta_route_find_finish (result);
  if (check_route (look))
    ask (task);
  else
    end (task);
}

/* `uri`: an endpoint of the server. */
void
ta_server_check_async (TaParts *parts, TaServerCheckKind kind, const char *provider,
                       const char *uri, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *origin = ta_endpoint_origin (uri);
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, ta_server_check_async);
  g_task_set_check_cancellable (task, FALSE);
  look->parts = ta_parts_ref (parts);
  look->names = &names[kind];
  look->provider = g_strdup (provider);
  look->uri = g_strconcat (origin, "/", NULL);
  look->checks = ta_check_list_new ();
  g_task_set_task_data (task, look, (GDestroyNotify) look_free);
  ta_route_find_async (look->uri, cancellable, route_cb, task);
}

/* (transfer full) (element-type TaCheck) */
GPtrArray *
ta_server_check_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
