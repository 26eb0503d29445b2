/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-dbus.h"

G_BEGIN_DECLS

#define TA_BUS_NAME "org.tidio.Auth"
#define TA_BUS_PATH "/org/tidio/Auth"

GDBusConnection *ta_bus_open (GError **error);
TaDBusAuth *ta_bus_connect (int timeout_ms, GError **error);
GVariant *ta_bus_call (TaDBusAuth *auth, const char *interface, const char *method,
                       GVariant *arguments, const char *reply_type, GError **error);
char *ta_bus_get_default_account (TaDBusAuth *auth, GError **error);

G_END_DECLS
