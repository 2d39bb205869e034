# SPDX-License-Identifier: GPL-3.0-or-later
# The nines ladder: how many nines, and how far to the next? Each rung is a nine with
# the downtime it allows a year; designs are columns, dots with intervals.
# Block 0: nines, per cent, budget. Block 1: x, nines, low, high, is_limit, colour,
# label height, label.

load "style.gp"
set xrange [0:1]
set yrange [y_min:y_max]
set xtics textcolor rgb c_text
eval xtics
unset ytics
unset grid
dot(y, limit) = limit > 0 ? NaN : y
tip(y, limit) = limit > 0 ? y : NaN

if (slo >= 0) {
    set arrow 1 from graph 0, first slo to graph 1, first slo nohead back linewidth 1.5 \
        linecolor rgb c_bad dashtype 2
    set label 3 slo_text at graph 1, first slo right offset -0.5, 0.6 textcolor rgb c_bad
}

do for [form in "svg png"] {
    eval open(form)
    eval head(form)
    plot dat index 0 using (0):1:(1):(0) with vectors nohead linewidth 1 \
             linecolor rgb c_grid title "rung", \
         dat index 0 using (0):1:2 with labels right offset -1.2, 0 textcolor rgb c_axis \
             title "availability", \
         dat index 0 using (1):1:3 with labels left offset 1, 0 textcolor rgb c_axis \
             title "allowed a year", \
         dat index 1 using 1:2:3:4:6 with yerrorbars pointtype 7 pointsize 0.01 \
             linewidth 3 linecolor rgb variable title "interval", \
         dat index 1 using 1:(dot($2, $5)):6 with points pointtype 7 pointsize 0.9 \
             linecolor rgb variable title "nines", \
         dat index 1 using 1:(tip($2, $5)):6 with points pointtype 9 pointsize 1.1 \
             linecolor rgb variable title "at least", \
         dat index 1 using 1:7:8:6 with labels left offset 1.2, 0 \
             textcolor rgb variable title "label"
    unset output
}
