/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-open-method.h"

#include "broker/ta-open-call.h"
#include "daemon/ta-call-errand.h"
#include "daemon/ta-call-options.h"
#include "daemon/ta-reply.h"
#include "io/ta-download.h"

/* How long a server may be silent in the middle of a body, seconds. */
#define SILENCE 120

static void
download_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ta_download_finish (result, &error))
    g_debug ("A response body was not read to its end: %s", error->message);
  ta_caller_end (user_data);
}

/* The length that was announced; -1: none. */
static gint64
get_size (const TaHttpResponse *response)
{
  const char *length = g_hash_table_lookup (response->headers, "content-length");
  guint64 size;

  return length != NULL && g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &size, NULL)
             ? (gint64) size
             : -1;
}

static void
open_api_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TaCaller *caller = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TaHttpResponse) response = ta_open_call_finish (TA_ACCOUNTS (source), result, &error);
  g_autoptr (GUnixFDList) fds = NULL;
  g_autofree char *status = NULL;
  GVariantDict details;
  int reader;
  int writer = response == NULL ? -1 : ta_download_create_pipe (&reader, &error);

  if (writer < 0)
    {
      ta_caller_fail (caller, error);
      return;
    }
  fds = g_unix_fd_list_new_from_array (&reader, 1);
  g_variant_dict_init (&details, NULL);
  ta_call_options_describe (response, &details);
  g_variant_dict_insert (&details, "size", "x", get_size (response));
  status = g_strdup_printf ("%u", response->status);
  ta_caller_reply (caller,
                   g_variant_new ("(uh@a{sv})", response->status, 0, g_variant_dict_end (&details)),
                   fds, status);
  ta_download_async (response->stream, writer, SILENCE, download_cb, caller);
}

/* Takes the descriptor that the handle means. Errors: G_DBUS_ERROR_INVALID_ARGS. */
static TaUpload *
take_upload (GUnixFDList *fds, GVariant *handle, GError **error)
{
  gint32 index = g_variant_get_handle (handle);
  int fd = fds == NULL || index < 0 || index >= g_unix_fd_list_get_length (fds)
               ? -1
               : g_unix_fd_list_get (fds, index, NULL);

  if (fd >= 0)
    return ta_upload_new (fd, error);
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                       "The message has no file descriptor for the body");
  return NULL;
}

static void
make_call (TaCaller *caller, gpointer user_data)
{
  TaCallErrand *errand = user_data;

  ta_open_call_async (errand->accounts, errand->sign_ins, ta_call_errand_take_call (errand, caller),
                      ta_caller_get_cancellable (caller), open_api_cb, caller);
}

/* OpenApi, of which `call` has account, method and path. Takes the call and the invocation. */
void
ta_open_method_run (TaAdmission *admission, TaAccounts *accounts, TaSignIns *sign_ins, TaCall *call,
                    GUnixFDList *fds, GVariant *body, GVariant *options,
                    GDBusMethodInvocation *invocation)
{
  g_autoptr (TaCall) owned = call;
  g_autoptr (GError) error = NULL;

  call->upload = take_upload (fds, body, &error);
  if (call->upload != NULL && ta_call_options_read (options, call, &error))
    ta_call_errand_run (admission, accounts, sign_ins, g_steal_pointer (&owned), make_call,
                        invocation);
  else
    ta_reply_error (invocation, error);
}
