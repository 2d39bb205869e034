# SPDX-License-Identifier: GPL-3.0-or-later
# Downtime per year by design: which design is good enough? Rows are designs, dots
# with 95 % intervals on a logarithmic axis that speaks time and nines.
# Data (one block): row, unavailability, low, high, is_upper_limit, is_bad, name, value text.

load "style.gp"
set logscale x
set xrange [x_min:x_max]
set yrange [rows + 0.6:0.4]
set xtics offset 0, -0.2
eval xtics
unset ytics
color(bad) = bad > 0 ? 0xD55E00 : 0x0072B2
dot(x, limit) = limit > 0 ? NaN : x
tip(x, limit) = limit > 0 ? x : NaN

if (slo > 0) {
    set arrow 1 from slo, graph 0 to slo, graph 1 nohead back linewidth 1.5 \
        linecolor rgb c_bad dashtype 2
    set label 3 slo_text at slo, graph 1 offset 0, 0.7 center textcolor rgb c_bad
}

do for [form in "svg png"] {
    eval open(form)
    eval head(form)
    plot dat using 2:1:3:4:(color($6)) with xerrorbars pointtype 7 pointsize 0.01 \
             linewidth 3 linecolor rgb variable title "interval", \
         dat using (dot($2, $5)):1:(color($6)) with points pointtype 7 \
             pointsize 0.8 linecolor rgb variable title "downtime per year", \
         dat using (tip($4, $5)):1:(color($6)) with points pointtype 9 \
             pointsize 1.1 linecolor rgb variable title "upper limit", \
         dat using (x_max):1:8:(color($6)) with labels left offset 1, 0 \
             textcolor rgb variable title "value", \
         dat using (x_min):1:7 with labels right offset -1.2, 0 \
             textcolor rgb c_text title "design"
    unset output
}
