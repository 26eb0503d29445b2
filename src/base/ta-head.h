/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The head of one HTTP/1.x request: immutable. */
typedef struct
{
  char *method;       /* (owned) */
  char *path;         /* (owned): as received, up to the question mark */
  char *query;        /* (owned) (nullable): as received, behind the question mark */
  GPtrArray *headers; /* (owned): names in lower case and values, by turns */
} TaHead;

/* Bounds: a longer request line, more header lines or a longer head are refused. */
#define TA_HEAD_MAX_LINE 8192
#define TA_HEAD_MAX_LINES 100
#define TA_HEAD_MAX 32768

gssize ta_head_find_end (const char *bytes, gsize length);
TaHead *ta_head_parse (const char *bytes, gsize length, guint *refusal);
void ta_head_free (TaHead *self);
guint ta_head_count_header (const TaHead *self, const char *name);
const char *ta_head_get_header (const TaHead *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaHead, ta_head_free)

G_END_DECLS
