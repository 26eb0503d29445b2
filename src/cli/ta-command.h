/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One row of the table of commands. */
typedef struct
{
  const char *name;    /* (unowned) */
  const char *summary; /* (unowned): one line, not translated yet */

  /* argv[0] is the name. */
  gboolean (*run) (int argc, char **argv, GError **error);

  const char *program; /* (unowned) (nullable): another name that this is installed by */
} TaCommand;

int ta_command_dispatch (const TaCommand *commands, int argc, char **argv);

gboolean ta_command_sign_in (int argc, char **argv, GError **error);
gboolean ta_command_sign_out (int argc, char **argv, GError **error);
gboolean ta_command_token (int argc, char **argv, GError **error);
gboolean ta_command_call (int argc, char **argv, GError **error);
gboolean ta_command_accounts (int argc, char **argv, GError **error);
gboolean ta_command_default (int argc, char **argv, GError **error);
gboolean ta_command_log (int argc, char **argv, GError **error);
gboolean ta_command_watch (int argc, char **argv, GError **error);
gboolean ta_command_client (int argc, char **argv, GError **error);
gboolean ta_command_credential (int argc, char **argv, GError **error);
gboolean ta_command_doctor (int argc, char **argv, GError **error);
gboolean ta_command_exec (int argc, char **argv, GError **error);
gboolean ta_command_apps (int argc, char **argv, GError **error);

G_END_DECLS
