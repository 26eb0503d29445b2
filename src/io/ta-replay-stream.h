/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define TA_TYPE_REPLAY_STREAM (ta_replay_stream_get_type ())
G_DECLARE_FINAL_TYPE (TaReplayStream, ta_replay_stream, TA, REPLAY_STREAM, GIOStream)

GIOStream *ta_replay_stream_new (GIOStream *connection, GBytes *head);

G_END_DECLS
