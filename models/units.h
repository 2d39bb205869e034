/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text to number and back, in one place.
 *
 * Readers take the text as the user typed it and return NULL when it is good, or a
 * constant sentence that says what was expected ("needs a unit, for example ...");
 * the caller adds the place. Where a unit is needed a bare number is refused: 30
 * may be seconds or days, and guessing wrong is worth years.
 *
 * Printers write into a caller's buffer (HA_UNITS_TEXT bytes are always enough) and
 * return it, so that they can stand inside a printf. Nothing here allocates.
 */
#ifndef HA_UNITS_H
#define HA_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define HA_UNITS_TEXT 64

/* Years have 365.25 days, months a twelfth of that, as everywhere in nines. */
#define HA_HOURS_PER_MONTH 730.5

/* A length of time: "90s", "45m", "4h", "30d", "5y", "250ms", "2w", "1h30m",
 * "1 h 52 min". Result in seconds, 0 or more. */
const char *ha_units_read_duration(const char *text, double *seconds);

/* How often: "2/y", "0.1/d", "1/5y", "3 per year". Result per year of 365.25 days. */
const char *ha_units_read_rate(const char *text, double *per_year);

/* A share: "5%", "99.99 %". Result as a fraction; the per cent sign is needed. */
const char *ha_units_read_percent(const char *text, double *fraction);

/* A probability: "5%" or a bare number from 0 to 1. */
const char *ha_units_read_probability(const char *text, double *fraction);

/* A Kubernetes quantity of cpu: "500m", "0.5", "2". Result in millicores, rounded up
 * as Kubernetes does. */
const char *ha_units_read_cpu(const char *text, int64_t *mcpu);

/* A Kubernetes quantity of anything else (memory, storage, counts): "512Mi", "2G",
 * "1e9", "128974848000m". Result rounded up to a whole number. */
const char *ha_units_read_bytes(const char *text, int64_t *bytes);

/* An amount of money per hour or per month: "0.192/h", "140/month". Result in US
 * dollars a month of 730.5 hours. */
const char *ha_units_read_price(const char *text, double *usd_month);

/* At most two units: "1 h 52 min", "38 min", "18 s", "250 ms", "3 y 2 d". */
char *ha_units_print_duration(char *text, size_t size, double seconds);

/* One unit and `digits` significant digits up to an hour ("31.0 min", "9.4 min"),
 * two units above. For estimates: digits says how much is known. */
char *ha_units_print_estimate_s(char *text, size_t size, double seconds, int digits);

/* -log10 of an unavailability with one decimal: "4.2"; "none lost" as "inf". */
char *ha_units_print_nines(char *text, size_t size, double unavailability);

/* Availability in per cent, down to two digits of what is missing from 100:
 * 5.9e-5 gives "99.9941". Never rounds a loss away; 0 gives "100". */
char *ha_units_print_availability(char *text, size_t size, double unavailability);

/* A number with at most `digits` significant digits, without exponent where it
 * stays readable: "0.0123", "31.0", "1.60e-12"; from 10 000 on in groups of three
 * ("20 000"). */
char *ha_units_print_number(char *text, size_t size, double number, int digits);

/* A whole number in groups of three: "20 000". */
char *ha_units_print_count(char *text, size_t size, int64_t count);

/* Bytes in the largest binary unit with three digits: "16Gi", "512Mi", "1.5Gi". */
char *ha_units_print_bytes(char *text, size_t size, int64_t bytes);

/* Millicores as Kubernetes writes them: "500m", "4". */
char *ha_units_print_cpu(char *text, size_t size, int64_t mcpu);

#endif
