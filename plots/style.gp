# SPDX-License-Identifier: GPL-3.0-or-later
# One look for every chart of nines. Loaded by the chart files beside it, which set
# name, headline, subline, width, height (pixels) and the margins left, right, top,
# bottom (fractions of the picture) before.
#
# Palette: Okabe and Ito, safe for colour-blind readers; the pairs for dark pages are
# put into the SVG afterwards (cli/svg.c). No box, one axis, a thin grid behind the
# data, labels at the data instead of a legend, nothing smaller than 11 px.

c_main = "#0072B2"
c_bad  = "#D55E00"
c_axis = "#5B6470"
c_text = "#24292F"
c_grid = "#D0D7DE"

# `eval open("svg")` or `eval open("png")` before each plot.
open_svg = sprintf("set terminal svg size %d,%d dynamic noenhanced font 'Arial,13' name '%s'; set output '%s.svg'", width, height, name, name)
open_png = sprintf("set terminal pngcairo size %d,%d noenhanced font 'DejaVu Sans,9.5' fontscale 2 linewidth 2 pointscale 2; set output '%s.png'", 2 * width, 2 * height, name)
open(form) = form eq "svg" ? open_svg : open_png
# Font of a size given in pixels of the SVG; points in the PNG.
size_of(form, px) = form eq "svg" ? sprintf(",%g", px) : sprintf(",%g", 0.73 * px)
bold_of(form, px) = (form eq "svg" ? "Arial:Bold" : "DejaVu Sans:Bold") . size_of(form, px)

set encoding utf8
unset key
unset border
set lmargin at screen left
set rmargin at screen right
set tmargin at screen top
set bmargin at screen bottom
set tics nomirror scale 0 textcolor rgb c_axis
set grid xtics noytics back linetype 1 linewidth 1 linecolor rgb c_grid
set errorbars 0
set style fill solid 1.0 noborder

# The finding on top, and where it comes from below it in grey.
set label 1 headline at screen 0.015, screen 1 - 24.0 / height left textcolor rgb c_text
set label 2 subline at screen 0.015, screen 1 - 46.0 / height left textcolor rgb c_axis
head(form) = sprintf("set label 1 font '%s'; set label 2 font '%s'", bold_of(form, 16), size_of(form, 12))
