/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-callback.h"

#include <libsoup/soup.h>

/* The loopback callback server (RFC 8252 section 7.3): a SoupServer that listens nowhere itself and
 * gets only what the gate lets through. A visit waits unanswered until its page is known, and keeps
 * the server alive until the page is written. */

struct _TaCallback
{
  GObject parent_instance;

  TaGate *gate;       /* (owned) (nullable): NULL once closed */
  SoupServer *server; /* (owned) */
  char *redirect_uri; /* (owned): with the real port */
  TaGateMattersFunc matters;
  TaCallbackFunc function;
  gpointer user_data; /* (unowned) */
};

G_DEFINE_FINAL_TYPE (TaCallback, ta_callback, G_TYPE_OBJECT)

struct _TaCallbackVisit
{
  SoupServer *server;         /* (owned) */
  SoupServerMessage *message; /* (owned) */
  guint timer;
  TaPage last_page;     /* once the timer rings */
  gboolean is_released; /* nobody is going to answer it any more */
  gboolean is_answered;
  gboolean is_finished; /* the page is written, or the browser left */
};

static void
visit_free (TaCallbackVisit *visit)
{
  g_object_unref (visit->message);
  g_object_unref (visit->server);
  g_free (visit);
}

static gboolean
on_turn (gpointer user_data)
{
  visit_free (user_data);
  return G_SOURCE_REMOVE;
}

/* The server must not go while it emits, so freeing waits; but not until there is nothing else to
 * do, because a flood of visits would never end. */
static void
on_finished (SoupServerMessage *message, TaCallbackVisit *visit)
{
  g_signal_handlers_disconnect_by_data (message, visit);
  visit->is_finished = TRUE;
  if (visit->is_released)
    g_idle_add_full (G_PRIORITY_DEFAULT, on_turn, visit, NULL);
}

static void
write_page (TaCallbackVisit *visit, TaPage page)
{
  g_autoptr (GBytes) html = ta_page_render (page);
  g_auto (GStrv) headers = ta_page_get_headers ();
  SoupMessageHeaders *response = soup_server_message_get_response_headers (visit->message);

  visit->is_answered = TRUE;
  for (int i = 0; headers[i] != NULL; i += 2)
    soup_message_headers_replace (response, headers[i], headers[i + 1]);
  soup_server_message_set_status (visit->message, ta_page_get_status (page), NULL);
  soup_message_body_append_bytes (soup_server_message_get_response_body (visit->message), html);
  soup_server_message_unpause (visit->message);
}

static gboolean
on_time (gpointer user_data)
{
  TaCallbackVisit *visit = user_data;

  visit->timer = 0;
  if (!visit->is_finished)
    write_page (visit, visit->last_page);
  return G_SOURCE_REMOVE;
}

/* The browser gets this page unless there is an answer within so many seconds. */
void
ta_callback_visit_set_last_page (TaCallbackVisit *visit, guint seconds, TaPage page)
{
  visit->last_page = page;
  visit->timer = g_timeout_add_seconds (seconds, on_time, visit);
}

/* Answers a visit, which is freed once its page is written. */
void
ta_callback_visit_answer (TaCallbackVisit *visit, TaPage page)
{
  g_clear_handle_id (&visit->timer, g_source_remove);
  visit->is_released = TRUE;
  if (visit->is_finished)
    visit_free (visit);
  else if (!visit->is_answered)
    write_page (visit, page);
}

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer user_data)
{
  TaCallback *self = TA_CALLBACK (user_data);
  const char *raw = g_uri_get_query (soup_server_message_get_uri (message));
  TaCallbackVisit *visit = g_new0 (TaCallbackVisit, 1);

  visit->server = g_object_ref (server);
  visit->message = g_object_ref (message);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), visit);
  soup_server_message_pause (message);
  self->function (visit, raw != NULL ? raw : "", self->user_data);
}

static gboolean
matters (const char *query, gpointer user_data)
{
  TaCallback *self = TA_CALLBACK (user_data);

  return self->matters (query, self->user_data);
}

static void
admit (GIOStream *stream, GSocketAddress *local, GSocketAddress *remote, gpointer user_data)
{
  TaCallback *self = TA_CALLBACK (user_data);

  soup_server_accept_iostream (self->server, stream, local, remote, NULL);
}

/* Listens on `redirect_uri`; port 0 there: on an ephemeral one. `function` is called for each visit
 * until ta_callback_close(); other users' programs are refused as in ta_gate_new().
 * Errors: TA_ERROR_PORT_UNAVAILABLE. */
TaCallback *
ta_callback_new (const char *redirect_uri, TaGateMattersFunc matters_func, TaCallbackFunc function,
                 gpointer user_data, GError **error)
{
  g_autoptr (TaCallback) self = g_object_new (TA_TYPE_CALLBACK, NULL);
  g_autoptr (GUri) uri = g_uri_parse (redirect_uri, G_URI_FLAGS_ENCODED, error);
  g_autoptr (GUri) real = NULL;

  if (uri == NULL)
    return NULL;
  self->gate = ta_gate_new (uri, matters_func == NULL ? NULL : matters, admit, self, error);
  if (self->gate == NULL)
    return NULL;
  self->matters = matters_func;
  self->function = function;
  self->user_data = user_data;
  if (g_uri_get_port (uri) != 0)
    {
      self->redirect_uri = g_strdup (redirect_uri);
      return g_steal_pointer (&self);
    }
  real = g_uri_build (G_URI_FLAGS_ENCODED, g_uri_get_scheme (uri), NULL, g_uri_get_host (uri),
                      ta_gate_get_port (self->gate), g_uri_get_path (uri), NULL, NULL);
  self->redirect_uri = g_uri_to_string (real);
  return g_steal_pointer (&self);
}

/* The redirect URI to ask the provider for: as configured, with the real port. */
const char *
ta_callback_get_redirect_uri (TaCallback *self)
{
  return self->redirect_uri;
}

/* Stops listening. Visits that were not answered yet still can be. */
void
ta_callback_close (TaCallback *self)
{
  if (self->gate != NULL)
    ta_gate_close (self->gate);
  g_clear_object (&self->gate);
  soup_server_remove_handler (self->server, NULL);
}

static void
ta_callback_init (TaCallback *self)
{
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
}

static void
ta_callback_dispose (GObject *object)
{
  TaCallback *self = TA_CALLBACK (object);

  ta_callback_close (self);
  G_OBJECT_CLASS (ta_callback_parent_class)->dispose (object);
}

static void
ta_callback_finalize (GObject *object)
{
  TaCallback *self = TA_CALLBACK (object);

  g_object_unref (self->server);
  g_free (self->redirect_uri);
  G_OBJECT_CLASS (ta_callback_parent_class)->finalize (object);
}

static void
ta_callback_class_init (TaCallbackClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_callback_dispose;
  G_OBJECT_CLASS (klass)->finalize = ta_callback_finalize;
}
