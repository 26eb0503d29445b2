/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-application.h"

G_BEGIN_DECLS

/* Where grants are kept: this table of the desktop's permission store, in which an object is an
 * account. A program outside of a sandbox stands there under its name behind this prefix, which no
 * id of a sandboxed application can begin with. */
#define TA_GRANTS_STORE "org.freedesktop.impl.portal.PermissionStore"
#define TA_GRANTS_STORE_PATH "/org/freedesktop/impl/portal/PermissionStore"
#define TA_GRANTS_TABLE "tidio-auth"
#define TA_GRANTS_HOST_PREFIX "host/"

#define TA_GRANTS_TOKEN "token"
#define TA_GRANTS_DENY "deny"
#define TA_GRANTS_ALL_CALLS "* /*"

typedef enum
{
  TA_VERDICT_NONE,
  TA_VERDICT_ALLOWED,
  TA_VERDICT_DENIED,
} TaVerdict;

char *ta_grants_get_name (const TaApplication *application);
gboolean ta_grants_is_permission (const char *text);
TaVerdict ta_grants_check_token (const char *const *permissions);
TaVerdict ta_grants_check_call (const char *const *permissions, const char *method,
                                const char *path);
gboolean ta_grants_has_call (const char *const *permissions);
char **ta_grants_add (const char *const *permissions, const char *const *added);

G_END_DECLS
