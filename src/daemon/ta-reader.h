/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-application.h"
#include "daemon/ta-sign-in-objects.h"
#include "ta-dbus.h"

G_BEGIN_DECLS

/* Reads the broker's objects for programs that may not see all of them. */
typedef struct _TaReader TaReader;

TaReader *ta_reader_new (TaDBusAuth *service, TaSignInObjects *sign_ins);
void ta_reader_free (TaReader *self);
GDBusMessage *ta_reader_answer (TaReader *self, GDBusMessage *call,
                                const TaApplication *application);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaReader, ta_reader_free)

G_END_DECLS
