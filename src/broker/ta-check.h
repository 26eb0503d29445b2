/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TA_CHECK_OK,
  TA_CHECK_WARNING, /* it works, but not for everybody or not for ever */
  TA_CHECK_ERROR,
  TA_CHECK_SKIPPED, /* it does not apply, or cannot be told */
} TaCheckResult;

/* One thing that was looked at, and how it is. */
typedef struct
{
  char *id;           /* (owned): the same in all versions */
  const char *result; /* (unowned): static, as it is called on the bus */
  char *sentence;     /* (owned): ASCII; what to do, unless all is well */
} TaCheck;

GPtrArray *ta_check_list_new (void);
void ta_check_add (GPtrArray *checks, const char *id, const char *provider, TaCheckResult result,
                   const char *format, ...) G_GNUC_PRINTF (5, 6);

G_END_DECLS
