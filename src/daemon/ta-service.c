/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-service.h"

#include "daemon/ta-account-object.h"
#include "daemon/ta-activity-method.h"
#include "daemon/ta-announcer.h"
#include "daemon/ta-call-method.h"
#include "daemon/ta-diagnosis-method.h"
#include "daemon/ta-open-method.h"
#include "daemon/ta-discretion.h"
#include "daemon/ta-options.h"
#include "daemon/ta-sign-in-method.h"
#include "daemon/ta-sign-in-objects.h"
#include "daemon/ta-sign-out-method.h"
#include "daemon/ta-token-method.h"

#include <string.h>

/* The object /org/tidio/Auth: it translates between the bus and the broker, and decides nothing. */

#define PATH "/org/tidio/Auth"

struct _TaService
{
  TaDBusAuthSkeleton parent_instance;

  TaAdmission *admission;            /* (owned) */
  TaAccounts *accounts;              /* (owned) */
  TaSignIns *sign_ins;               /* (owned) */
  GDBusObjectManagerServer *manager; /* (owned) */
  TaSignInObjects *sign_in_objects;  /* (owned) */
  TaActivityMethod *activity;        /* (owned) */
  TaDiagnosis *diagnosis;            /* (owned) */
  TaDiscretion *discretion;          /* (owned) */
  TaAnnouncer *announcer;            /* (owned) */
  GDBusInterfaceVTable vtable;
};

static void iface_init (TaDBusAuthIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TaService, ta_service, TA_DBUS_TYPE_AUTH_SKELETON,
                               G_IMPLEMENT_INTERFACE (TA_DBUS_TYPE_AUTH, iface_init))

