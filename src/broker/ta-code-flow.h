/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "io/ta-page.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

/* Seconds from the browser's return until the provider has said all that it is asked. The browser
 * waits a little longer for its page, which tells what came of it. */
#define TA_CODE_FLOW_TIMEOUT 25

#define TA_TYPE_CODE_FLOW (ta_code_flow_get_type ())
G_DECLARE_FINAL_TYPE (TaCodeFlow, ta_code_flow, TA, CODE_FLOW, GObject)

TaCodeFlow *ta_code_flow_new (TaParts *parts, TaProvider *provider, TaClient *client,
                              const char *const *scopes, gboolean open_browser);
void ta_code_flow_start (TaCodeFlow *self);
gboolean ta_code_flow_complete (TaCodeFlow *self, const char *address, GError **error);
void ta_code_flow_close (TaCodeFlow *self, TaPage page);

G_END_DECLS
