/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bounds of every timeout option, seconds. */
#define TA_OPTIONS_TIMEOUT_MIN 1
#define TA_OPTIONS_TIMEOUT_MAX 120

/* One key that a method's a{sv} may have, and its type. A table ends with a NULL name. */
typedef struct
{
  const char *name;
  const char *type;
} TaOption;

gboolean ta_options_check (GVariant *options, const TaOption *table, GError **error);
gboolean ta_options_get_range (GVariant *options, const char *name, guint32 minimum,
                               guint32 maximum, guint32 *value, GError **error);
gboolean ta_options_check_account (const char *account, GError **error);

G_END_DECLS
