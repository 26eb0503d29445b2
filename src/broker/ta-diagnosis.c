/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-diagnosis.h"

#include "broker/ta-check.h"
#include "broker/ta-host-check.h"
#include "broker/ta-provider-check.h"
#include "broker/ta-session-check.h"
#include "io/ta-providers.h"

/* Diagnose: looks at what has to be well for the broker to work, in groups that run at a time: the
 * host, the session, each provider. It asks nobody, opens nothing, sends no token and leaves
 * everything as it was. Every step has a time of its own and all of them have one together, so
 * there is an answer whatever hangs. Who calls while one runs is given what that one finds. */

/* Seconds. The steps of a group are through before. */
#define TIMEOUT 12

/* Providers that are looked at: more than anybody has use for, and few enough for their servers. */
#define PROVIDERS_MAX 8

typedef struct
{
  GPtrArray *checks; /* (owned) (nullable): NULL while it is looked at */
} Group;

struct _TaDiagnosis
{
  GObject parent_instance;

  GDBusConnection *bus; /* (owned) */
  TaSignIns *sign_ins;  /* (owned) */
  TaAccounts *accounts; /* (owned) */
  /* While it runs: */
  GPtrArray *waiting;   /* (owned) (nullable) (element-type GTask): who waits; NULL: it does not */
  GPtrArray *groups;    /* (owned) (nullable) (element-type Group): in the order of the answer */
  TaDeadline *deadline; /* (owned) (nullable) */
  guint n_running;
};

G_DEFINE_FINAL_TYPE (TaDiagnosis, ta_diagnosis, G_TYPE_OBJECT)

typedef struct
{
  TaDiagnosis *self; /* (owned) */
  Group *group;      /* (unowned) */
} Visit;

static void
group_free (Group *group)
{
  g_clear_pointer (&group->checks, g_ptr_array_unref);
  g_free (group);
}

static GPtrArray *
join (GPtrArray *groups)
{
  GPtrArray *all = ta_check_list_new ();

  for (guint i = 0; i < groups->len; i++)
    {
      Group *group = groups->pdata[i];

      g_ptr_array_extend_and_steal (all, g_steal_pointer (&group->checks));
    }
  return all;
}

static void
end (TaDiagnosis *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
  g_autoptr (GPtrArray) groups = g_steal_pointer (&self->groups);
  g_autoptr (GPtrArray) checks = join (groups);

  g_clear_pointer (&self->deadline, ta_deadline_free);
  for (guint i = 0; i < waiting->len; i++)
    g_task_return_pointer (waiting->pdata[i], g_ptr_array_ref (checks),
                           (GDestroyNotify) g_ptr_array_unref);
}

static void
leave (TaDiagnosis *self)
{
  if (--self->n_running == 0)
    end (self);
}

static Visit *
enter (TaDiagnosis *self)
{
  Visit *visit = g_new0 (Visit, 1);

  visit->self = g_object_ref (self);
  visit->group = g_new0 (Group, 1);
  g_ptr_array_add (self->groups, visit->group);
  self->n_running++;
  return visit;
}

/* Takes both. */
static void
note (Visit *visit, GPtrArray *checks)
{
  g_autoptr (TaDiagnosis) self = visit->self;

  visit->group->checks = checks;
  g_free (visit);
  leave (self);
}

static void
session_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  note (user_data, ta_session_check_finish (result));
}

static void
provider_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  note (user_data, ta_provider_check_finish (result));
}

static void
add_once (GPtrArray *ids, const char *id)
{
  if (ids->len < PROVIDERS_MAX && !g_ptr_array_find_with_equal_func (ids, id, g_str_equal, NULL))
    g_ptr_array_add (ids, g_strdup (id));
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* Those that somebody is signed in to or wrote a file for; if there is none, the default one. */
static GPtrArray *
list_providers (TaDiagnosis *self)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GList) accounts = ta_accounts_list (self->accounts);
  g_auto (GStrv) own = ta_providers_list_own ();

  for (GList *link = accounts; link != NULL; link = link->next)
    add_once (ids, ta_account_get_record (link->data)->provider);
  for (int i = 0; own[i] != NULL; i++)
    add_once (ids, own[i]);
  if (ids->len == 0)
    add_once (ids, TA_SIGN_INS_DEFAULT_PROVIDER);
  g_ptr_array_sort (ids, compare);
  return ids;
}

static void
start (TaDiagnosis *self)
{
  TaParts *parts = ta_accounts_get_parts (self->accounts);
  g_autoptr (GPtrArray) providers = list_providers (self);
  GCancellable *cancellable;
  Visit *host;

  self->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);
  self->deadline = ta_deadline_new (TIMEOUT, parts->ending);
  cancellable = ta_deadline_get_cancellable (self->deadline);
  host = enter (self);
  host->group->checks = ta_check_list_new ();
  ta_host_check_run (host->group->checks, self->accounts);
  ta_session_check_async (self->bus, cancellable, session_cb, enter (self));
  for (guint i = 0; i < providers->len; i++)
    ta_provider_check_async (self->bus, parts, self->sign_ins, providers->pdata[i], cancellable,
                             provider_cb, enter (self));
  note (host, host->group->checks);
}

/* Never fails. */
void
ta_diagnosis_run_async (TaDiagnosis *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  gboolean is_running = self->waiting != NULL;

  g_task_set_source_tag (task, ta_diagnosis_run_async);
  if (!is_running)
    self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (self->waiting, task);
  if (!is_running)
    start (self);
}

/* (transfer full) (element-type TaCheck) */
GPtrArray *
ta_diagnosis_run_finish (TaDiagnosis *self, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

static void
ta_diagnosis_init (TaDiagnosis *self)
{
}

static void
ta_diagnosis_finalize (GObject *object)
{
  TaDiagnosis *self = TA_DIAGNOSIS (object);

  g_object_unref (self->bus);
  g_object_unref (self->sign_ins);
  g_object_unref (self->accounts);
  G_OBJECT_CLASS (ta_diagnosis_parent_class)->finalize (object);
}

static void
ta_diagnosis_class_init (TaDiagnosisClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_diagnosis_finalize;
}

TaDiagnosis *
ta_diagnosis_new (GDBusConnection *bus, TaSignIns *sign_ins, TaAccounts *accounts)
{
  TaDiagnosis *self = g_object_new (TA_TYPE_DIAGNOSIS, NULL);

  self->bus = g_object_ref (bus);
  self->sign_ins = g_object_ref (sign_ins);
  self->accounts = g_object_ref (accounts);
  return self;
}
