/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How much is known of who calls: less first. */
typedef enum
{
  TA_TRUST_UNIDENTIFIED, /* nothing */
  TA_TRUST_HOST,         /* a program of the user's own; any of them can say it is another one */
  TA_TRUST_SANDBOXED,    /* its sandbox says who it is, and it cannot say otherwise */
} TaTrust;

/* Who calls: immutable, reference-counted. */
typedef struct
{
  TaTrust trust;
  char *id; /* (owned): empty: none */
} TaApplication;

/* Longest id, in bytes. */
#define TA_APPLICATION_ID_MAX 255

TaApplication *ta_application_new (TaTrust trust, const char *id);
TaApplication *ta_application_new_host (const char *name);
TaApplication *ta_application_new_snap (const char *text, gsize length);
TaApplication *ta_application_from_flatpak_info (const char *text, gsize length);
TaApplication *ta_application_from_label (const char *label, gsize length);
TaApplication *ta_application_ref (TaApplication *self);
void ta_application_unref (TaApplication *self);
gboolean ta_application_is_sandboxed_id (const char *text);
const char *ta_application_trust_name (TaTrust trust);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaApplication, ta_application_unref)

G_END_DECLS
