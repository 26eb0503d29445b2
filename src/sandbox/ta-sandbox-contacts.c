/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-contacts.h"

#include "base/ta-json.h"

/* The invented people that the API tells about. The first ones are the same at each start, so that
 * a reader of an example sees what the example shows. */

#define MAX_CONTACTS 1000

struct _TaSandboxContacts
{
  GPtrArray *contacts; /* (owned): JsonObject */
};

typedef struct
{
  const char *first_name;
  const char *last_name;
} Person;

static JsonObject *
new_person (const Person *person, guint number, const char *id_pattern)
{
  JsonObject *object = json_object_new ();
  g_autofree char *id = g_strdup_printf ("%s-0000-4000-8000-%012u", id_pattern, number);
  g_autofree char *mail
      = g_strdup_printf ("%s.%s@example.com", person->first_name, person->last_name);
  g_autofree char *email = g_ascii_strdown (mail, -1);

  json_object_set_string_member (object, "id", id);
  json_object_set_string_member (object, "email", email);
  return object;
}

static JsonObject *
new_contact (const Person *person, guint number)
{
  JsonObject *object = new_person (person, number, "c0ffee00");
  g_autofree char *distinct_id = g_strdup_printf ("customer-%u", number);
  g_autofree char *phone = g_strdup_printf ("+1555010%04u", number);

  json_object_set_string_member (object, "distinct_id", distinct_id);
  json_object_set_string_member (object, "first_name", person->first_name);
  json_object_set_string_member (object, "last_name", person->last_name);
  json_object_set_string_member (object, "phone", phone);
  json_object_set_string_member (object, "language", "en");
  json_object_set_string_member (object, "email_consent", "subscribed");
  json_object_set_string_member (object, "created_at", "2024-05-13T09:26:53+00:00");
  return object;
}

static void
free_object (void *data)
{
  json_object_unref (data);
}

TaSandboxContacts *
ta_sandbox_contacts_new (void)
{
  const Person people[] = {
    { "Ada", "Lovelace" },    { "Grace", "Hopper" },    { "Alan", "Turing" },
    { "Hedy", "Lamarr" },     { "Edsger", "Dijkstra" }, { "Katherine", "Johnson" },
    { "Marian", "Rejewski" }, { "Konrad", "Zuse" },     { "Annie", "Easley" },
  };
  TaSandboxContacts *self = g_new0 (TaSandboxContacts, 1);

  self->contacts = g_ptr_array_new_with_free_func (free_object);
  for (guint i = 0; i < G_N_ELEMENTS (people); i++)
    g_ptr_array_add (self->contacts, new_contact (&people[i], i + 1));
  return self;
}

static gboolean
find_index (TaSandboxContacts *self, const char *id, guint *index)
{
  for (guint i = 0; i < self->contacts->len; i++)
    if (g_str_equal (json_object_get_string_member (self->contacts->pdata[i], "id"), id))
      {
        *index = i;
        return TRUE;
      }
  return FALSE;
}

/* (nullable): one page; `cursor` (nullable) is what the page before it ended with. NULL: no such
 * cursor. */
JsonObject *
ta_sandbox_contacts_list (TaSandboxContacts *self, const char *cursor, gint64 limit)
{
  JsonObject *page;
  JsonObject *meta;
  JsonArray *contacts;
  guint start = 0;
  guint end;

  if (cursor != NULL && !find_index (self, cursor, &start))
    return NULL;
  start += cursor != NULL ? 1 : 0;
  end = start + (guint) MIN (limit, (gint64) (self->contacts->len - start));
  page = json_object_new ();
  meta = json_object_new ();
  contacts = json_array_new ();
  for (guint i = start; i < end; i++)
    json_array_add_object_element (contacts, json_object_ref (self->contacts->pdata[i]));
  json_object_set_array_member (page, "contacts", contacts);
  if (end < self->contacts->len && end > start)
    json_object_set_string_member (
        meta, "cursor", json_object_get_string_member (self->contacts->pdata[end - 1], "id"));
  else
    json_object_set_null_member (meta, "cursor");
  json_object_set_int_member (meta, "limit", limit);
  json_object_set_object_member (page, "meta", meta);
  return page;
}

/* (nullable) */
JsonObject *
ta_sandbox_contacts_find (TaSandboxContacts *self, const char *id)
{
  guint index;

  if (!find_index (self, id, &index))
    return NULL;
  return json_object_ref (self->contacts->pdata[index]);
}

/* A new contact with these members and an id of its own. Only so many are kept: the oldest that was
 * added goes first. */
JsonObject *
ta_sandbox_contacts_add (TaSandboxContacts *self, JsonObject *members)
{
  g_autoptr (JsonObject) contact = json_object_new ();
  g_autofree char *id = g_uuid_string_random ();
  g_autoptr (GList) names = json_object_get_members (members);

  json_object_set_string_member (contact, "id", id);
  for (GList *at = names; at != NULL; at = at->next)
    if (!g_str_equal (at->data, "id"))
      json_object_set_member (contact, at->data, json_object_dup_member (members, at->data));
  if (self->contacts->len >= MAX_CONTACTS)
    g_ptr_array_remove_index (self->contacts, 0);
  g_ptr_array_add (self->contacts, json_object_ref (contact));
  return g_steal_pointer (&contact);
}

JsonObject *
ta_sandbox_contacts_list_operators (void)
{
  const Person people[] = { { "Olga", "Operator" }, { "Omar", "Operator" } };
  JsonObject *page = json_object_new ();
  JsonArray *operators = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (people); i++)
    {
      JsonObject *object = new_person (&people[i], i + 1, "0e7a7000");

      json_object_set_string_member (object, "name", people[i].first_name);
      json_object_set_null_member (object, "picture");
      json_object_set_string_member (object, "role", i == 0 ? "admin" : "operator");
      json_object_set_string_member (object, "last_seen", "2024-05-13T09:26:53+00:00");
      json_array_add_object_element (operators, object);
    }
  json_object_set_array_member (page, "operators", operators);
  return page;
}

void
ta_sandbox_contacts_free (TaSandboxContacts *self)
{
  g_ptr_array_unref (self->contacts);
  g_free (self);
}
