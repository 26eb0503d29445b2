/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void ta_sandbox_greeting_print (guint16 port);

G_END_DECLS
