/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the browser shows at the end of a sign-in. */
typedef enum
{
  TA_PAGE_DONE,    /* 200: the tokens are stored */
  TA_PAGE_UNSAVED, /* 200: signed in, but the keyring did not take the tokens yet */
  TA_PAGE_PENDING, /* 200: it is not known yet which of the others it would be */
  TA_PAGE_DENIED,  /* 200 */
  TA_PAGE_FAILED,  /* 200 */
  TA_PAGE_REFUSED, /* 400: what the browser brought ended the sign-in */
  TA_PAGE_INVALID, /* 400: not the answer to a sign-in that waits */
  TA_PAGE_USED,    /* 410: an answer that was given already */
} TaPage;

guint ta_page_get_status (TaPage page);
GBytes *ta_page_render (TaPage page);
GBytes *ta_page_render_status (guint status);
char **ta_page_get_headers (void);

G_END_DECLS
