/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-client-check.h"

#include "base/ta-error.h"
#include "broker/ta-check.h"
#include "io/ta-keyring-look.h"

/* A diagnosis of whether a provider's client id and secret are set: can the keyring be read? ->
 * the client. A Secret Service that does not run is not started for it, and what would fail is not
 * tried, so that the store has no failure that nobody else would have had. */

#define LOCKED "The keyring is locked, so the client cannot be looked for"

typedef struct
{
  TaParts *parts;       /* (owned) */
  TaProvider *provider; /* (owned) */
} Look;

static void
look_free (Look *look)
{
  ta_parts_unref (look->parts);
  ta_provider_unref (look->provider);
  g_free (look);
}

/* Takes the task. */
static void
end (GTask *task, TaCheckResult result, const char *sentence)
{
  Look *look = g_task_get_task_data (task);
  GPtrArray *checks = ta_check_list_new ();

  ta_check_add (checks, "client", look->provider->id, result, "%s", sentence);
  g_task_return_pointer (task, checks, (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static gboolean
wants_secret (const TaProvider *provider)
{
  return provider->client_authentication != TA_CLIENT_AUTHENTICATION_NONE
         || provider->api_authentication == TA_API_AUTHENTICATION_OPENAPI_KEY;
}

static void
client_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Look *look = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TaClient) client = ta_parts_find_client_finish (look->parts, result, &error);

  if (client != NULL && client->secret == NULL && wants_secret (look->provider))
    end (task, TA_CHECK_WARNING,
         "A client id is set, but no secret: if the provider gave you one, run tidio-auth client "
         "set");
  else if (client != NULL)
    end (task, TA_CHECK_OK,
         client->secret != NULL ? "Client id and secret are set" : "A client id is set");
  else if (g_error_matches (error, TA_ERROR, TA_ERROR_STORAGE_LOCKED))
    end (task, TA_CHECK_SKIPPED, LOCKED);
  else if (error->domain == TA_ERROR)
    end (task, TA_CHECK_ERROR, error->message);
  else
    end (task, TA_CHECK_SKIPPED, "The keyring did not say in time whether a client is set");
}

static void
keyring_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Look *look = g_task_get_task_data (task);

  switch (ta_keyring_look_finish (G_DBUS_CONNECTION (source), result))
    {
    case TA_KEYRING_LOOK_ABSENT:
    case TA_KEYRING_LOOK_SILENT:
      end (task, TA_CHECK_SKIPPED, "Without a Secret Service the client cannot be looked for");
      break;
    case TA_KEYRING_LOOK_LOCKED:
      end (task, TA_CHECK_SKIPPED, LOCKED);
      break;
    default:
      ta_parts_find_client_async (look->parts, look->provider, FALSE, g_task_get_cancellable (task),
                                  client_cb, task);
    }
}

void
ta_client_check_async (GDBusConnection *bus, TaParts *parts, TaProvider *provider,
                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, ta_client_check_async);
  g_task_set_check_cancellable (task, FALSE);
  look->parts = ta_parts_ref (parts);
  look->provider = ta_provider_ref (provider);
  g_task_set_task_data (task, look, (GDestroyNotify) look_free);
  ta_keyring_look_async (bus, cancellable, keyring_cb, task);
}

/* (transfer full) (element-type TaCheck) */
GPtrArray *
ta_client_check_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
