/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-provider.h"

G_BEGIN_DECLS

char *ta_providers_find_path (const char *id);
TaProvider *ta_providers_find (const char *id, GError **error);
char **ta_providers_list_own (void);
TaProvider *ta_providers_find_keyed (const char *id);
TaProvider *ta_providers_find_oauth (const char *id, GError **error);
gboolean ta_providers_check_oauth (const TaProvider *provider, GError **error);

G_END_DECLS
