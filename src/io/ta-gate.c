/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-gate.h"

#include "base/ta-error.h"
#include "base/ta-head.h"
#include "io/ta-deadline.h"
#include "io/ta-loopback.h"
#include "io/ta-page.h"
#include "io/ta-peer-uid.h"
#include "io/ta-replay-stream.h"
#include "oauth/ta-callback-request.h"

/* The loopback sockets of one redirect URI, and what stands between them and SoupServer. Any local
 * program and any web page can connect here, and SoupServer is not made for that. So the gate reads
 * one request head by itself, within bounds of bytes, lines, time and connections, and only a GET
 * of the redirect URI's path by a browser of this user that navigates there is let through.
 * Everything else gets a fixed page. One connection carries one request. */

/* Five seconds in all: a timer for whole seconds may be late by one. */
#define HEAD_TIMEOUT 4
#define MAX_CONNECTIONS 16

struct _TaGate
{
  GObject parent_instance;

  GSocketService *service; /* (owned) */
  GUri *redirect_uri;      /* (owned) */
  guint16 port;
  TaGateMattersFunc matters; /* (nullable) */
  gboolean has_told;         /* of a peer that the kernel does not tell of */
  TaGateFunc admit;
  gpointer user_data; /* (unowned) */
  GQueue visits;      /* (element-type Visit) (unowned): heads not read yet, oldest first */
};

G_DEFINE_FINAL_TYPE (TaGate, ta_gate, G_TYPE_OBJECT)

typedef struct
{
  TaGate *gate;                  /* (owned) */
  GSocketConnection *connection; /* (owned) */
  GCancellable *dismissal;       /* (owned): to make room for another */
  TaDeadline *deadline;          /* (owned) */
  GByteArray *bytes;             /* (owned) */
  GBytes *answer;                /* (owned) (nullable) */
} Visit;

static void
visit_free (Visit *visit)
{
  g_queue_remove (&visit->gate->visits, visit);
  ta_deadline_free (visit->deadline);
  g_object_unref (visit->dismissal);
  g_object_unref (visit->connection);
  g_byte_array_unref (visit->bytes);
  g_clear_pointer (&visit->answer, g_bytes_unref);
  g_object_unref (visit->gate);
  g_free (visit);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Visit, visit_free)

static void
close_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_io_stream_close_finish (G_IO_STREAM (source), result, NULL);
}

static void
write_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Visit) visit = user_data;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  g_io_stream_close_async (G_IO_STREAM (visit->connection), G_PRIORITY_DEFAULT, NULL, close_cb,
                           NULL);
}

static const char *
get_reason (guint status)
{
  static const struct
  {
    guint status;
    const char *reason;
  } reasons[] = {
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 421, "Misdirected Request" },
    { 431, "Request Header Fields Too Large" },
    { 503, "Service Unavailable" },
    { 505, "HTTP Version Not Supported" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].status == status)
      return reasons[i].reason;
  return "Bad Request";
}

/* Takes the visit. `head` is NULL if it has none. */
static void
refuse (Visit *visit, const TaHead *head, guint status)
{
  g_autoptr (GBytes) page = ta_page_render_status (status);
  g_auto (GStrv) headers = ta_page_get_headers ();
  GString *text = g_string_new (NULL);
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (visit->connection));

  g_string_append_printf (text, "HTTP/1.1 %u %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n", status,
                          get_reason (status), g_bytes_get_size (page));
  if (status == 405)
    g_string_append (text, "Allow: GET\r\n");
  for (int i = 0; headers[i] != NULL; i += 2)
    g_string_append_printf (text, "%s: %s\r\n", headers[i], headers[i + 1]);
  g_string_append (text, "\r\n");
  if (head == NULL || !g_str_equal (head->method, "HEAD"))
    g_string_append_len (text, g_bytes_get_data (page, NULL), (gssize) g_bytes_get_size (page));
  visit->answer = g_string_free_to_bytes (text);
  g_output_stream_write_all_async (output, g_bytes_get_data (visit->answer, NULL),
                                   g_bytes_get_size (visit->answer), G_PRIORITY_DEFAULT,
                                   ta_deadline_get_cancellable (visit->deadline), write_cb, visit);
}

/* What SoupServer gets to see: of the browser's headers only the one it needs. It would act on
 * others, such as Range and Expect. */
static GBytes *
print_head (const TaHead *head)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "GET %s", head->path);
  if (head->query != NULL)
    g_string_append_printf (text, "?%s", head->query);
  g_string_append_printf (text, " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                          ta_head_get_header (head, "host"));
  return g_string_free_to_bytes (text);
}

/* Another user's program gets nothing for an address it has seen somewhere, and who cannot be told
 * from one gets nothing either. To find out costs milliseconds, so the question is put where the
 * answer matters. 0, or the HTTP status to refuse with. */
