/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/ta-deadline.h"

G_BEGIN_DECLS

gboolean ta_keyring_error_is_final (const GError *error, TaDeadline *deadline);
GError *ta_keyring_error_translate (const GError *error, TaDeadline *deadline);

G_END_DECLS
