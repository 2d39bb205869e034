# SPDX-License-Identifier: GPL-3.0-or-later
# Downtime per year by root cause: what to fix first? One stacked bar a design, on a
# linear axis (stacks lie on logarithmic ones). Parts wide enough carry their name;
# the others are named below the axis in their colour.
# Data, block 0: x0, x1, row, colour, colour of its text, label (empty: too narrow), name of the cause.
# Block 1: row, name of the design, total, text of the total.

load "style.gp"
set xrange [0:x_max]
set yrange [rows + 0.6:0.4]
set xtics offset 0, 0.2
eval xtics
unset ytics
key_top = (key_px + 12.0) / height
eval keys

do for [form in "svg png"] {
    eval open(form)
    eval head(form)
    plot dat index 0 using 1:3:1:2:($3 - 0.32):($3 + 0.32):4 with boxxyerror \
             linecolor rgb variable title "downtime by cause", \
         dat index 0 using (($1 + $2) / 2):3:6:5 with labels center textcolor rgb variable \
             title "cause", \
         dat index 1 using (x_max):1:4 with labels left offset 1, 0 textcolor rgb c_text \
             title "total", \
         dat index 1 using (0):1:2 with labels right offset -1.2, 0 textcolor rgb c_text \
             title "design"
    unset output
}
