/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define TA_SANDBOX_CONTACTS_MAX_LIMIT 100

typedef struct _TaSandboxContacts TaSandboxContacts;

TaSandboxContacts *ta_sandbox_contacts_new (void);
JsonObject *ta_sandbox_contacts_list (TaSandboxContacts *self, const char *cursor, gint64 limit);
JsonObject *ta_sandbox_contacts_find (TaSandboxContacts *self, const char *id);
JsonObject *ta_sandbox_contacts_add (TaSandboxContacts *self, JsonObject *members);
JsonObject *ta_sandbox_contacts_list_operators (void);
void ta_sandbox_contacts_free (TaSandboxContacts *self);

G_END_DECLS
