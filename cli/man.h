/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manual page, made from the tables of commands and options. */
#ifndef CLI_MAN_H
#define CLI_MAN_H

/* Prints nines(1) in roff on standard output. */
void cli_man_print(void);

#endif
