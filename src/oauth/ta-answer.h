/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Largest answer that is read, in bytes. */
#define TA_ANSWER_MAX (256 * 1024)

/* What was asked for. */
typedef enum
{
  TA_ANSWER_CODE,        /* tokens for an authorization code */
  TA_ANSWER_REFRESH,     /* tokens for a refresh token */
  TA_ANSWER_DEVICE_CODE, /* tokens for a device code */
  TA_ANSWER_PUSH,        /* a place for an authorization request */
  TA_ANSWER_DEVICE,      /* a device code */
} TaAnswerKind;

JsonObject *ta_answer_parse (TaAnswerKind kind, guint status, const char *body, gsize length,
                             GError **error);
char *ta_answer_find_code (guint status, const char *body, gsize length);

G_END_DECLS
