/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-activity.h"

G_BEGIN_DECLS

typedef struct _TaActivities TaActivities;

/* As many are kept. */
#define TA_ACTIVITIES_MAX 1000

TaActivities *ta_activities_new (void);
void ta_activities_free (TaActivities *self);
guint ta_activities_get_size (TaActivities *self);
const TaActivity *ta_activities_get (TaActivities *self, guint position);
gboolean ta_activities_add (TaActivities *self, TaActivity *activity);
gboolean ta_activities_read (TaActivities *self, const char *lines);
char *ta_activities_to_lines (TaActivities *self);
char *ta_activities_list_news (TaActivities *self);
void ta_activities_forget_news (TaActivities *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaActivities, ta_activities_free)

G_END_DECLS
