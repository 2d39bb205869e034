/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entry point. */
int main(void)
{
    return 0;
}
