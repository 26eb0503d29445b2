/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-application.h"

#include <string.h>

/* Applications are told apart by what their sandbox says of them:
 *
 *   Flatpak  org.example.App   the name in the file /.flatpak-info, which Flatpak writes
 *   snap     snap.example      the AppArmor label, or the name of the control group
 *
 * An id of Flatpak has two dots at least and a snap's name has none, so neither can look like the
 * other. An id of a program of the host is whatever it calls itself. A sandbox whose words do not
 * parse leaves its application unidentified; it never becomes one of the host. */

#define SNAP "snap."
#define SNAP_NAME_MAX 40
#define SNAP_KEY_MAX 10
#define WORD G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-"

TaApplication *
ta_application_new (TaTrust trust, const char *id)
{
  TaApplication *self = g_rc_box_new0 (TaApplication);

  self->trust = trust;
  self->id = g_strdup (id);
  return self;
}

TaApplication *
ta_application_ref (TaApplication *self)
{
  return g_rc_box_acquire (self);
}

static void
clear (void *data)
{
  TaApplication *self = data;

  g_free (self->id);
}

void
ta_application_unref (TaApplication *self)
{
  g_rc_box_release_full (self, clear);
}

/* As it stands in documents and in the ledger. */
const char *
ta_application_trust_name (TaTrust trust)
{
  const char *const names[] = { "unidentified", "host", "sandboxed" };

  return names[trust];
}

static TaApplication *
new_unidentified (void)
{
  return ta_application_new (TA_TRUST_UNIDENTIFIED, "");
}

/* Flatpak's rule for names of applications (flatpak-metadata(5)): those of D-Bus with three parts
 * at least, none of which begins with a digit. */
static gboolean
is_flatpak_id (const char *text)
{
  guint parts = 0;

  if (strlen (text) > TA_APPLICATION_ID_MAX)
    return FALSE;
  for (;; text++)
    {
      gsize length = strspn (text, WORD);

      if (length == 0 || g_ascii_isdigit (*text))
        return FALSE;
      parts++;
      text += length;
      if (*text != '.')
        return *text == '\0' && parts >= 3;
    }
}

/* snapd's rule: lower case, with a letter in it, dashes only inside and never two; a further
 * instance of the same snap has a key behind an underscore. */
static gboolean
is_snap_name (const char *text)
{
  gsize length = strspn (text, G_CSET_a_2_z G_CSET_DIGITS "-");
  g_autofree char *name = g_strndup (text, length);
  const char *key = text + length;

  if (length == 0 || length > SNAP_NAME_MAX || name[0] == '-' || name[length - 1] == '-'
      || strstr (name, "--") != NULL || strpbrk (name, G_CSET_a_2_z) == NULL)
    return FALSE;
  if (*key == '\0')
    return TRUE;
  length = strspn (key + 1, G_CSET_a_2_z G_CSET_DIGITS);
  return *key == '_' && length > 0 && length <= SNAP_KEY_MAX && key[1 + length] == '\0';
}

/* Whether an application in a sandbox can have that id. */
gboolean
ta_application_is_sandboxed_id (const char *text)
{
  return is_flatpak_id (text)
         || (g_str_has_prefix (text, SNAP) && is_snap_name (text + strlen (SNAP)));
}

/* A name that cannot be shown, or that could be taken for a path, counts as none. */
TaApplication *
ta_application_new_host (const char *name)
{
  gboolean is_fine = strlen (name) <= TA_APPLICATION_ID_MAX;

  for (const char *c = name; *c != '\0'; c++)
    is_fine &= g_ascii_isgraph (*c) && *c != '/';
  return ta_application_new (TA_TRUST_HOST, is_fine ? name : "");
}

/* `text`: what snapd calls part of a snap, such as "snap.NAME.APP", in a label or of a control
 * group. NULL: it is nothing of a snap. */
TaApplication *
ta_application_new_snap (const char *text, gsize length)
{
  g_autofree char *tag = g_strndup (text, length);
  g_autofree char *id = NULL;
  char *name;

  if (!g_str_has_prefix (tag, SNAP))
    return NULL;
  name = tag + strlen (SNAP);
  name[strcspn (name, ".")] = '\0';
  if (!is_snap_name (name))
    return new_unidentified ();
  id = g_strconcat (SNAP, name, NULL);
  return ta_application_new (TA_TRUST_SANDBOXED, id);
}

/* Never NULL: where there is such a file, there is a sandbox. An id has no escapes: of two wrong
 * ones g_key_file_get_string() of GLib 2.74 makes an error over another. */
TaApplication *
ta_application_from_flatpak_info (const char *text, gsize length)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *id = NULL;

  if (memchr (text, '\0', length) == NULL
      && g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL))
    id = g_key_file_get_value (file, "Application", "name", NULL);
  if (id == NULL || !is_flatpak_id (id))
    return new_unidentified ();
  return ta_application_new (TA_TRUST_SANDBOXED, id);
}

/* `label`: of a security module, as the kernel has it of a socket's other end; the mode of the
 * profile and a NUL may stand at its end. NULL: not a snap's. */
TaApplication *
ta_application_from_label (const char *label, gsize length)
{
  gsize end = strnlen (label, length);
  const char *mode = memchr (label, ' ', end);

  return ta_application_new_snap (label, mode != NULL ? (gsize) (mode - label) : end);
}
