/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A request body that comes out of a file descriptor: reference-counted. */
typedef struct _TaUpload TaUpload;

TaUpload *ta_upload_new (int fd, GError **error);
TaUpload *ta_upload_ref (TaUpload *self);
void ta_upload_unref (TaUpload *self);
gboolean ta_upload_is_ready (const TaUpload *self);
void ta_upload_prepare_async (TaUpload *self, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
gboolean ta_upload_prepare_finish (TaUpload *self, GAsyncResult *result, GError **error);
goffset ta_upload_get_length (const TaUpload *self);
gboolean ta_upload_rewind (TaUpload *self);
GInputStream *ta_upload_open (TaUpload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TaUpload, ta_upload_unref)

G_END_DECLS
