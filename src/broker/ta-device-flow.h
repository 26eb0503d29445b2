/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "broker/ta-parts.h"
#include "oauth/ta-token.h"

G_BEGIN_DECLS

#define TA_TYPE_DEVICE_FLOW (ta_device_flow_get_type ())
G_DECLARE_FINAL_TYPE (TaDeviceFlow, ta_device_flow, TA, DEVICE_FLOW, GObject)

TaDeviceFlow *ta_device_flow_new (TaParts *parts, TaProvider *provider, TaClient *client,
                                  const char *const *scopes);
void ta_device_flow_start (TaDeviceFlow *self);
void ta_device_flow_close (TaDeviceFlow *self);

G_END_DECLS
