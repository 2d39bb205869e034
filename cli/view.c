/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantities that every face needs, defined once.
 *
 * Quantiles of windows use the inverse of the weighted distribution function, no
 * interpolation: "worst year in 20" is a year that happened. Quantiles of outage
 * lengths come from log bins (8 per factor of 10) with interpolation inside the bin,
 * good to a few per cent, and are printed to two digits only.
 */
#include "cli/view.h"

#include <math.h>
#include <string.h>

#include "cli/error.h"

#define DURATION_FIRST_S 0.01 /* left edge of the first histogram bin */
#define BINS_PER_DECADE  8.0

static const struct {
    const char *name;
    const char *words;
    bool is_event;
} service_words[] = {
#define CLI_SERVICE(name, words, is_event) {name, words, is_event},
#include "cli/services.def"
#undef CLI_SERVICE
};

const char *cli_service_words(const char *name)
{
    for (size_t i = 0; i < sizeof(service_words) / sizeof(service_words[0]); i++) {
        if (strcmp(service_words[i].name, name) == 0) {
            return service_words[i].words;
        }
    }
    return name;
}

bool cli_service_is_event(const char *name)
{
    for (size_t i = 0; i < sizeof(service_words) / sizeof(service_words[0]); i++) {
        if (strcmp(service_words[i].name, name) == 0) {
            return service_words[i].is_event;
        }
    }
    return false;
}

const struct sim_service_result *cli_focus(const struct cli_finding *finding)
{
    return &finding->result->service[finding->focus];
}

struct sim_estimate cli_downtime_s(const struct sim_result *result,
                                   struct sim_estimate unavailability)
{
    struct sim_estimate e = unavailability;

    e.value *= result->year_s;
    e.low *= result->year_s;
    e.high *= result->year_s;
    return e;
}

bool cli_none_seen(const struct sim_result *result,
                   const struct sim_service_result *service, double *years)
{
    const double most = service->outages_per_year.high;

    if (service->unavailability.value > 0 || service->n_outages > 0 ||
        strcmp(result->method, "exact") == 0) {
        return false;
    }
    /* Rule of three: 0 events in T years, 95 % sure that the rate is below 3/T. */
    *years = service->outages_per_year.is_known && most > 0 && isfinite(most)
                 ? 1 / most
                 : result->simulated_years / -log(1 - result->confidence);
    return true;
}

double cli_window_quantile(const struct sim_service_result *service, double p)
{
    double total = 0;
    double sum = 0;

    for (uint32_t i = 0; i < service->n_windows; i++) {
        total += service->window_weight != NULL ? service->window_weight[i] : 1;
    }
    if (!(total > 0)) {
        return -1;
    }
    for (uint32_t i = 0; i < service->n_windows; i++) {
        sum += service->window_weight != NULL ? service->window_weight[i] : 1;
        if (sum >= p * total * (1 - 1e-12)) {
            return service->window_downtime_s[i];
        }
    }
    return service->window_downtime_s[service->n_windows - 1];
}

double cli_duration_quantile(const struct sim_service_result *service, double p)
{
    double total = 0;
    double sum = 0;

    for (int i = 0; i < SIM_DURATION_BINS; i++) {
        total += service->duration_bin[i];
    }
    if (!(total > 0)) {
        return -1;
    }
    for (int i = 0; i < SIM_DURATION_BINS; i++) {
        const double in_bin = service->duration_bin[i];

        if (in_bin > 0 && sum + in_bin >= p * total * (1 - 1e-12)) {
            const double inside = (p * total - sum) / in_bin;

            return DURATION_FIRST_S * pow(10, (i + inside) / BINS_PER_DECADE);
        }
        sum += in_bin;
    }
    return -1;
}

int cli_finding_exit(const struct cli_finding *finding,
                     const struct cli_question *question)
{
    const struct sim_service_result *s = cli_focus(finding);

    if (question->fail_on == CLI_FAIL_ON_NEVER) {
        return CLI_EXIT_DONE;
    }
    if (question->fail_on == CLI_FAIL_ON_WARNING && s->is_flagged) {
        return CLI_EXIT_NO;
    }
    if (!question->slo.is_asked) {
        return CLI_EXIT_DONE;
    }
    return cli_slo_exit(cli_slo_judge(&question->slo, s->slo_met_share));
}