static guint
judge_peer (Visit *visit, const TaHead *head)
{
  TaGate *self = visit->gate;
  TaPeer peer = TA_PEER_OURS;

  if (self->matters != NULL && self->matters (head->query, self->user_data))
    peer = ta_peer_uid_judge (visit->connection);
  if (peer == TA_PEER_UNKNOWN && !self->has_told)
    {
      self->has_told = TRUE;
      g_message ("The kernel does not say whose program called back, so it was refused: if it "
                 "never says, set CheckPeer=false in tidio-auth.conf");
    }
  return peer == TA_PEER_OURS ? 0 : 403;
}

/* Takes the visit, whose head is complete with `length` bytes. */
static void
decide (Visit *visit, gsize length)
{
  guint status = 0;
  g_autoptr (TaHead) head = ta_head_parse ((const char *) visit->bytes->data, length, &status);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GSocketAddress) remote = NULL;
  g_autoptr (Visit) owned = visit;

  if (head != NULL)
    status = ta_callback_request_judge (head, visit->gate->redirect_uri, visit->gate->port);
  if (status == 0)
    status = judge_peer (visit, head);
  if (status != 0)
    {
      refuse (g_steal_pointer (&owned), head, status);
      return;
    }
  bytes = print_head (head);
  stream = ta_replay_stream_new (G_IO_STREAM (visit->connection), bytes);
  local = g_socket_connection_get_local_address (visit->connection, NULL);
  remote = g_socket_connection_get_remote_address (visit->connection, NULL);
  visit->gate->admit (stream, local, remote, visit->gate->user_data);
}

static void read_head (Visit *visit);

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Visit) visit = user_data;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, NULL);
  gssize length;

  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    return;
  g_byte_array_append (visit->bytes, g_bytes_get_data (bytes, NULL),
                       (guint) g_bytes_get_size (bytes));
  length = ta_head_find_end ((const char *) visit->bytes->data, visit->bytes->len);
  if (length >= 0)
    decide (g_steal_pointer (&visit), (gsize) length);
  else if (visit->bytes->len > TA_HEAD_MAX)
    refuse (g_steal_pointer (&visit), NULL, 431);
  else
    read_head (g_steal_pointer (&visit));
}

/* Takes the visit. */
static void
read_head (Visit *visit)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (visit->connection));

  g_input_stream_read_bytes_async (input, TA_HEAD_MAX_LINE, G_PRIORITY_DEFAULT,
                                   ta_deadline_get_cancellable (visit->deadline), read_cb, visit);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, TaGate *self)
{
  Visit *visit = g_new0 (Visit, 1);

  if (self->visits.length >= MAX_CONNECTIONS)
    {
      Visit *oldest = g_queue_pop_head (&self->visits);

      g_cancellable_cancel (oldest->dismissal);
    }
  visit->gate = g_object_ref (self);
  visit->connection = g_object_ref (connection);
  visit->dismissal = g_cancellable_new ();
  visit->deadline = ta_deadline_new (HEAD_TIMEOUT, visit->dismissal);
  visit->bytes = g_byte_array_new ();
  g_queue_push_tail (&self->visits, visit);
  read_head (visit);
  return TRUE;
}

/* Listens on the loopback addresses of `redirect_uri`; port 0: any port. Where `matters` says so,
 * other users' programs are refused; NULL: they never are. `admit` is called until ta_gate_close().
 * Errors: TA_ERROR_PORT_UNAVAILABLE. */
TaGate *
ta_gate_new (GUri *redirect_uri, TaGateMattersFunc matters, TaGateFunc admit, gpointer user_data,
             GError **error)
{
  g_autoptr (TaGate) self = g_object_new (TA_TYPE_GATE, NULL);

  self->redirect_uri = g_uri_ref (redirect_uri);
  self->matters = matters;
  self->admit = admit;
  self->user_data = user_data;
  self->port = (guint16) g_uri_get_port (redirect_uri);
  self->service = ta_loopback_listen (g_uri_get_host (redirect_uri), &self->port, error);
  if (self->service == NULL)
    return NULL;
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  g_socket_service_start (self->service);
  return g_steal_pointer (&self);
}

guint16
ta_gate_get_port (TaGate *self)
{
  return self->port;
}

/* Stops listening and dismisses who has not sent a request yet. */
void
ta_gate_close (TaGate *self)
{
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  for (GList *link = self->visits.head; link != NULL; link = link->next)
    g_cancellable_cancel (((Visit *) link->data)->dismissal);
}

static void
ta_gate_init (TaGate *self)
{
  g_queue_init (&self->visits);
}

static void
ta_gate_dispose (GObject *object)
{
  TaGate *self = TA_GATE (object);

  if (self->service != NULL)
    ta_gate_close (self);
  g_clear_object (&self->service);
  g_clear_pointer (&self->redirect_uri, g_uri_unref);
  G_OBJECT_CLASS (ta_gate_parent_class)->dispose (object);
}

static void
ta_gate_class_init (TaGateClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ta_gate_dispose;
}
