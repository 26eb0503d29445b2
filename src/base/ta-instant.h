/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A moment on two clocks, in seconds: a value. */
typedef struct
{
  gint64 wall; /* Unix time, which people and time servers set */
  gint64 boot; /* since this machine started, suspend included; nobody sets it. 0: not known */
} TaInstant;

G_END_DECLS
