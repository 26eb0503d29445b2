/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ta-reader.h"
#include "io/ta-applications.h"

G_BEGIN_DECLS

/* Decides who sees the objects of the broker. */
typedef struct _TaDiscretion TaDiscretion;

TaDiscretion *ta_discretion_new (GDBusConnection *bus, TaApplications *applications,
                                 TaReader *reader);
gboolean ta_discretion_is_deciding (TaDiscretion *self);
void ta_discretion_free (TaDiscretion *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaDiscretion, ta_discretion_free)

G_END_DECLS
