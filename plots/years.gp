# SPDX-License-Identifier: GPL-3.0-or-later
# Share of years with at most so much downtime: how likely is a bad year? One curve a
# design (empirical distribution over simulated years), the objective's budget as a
# vertical line; the dot on it is the share of years that keep the objective.
# Data: one block a design, downtime in s and share.
# Last block: row, colour, share at the budget, height of the label, text.

load "style.gp"
set logscale x
set xrange [x_min:x_max]
set yrange [y_min:1 + 0.02 * (1 - y_min)]
set xtics offset 0, 0.2
eval xtics
eval ytics
set grid ytics noxtics back linetype 1 linewidth 1 linecolor rgb c_grid

if (budget > 0) {
    set arrow 1 from budget, graph 0 to budget, graph 1 nohead back linewidth 1.5 \
        linecolor rgb c_bad dashtype 2
    set label 3 budget_text at budget, graph 1 offset 0, 0.7 center \
        textcolor rgb c_bad
}

do for [form in "svg png"] {
    eval open(form)
    eval head(form)
    plot for [i = 0:curves - 1] dat index i using 1:2 with steps linewidth 2.2 \
             linecolor rgb word(colors, i + 1) title "years", \
         dat index curves using (budget > 0 ? budget : NaN):3:2 with points pointtype 7 \
             pointsize 0.9 linecolor rgb variable title "inside the budget", \
         dat index curves using (x_max):4:5:2 with labels left offset 1, 0 \
             textcolor rgb variable title "design"
    unset output
}
