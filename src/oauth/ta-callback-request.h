/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/ta-head.h"

G_BEGIN_DECLS

guint ta_callback_request_judge (const TaHead *head, GUri *redirect_uri, guint16 port);

G_END_DECLS
