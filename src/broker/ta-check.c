/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-check.h"

#include <stdarg.h>

/* What a diagnosis finds goes into reports that strangers read: sentences name providers, by the
 * names of their files, and neither accounts nor hosts, addresses, users or folders. */

static const char *const words[] = {
  [TA_CHECK_OK] = "ok",
  [TA_CHECK_WARNING] = "warning",
  [TA_CHECK_ERROR] = "error",
  [TA_CHECK_SKIPPED] = "skipped",
};

static void
check_free (TaCheck *check)
{
  g_free (check->id);
  g_free (check->sentence);
  g_free (check);
}

/* (element-type TaCheck) */
GPtrArray *
ta_check_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) check_free);
}

/* `provider` (nullable): the one that it is about, which is then a part of the id. */
void
ta_check_add (GPtrArray *checks, const char *id, const char *provider, TaCheckResult result,
              const char *format, ...)
{
  TaCheck *check = g_new0 (TaCheck, 1);
  va_list arguments;

  check->id = provider == NULL ? g_strdup (id) : g_strconcat (id, "/", provider, NULL);
  check->result = words[result];
  va_start (arguments, format);
  check->sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (checks, check);
}
