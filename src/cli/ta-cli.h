/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What is no D-Bus error but still ends the program with a code of its own: an answer of `call`,
 * and what keeps `exec` from running its command. */
#define TA_CLI_ERROR (ta_cli_error_quark ())

typedef enum
{
  TA_CLI_ERROR_HTTP,
  TA_CLI_ERROR_CANNOT_RUN,
  TA_CLI_ERROR_NO_COMMAND,
} TaCliError;

GQuark ta_cli_error_quark (void);
int ta_cli_get_exit_code (const GError *error);
gboolean ta_cli_is_given_up (const GError *error);
char *ta_cli_describe (const GError *error);
void ta_cli_offer_interactive (GError **error);
void ta_cli_report (const GError *error);
gboolean ta_cli_has_display (void);
gboolean ta_cli_may_color (int fd);
char *ta_cli_make_printable (const char *text);
void ta_cli_warn (const char *sentence);
void ta_cli_set_file_error (GError **error, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean ta_cli_write (int fd, const char *data, gsize length, GError **error);
gboolean ta_cli_write_text (int fd, const char *text, GError **error);
gboolean ta_cli_print (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean ta_cli_print_json (JsonBuilder *builder, GError **error);
gboolean ta_cli_print_json_line (JsonBuilder *builder, GError **error);

G_END_DECLS
