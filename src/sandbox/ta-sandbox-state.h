/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ta-sandbox-contacts.h"
#include "ta-sandbox-grants.h"
#include "ta-sandbox-settings.h"

G_BEGIN_DECLS

/* Requests since the start or the last reset. `authorize`, `token`, `api` and `revocations` count
 * each request that arrived, failures too; `code_exchanges` and `refreshes` count those that gave
 * tokens; `reuse` counts codes and refresh tokens that came a second time. */
typedef struct
{
  gint64 authorize;
  gint64 token;
  gint64 code_exchanges;
  gint64 refreshes;
  gint64 reuse;
  gint64 api;
  gint64 revocations;
} TaSandboxCounters;

/* All the server remembers; it dies with the process. */
typedef struct
{
  TaSandboxSettings settings;  /* (owned) */
  TaSandboxGrants *grants;     /* (owned) */
  TaSandboxContacts *contacts; /* (owned) */
  TaSandboxCounters counters;
} TaSandboxState;

TaSandboxState *ta_sandbox_state_new (const TaSandboxSettings *settings);
void ta_sandbox_state_free (TaSandboxState *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaSandboxState, ta_sandbox_state_free)

G_END_DECLS
