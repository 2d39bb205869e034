/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The version of the program; printed, and written into every result. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#define CLI_VERSION "0.1.0"

#endif
