/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ta-sign-in-objects.h"
#include "io/ta-applications.h"

G_BEGIN_DECLS

/* Brings the signals of the broker's objects to those who may hear them. */
typedef struct _TaAnnouncer TaAnnouncer;

TaAnnouncer *ta_announcer_new (GDBusConnection *bus, TaApplications *applications,
                               TaSignInObjects *sign_ins);
void ta_announcer_free (TaAnnouncer *self);
gboolean ta_announcer_is_settled (TaAnnouncer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaAnnouncer, ta_announcer_free)

G_END_DECLS
