/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/ta-application.h"
#include "base/ta-cgroups.h"

#include "fuzz.h"

/* What a caller's sandbox, its label or its control groups say of it: whoever is taken for a
 * sandboxed application has an id that it can have, and no words turn a sandbox into the host. */

static void
check (const TaApplication *application)
{
  switch (application->trust)
    {
    case TA_TRUST_UNIDENTIFIED:
      g_assert_cmpstr (application->id, ==, "");
      break;
    case TA_TRUST_HOST:
      fuzz_check_visible (application->id);
      g_assert_null (strchr (application->id, '/'));
      break;
    case TA_TRUST_SANDBOXED:
      fuzz_check_visible (application->id);
      g_assert_true (ta_application_is_sandboxed_id (application->id));
      g_assert_null (strpbrk (application->id, "/*<&"));
      break;
    }
  g_assert_cmpuint (strlen (application->id), <=, TA_APPLICATION_ID_MAX);
}

static TaApplication *
look (guint kind, FuzzInput *input)
{
  g_autofree char *bytes = NULL;

  if (kind == 2)
    {
      bytes = fuzz_take_text (input);
      return ta_cgroups_find_application (bytes);
    }
  bytes = fuzz_take_bytes (input);
  return kind == 0 ? ta_application_from_flatpak_info (bytes, input->left)
                   : ta_application_from_label (bytes, input->left);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  FuzzInput input = { (const char *) data, size };
  guint kind = fuzz_take_choice (&input, 3);
  g_autoptr (TaApplication) application = look (kind, &input);

  if (application == NULL)
    {
      g_assert_cmpuint (kind, !=, 0);
      return 0;
    }
  check (application);
  if (kind != 2)
    g_assert_cmpint (application->trust, !=, TA_TRUST_HOST);
  if (application->trust == TA_TRUST_SANDBOXED)
    g_assert_true (kind == 0 || g_str_has_prefix (application->id, "snap."));
  return 0;
}
