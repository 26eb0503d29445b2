/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-call-options.h"

#include "daemon/ta-options.h"
#include "oauth/ta-api-request.h"

/* What CallApi and OpenApi have in common: their options and the details of their answers. */

#define TIMEOUT 30

/* Header names have no case (RFC 9110 section 5.1), so two that differ in it are one given twice.
 */
static gboolean
read_headers (GVariant *options, TaCall *call, GError **error)
{
  g_autoptr (GVariantIter) headers = NULL;
  const char *name;
  const char *value;

  g_variant_lookup (options, "headers", "a{ss}", &headers);
  while (headers != NULL && g_variant_iter_next (headers, "{&s&s}", &name, &value))
    if (!g_hash_table_replace (call->headers, g_ascii_strdown (name, -1), g_strdup (value)))
      {
        g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                             "Option headers has a header twice");
        return FALSE;
      }
  return TRUE;
}

/* Reads the options of a call; the rest of it is there. Errors: G_DBUS_ERROR_INVALID_ARGS. */
gboolean
ta_call_options_read (GVariant *options, TaCall *call, GError **error)
{
  const TaOption table[] = {
    { "headers", "a{ss}" },
    { "content-type", "s" },
    { "interactive", "b" },
    { "timeout", "u" },
    { NULL },
  };

  call->timeout = TIMEOUT;
  if (!ta_options_check (options, table, error)
      || !ta_options_get_range (options, "timeout", TA_OPTIONS_TIMEOUT_MIN, TA_OPTIONS_TIMEOUT_MAX,
                                &call->timeout, error))
    return FALSE;
  g_variant_lookup (options, "interactive", "b", &call->interactive);
  g_variant_lookup (options, "content-type", "s", &call->content_type);
  if (call->content_type == NULL && (call->body != NULL || call->upload != NULL))
    call->content_type = g_strdup ("application/json");
  return read_headers (options, call, error);
}

/* The details of a response; to be added to. */
void
ta_call_options_describe (const TaHttpResponse *response, GVariantDict *details)
{
  g_auto (GVariantBuilder) headers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));
  GHashTableIter iter;
  gpointer name, value;

  g_hash_table_iter_init (&iter, response->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (ta_api_request_shows_header (name))
      g_variant_builder_add (&headers, "{ss}", name, value);
  g_variant_dict_insert_value (details, "headers", g_variant_builder_end (&headers));
  g_variant_dict_insert (details, "complete", "b", response->complete);
}
