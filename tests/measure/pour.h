/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A child that writes so many bytes into a pipe as fast as they are taken. Returns the end to read
 * from, which the caller closes; -1: there is none. The child is to be waited for. */
int pour (const char *bytes);
