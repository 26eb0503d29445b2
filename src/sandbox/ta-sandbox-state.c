/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ta-sandbox-state.h"

TaSandboxState *
ta_sandbox_state_new (const TaSandboxSettings *settings)
{
  TaSandboxState *self = g_new0 (TaSandboxState, 1);

  ta_sandbox_settings_copy (settings, &self->settings);
  self->grants = ta_sandbox_grants_new ();
  self->contacts = ta_sandbox_contacts_new ();
  return self;
}

void
ta_sandbox_state_free (TaSandboxState *self)
{
  ta_sandbox_settings_clear (&self->settings);
  ta_sandbox_grants_free (self->grants);
  ta_sandbox_contacts_free (self->contacts);
  g_free (self);
}
