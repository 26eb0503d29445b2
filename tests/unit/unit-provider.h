/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oauth/ta-provider.h"

#include "unit.h"

G_BEGIN_DECLS

/* A provider like Tidio; `keys` are further lines for [Provider]. */
static inline TaProvider *
unit_provider_new (const char *keys)
{
  gboolean has_endpoint = strstr (keys, "AuthorizationEndpoint=") != NULL;
  g_autofree char *text = g_strconcat (
      "[Provider]\n"
      "TokenEndpoint=https://www.tidio.com/oauth/token\n"
      "RedirectUri=http://localhost:3000/callback\n",
      has_endpoint ? "" : "AuthorizationEndpoint=https://www.tidio.com/oauth/authorize\n", keys,
      "[Api]\nBaseUri=https://api.tidio.com/v1/\n", NULL);
  g_autoptr (GError) error = NULL;
  TaProvider *provider = ta_provider_parse ("tidio", text, strlen (text), &error);

  g_assert_no_error (error);
  return provider;
}

G_END_DECLS