static gboolean
handle_sign_in (TaDBusAuth *object, GDBusMethodInvocation *invocation, const char *account,
                GVariant *options)
{
  TaService *self = TA_SERVICE (object);

  ta_sign_in_method_run (self->admission, self->accounts, self->sign_in_objects, account, options,
                         invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_sign_out (TaDBusAuth *object, GDBusMethodInvocation *invocation, const char *account,
                 GVariant *options)
{
  TaService *self = TA_SERVICE (object);

  ta_sign_out_method_run (self->admission, self->accounts, self->sign_ins, account, options,
                          invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_token (TaDBusAuth *object, GDBusMethodInvocation *invocation, const char *account,
                  GVariant *options)
{
  TaService *self = TA_SERVICE (object);

  ta_token_method_run (self->admission, self->accounts, self->sign_ins, account, options,
                       invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static TaCall *
create_call (const char *account, const char *method, const char *path)
{
  TaCall *call = g_new0 (TaCall, 1);

  call->account = g_strdup (account);
  call->method = g_strdup (method);
  call->path = g_strdup (path);
  call->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return call;
}

/* The body may be large: it stays where the message has it. */
static gboolean
handle_call_api (TaDBusAuth *object, GDBusMethodInvocation *invocation, const char *account,
                 const char *method, const char *path, const char *body, GVariant *options)
{
  TaService *self = TA_SERVICE (object);
  g_autoptr (GVariant) text
      = g_variant_get_child_value (g_dbus_method_invocation_get_parameters (invocation), 3);
  g_autoptr (GBytes) data = g_variant_get_data_as_bytes (text);
  TaCall *call = create_call (account, method, path);

  if (*body != '\0')
    call->body = g_bytes_new_from_bytes (data, 0, strlen (body));
  ta_call_method_run (self->admission, self->accounts, self->sign_ins, call, options, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_open_api (TaDBusAuth *object, GDBusMethodInvocation *invocation, GUnixFDList *fds,
                 const char *account, const char *method, const char *path, GVariant *body,
                 GVariant *options)
{
  TaService *self = TA_SERVICE (object);

  ta_open_method_run (self->admission, self->accounts, self->sign_ins,
                      create_call (account, method, path), fds, body, options, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_activity (TaDBusAuth *object, GDBusMethodInvocation *invocation, guint max)
{
  TaService *self = TA_SERVICE (object);

  ta_activity_method_run (self->activity, self->admission, max, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_diagnose (TaDBusAuth *object, GDBusMethodInvocation *invocation)
{
  TaService *self = TA_SERVICE (object);

  ta_diagnosis_method_run (self->diagnosis, self->admission, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_account_added (TaAccounts *accounts, TaAccount *account, TaService *self)
{
  g_autoptr (TaAccountObject) object = ta_account_object_new (account);
  g_autofree char *path = ta_account_object_path (ta_account_get_id (account));
  g_autoptr (TaDBusObjectSkeleton) exported = ta_dbus_object_skeleton_new (path);

  g_dbus_object_skeleton_add_interface (G_DBUS_OBJECT_SKELETON (exported),
                                        G_DBUS_INTERFACE_SKELETON (object));
  g_dbus_object_manager_server_export (self->manager, G_DBUS_OBJECT_SKELETON (exported));
}

static void
on_account_removed (TaAccounts *accounts, TaAccount *account, TaService *self)
{
  g_autofree char *path = ta_account_object_path (ta_account_get_id (account));

  g_dbus_object_manager_server_unexport (self->manager, path);
}

static void
on_default_changed (TaAccounts *accounts, TaService *self)
{
  ta_dbus_auth_set_default_account (TA_DBUS_AUTH (self), ta_accounts_get_default (accounts));
}

/* The generated code would take any value; this asks the broker. */
static gboolean
set_property (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
              const char *name, GVariant *value, GError **error, gpointer user_data)
{
  TaService *self = TA_SERVICE (user_data);
  const char *account = g_variant_get_string (value, NULL);

  return ta_options_check_account (account, error)
         && ta_accounts_set_default (self->accounts, account, error);
}

static GDBusInterfaceVTable *
ta_service_get_vtable (GDBusInterfaceSkeleton *skeleton)
{
  TaService *self = TA_SERVICE (skeleton);

  self->vtable = *G_DBUS_INTERFACE_SKELETON_CLASS (ta_service_parent_class)->get_vtable (skeleton);
  self->vtable.set_property = set_property;
  return &self->vtable;
}

static void
iface_init (TaDBusAuthIface *iface)
{
  iface->handle_sign_in = handle_sign_in;
  iface->handle_sign_out = handle_sign_out;
  iface->handle_get_token = handle_get_token;
  iface->handle_call_api = handle_call_api;
  iface->handle_open_api = handle_open_api;
  iface->handle_get_activity = handle_get_activity;
  iface->handle_diagnose = handle_diagnose;
}

static void
ta_service_init (TaService *self)
{
  self->manager = g_dbus_object_manager_server_new (PATH);
}

static void
ta_service_finalize (GObject *object)
{
  TaService *self = TA_SERVICE (object);

  ta_activity_method_free (self->activity);
  g_object_unref (self->diagnosis);
  ta_announcer_free (self->announcer);
  ta_discretion_free (self->discretion);
  g_object_unref (self->sign_in_objects);
  g_object_unref (self->manager);
  g_object_unref (self->sign_ins);
  g_object_unref (self->accounts);
  ta_admission_free (self->admission);
  G_OBJECT_CLASS (ta_service_parent_class)->finalize (object);
}

static void
ta_service_class_init (TaServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ta_service_finalize;
  G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_vtable = ta_service_get_vtable;
}

/* Puts the service on the bus, without the objects below it. */
TaService *
ta_service_new (GDBusConnection *bus, TaAccounts *accounts, TaSignIns *sign_ins, TaLedger *ledger,
                GError **error)
{
  g_autoptr (TaService) self = g_object_new (TA_TYPE_SERVICE, NULL);
  g_autoptr (TaApplications) applications = ta_applications_new (bus);

  self->accounts = g_object_ref (accounts);
  self->sign_ins = g_object_ref (sign_ins);
  self->admission = ta_admission_new (bus, applications, accounts, ledger);
  self->sign_in_objects = ta_sign_in_objects_new (self->admission, sign_ins, self->manager);
  self->activity = ta_activity_method_new (bus, ledger);
  self->diagnosis = ta_diagnosis_new (bus, sign_ins, accounts);
  self->discretion = ta_discretion_new (bus, applications,
                                        ta_reader_new (TA_DBUS_AUTH (self), self->sign_in_objects));
  self->announcer = ta_announcer_new (bus, applications, self->sign_in_objects);
  g_signal_connect_object (accounts, "added", G_CALLBACK (on_account_added), self, 0);
  g_signal_connect_object (accounts, "removed", G_CALLBACK (on_account_removed), self, 0);
  g_signal_connect_object (accounts, "default-changed", G_CALLBACK (on_default_changed), self, 0);
  ta_dbus_auth_set_version (TA_DBUS_AUTH (self), 1);
  on_default_changed (accounts, self);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self), bus, PATH, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* Puts the objects below the service on the bus. Whoever calls afterwards sees what is there now,
 * so no signal tells of it: one for each account would be what starting takes longest for. */
void
ta_service_publish (TaService *self, GDBusConnection *bus)
{
  g_dbus_object_manager_server_set_connection (self->manager, bus);
}

/* Whether all signals were sent that there are to send. */
gboolean
ta_service_is_settled (TaService *self)
{
  return ta_announcer_is_settled (self->announcer);
}

/* Whether a call is not done yet. */
gboolean
ta_service_is_called (TaService *self)
{
  return ta_admission_get_size (self->admission) > 0
         || ta_discretion_is_deciding (self->discretion);
}

/* Whether a program follows the activity. */
gboolean
ta_service_is_followed (TaService *self)
{
  return ta_activity_method_is_followed (self->activity);
}

/* Whether no question and no answer of the user's keeps any application waiting. */
gboolean
ta_service_is_patient (TaService *self)
{
  return ta_admission_is_patient (self->admission);
}

/* No call is begun any more, and nobody is asked for consent. */
void
ta_service_close (TaService *self)
{
  ta_admission_close (self->admission);
}
