/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include <string.h>

G_BEGIN_DECLS

/* What each target defines; the name and the form are libFuzzer's. It aborts, by an assertion or by
 * a warning of a library, where a property does not hold. */
int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);
int LLVMFuzzerInitialize (int *argc, char ***argv);

/* An input that is taken apart from its beginning. */
typedef struct
{
  const char *at;
  gsize left;
} FuzzInput;

guint fuzz_take_choice (FuzzInput *input, guint choices);
char *fuzz_take_text (FuzzInput *input);
char *fuzz_take_bytes (FuzzInput *input);

void fuzz_check_error (const GError *error);
void fuzz_check_printable (const char *text);
void fuzz_check_visible (const char *text);

G_END_DECLS
