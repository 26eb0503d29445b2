/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/ta-caller.h"

G_BEGIN_DECLS

/* What stands between a method call and the work. */
typedef struct _TaAdmission TaAdmission;

TaAdmission *ta_admission_new (void);
void ta_admission_free (TaAdmission *self);
void ta_admission_enter (TaAdmission *self, TaCaller *caller);

G_END_DECLS
