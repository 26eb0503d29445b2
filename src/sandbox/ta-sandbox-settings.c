/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-settings.h"

#include "base/ta-error.h"
#include "base/ta-json.h"

void
ta_sandbox_settings_init (TaSandboxSettings *self)
{
  *self = (TaSandboxSettings){ .lifetime = 3600, .rotation = TA_SANDBOX_ROTATION_ON };
}

void
ta_sandbox_settings_clear (TaSandboxSettings *self)
{
  for (guint i = 0; i < TA_SANDBOX_N_ENDPOINTS; i++)
    g_clear_pointer (&self->failures[i], ta_sandbox_failure_unref);
}

/* Into memory that holds no settings yet. */
void
ta_sandbox_settings_copy (const TaSandboxSettings *self, TaSandboxSettings *copy)
{
  *copy = *self;
  for (guint i = 0; i < TA_SANDBOX_N_ENDPOINTS; i++)
    if (copy->failures[i] != NULL)
      ta_sandbox_failure_ref (copy->failures[i]);
}

void
ta_sandbox_settings_set_failure (TaSandboxSettings *self, TaSandboxFailure *failure)
{
  TaSandboxFailure **place = &self->failures[failure->endpoint];

  g_clear_pointer (place, ta_sandbox_failure_unref);
  *place = ta_sandbox_failure_ref (failure);
}

/* (nullable): the failure that is due at this endpoint, which is one less then. */
TaSandboxReply *
ta_sandbox_settings_fail (TaSandboxSettings *self, TaSandboxEndpoint endpoint)
{
  TaSandboxFailure *failure = self->failures[endpoint];

  if (failure == NULL || failure->left == 0)
    return NULL;
  if (failure->left > 0)
    failure->left--;
  return ta_sandbox_failure_answer (failure);
}

static gboolean
get_boolean (JsonObject *changes, const char *name, gboolean *value)
{
  JsonNode *node = json_object_get_member (changes, name);

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return FALSE;
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* true and false as ever, or "grace". */
static gboolean
get_rotation (JsonObject *changes, const char *name, TaSandboxRotation *value)
{
  gboolean rotates;

  if (get_boolean (changes, name, &rotates))
    *value = rotates ? TA_SANDBOX_ROTATION_ON : TA_SANDBOX_ROTATION_OFF;
  else if (g_strcmp0 (ta_json_get_string (changes, name), "grace") == 0)
    *value = TA_SANDBOX_ROTATION_GRACE;
  else
    return FALSE;
  return TRUE;
}

static gboolean
get_number (JsonObject *changes, const char *name, gint64 max, gint64 *value)
{
  return ta_json_get_int64 (changes, name, value) && *value >= 0 && *value <= max;
}

static gboolean
get_failure (JsonObject *changes, const char *name, TaSandboxSettings *self, GError **error)
{
  JsonNode *node = json_object_get_member (changes, name);
  g_autoptr (TaSandboxFailure) failure = NULL;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  failure = ta_sandbox_failure_parse_json (json_node_get_object (node), error);
  if (failure == NULL)
    return FALSE;
  ta_sandbox_settings_set_failure (self, failure);
  return TRUE;
}

/* Changes the one setting `name` as `changes` has it.
 * Errors: TA_ERROR_FAILED, which names it. */
gboolean
ta_sandbox_settings_apply (TaSandboxSettings *self, JsonObject *changes, const char *name,
                           GError **error)
{
  g_autofree char *quoted = ta_error_quote (name);
  g_autoptr (GError) reason = NULL;
  gboolean ok = FALSE;

  if (g_str_equal (name, "lifetime"))
    ok = get_number (changes, name, TA_SANDBOX_SETTINGS_MAX_LIFETIME, &self->lifetime);
  else if (g_str_equal (name, "rotation"))
    ok = get_rotation (changes, name, &self->rotation);
  else if (g_str_equal (name, "deny"))
    ok = get_boolean (changes, name, &self->deny);
  else if (g_str_equal (name, "auto_allow"))
    ok = get_boolean (changes, name, &self->auto_allow);
  else if (g_str_equal (name, "delay"))
    ok = get_number (changes, name, TA_SANDBOX_SETTINGS_MAX_DELAY, &self->delay);
  else if (g_str_equal (name, "fail"))
    ok = get_failure (changes, name, self, &reason);
  else
    g_set_error (&reason, TA_ERROR, TA_ERROR_FAILED, "\"%s\" is not a setting", quoted);

  if (!ok && reason == NULL)
    g_set_error (&reason, TA_ERROR, TA_ERROR_FAILED, "\"%s\" has a value it cannot have", quoted);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&reason));
  return ok;
}
