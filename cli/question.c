/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From flags to a study. Limits exist so that a slip of the finger (--jobs 10000,
 * --years 1e30) is a message and not a machine that hangs. The seed stays below
 * 2^53, because a result is JSON and JSON readers keep numbers in doubles.
 */
#include "cli/question.h"

#include <string.h>
#include <unistd.h>

#include "cli/error.h"
#include "cli/signals.h"
#include "models/design/suggest.h"

#define MOST_JOBS  256
#define MOST_YEARS 1e12
#define MOST_SEED  ((UINT64_C(1) << 53) - 1)

struct cli_question cli_question_default(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return (struct cli_question){
        .sure = 0.95,
        .precision = 0.05,
        .seed = 1,
        .jobs = cores > 0 ? (uint64_t)cores : 1,
        .method = SIM_METHOD_AUTO,
        .slo = cli_slo_default(),
    };
}

int cli_question_settle(struct cli_question *q, const struct cli_output *output,
                        struct sim_err *err)
{
    if (q->slo_text != NULL) {
        const int rc = cli_slo_read(q->slo_text, &q->slo, err);

        if (rc != 0) {
            return rc;
        }
    }
    if (!q->slo.is_asked && cli_output_uses(output, CLI_FORMAT_JUNIT)) {
        sim_err_set(err, SIM_ERR_USAGE, "junit reports whether an objective is met");
        sim_err_hint(err, "say which with --slo, for example --slo 99.99");
        return -(int)SIM_ERR_USAGE;
    }
    q->slo.sure = q->sure;
    if (q->jobs < 1 || q->jobs > MOST_JOBS) {
        return sim_err_set(err, SIM_ERR_USAGE, "--jobs must be from 1 to %d",
                           MOST_JOBS);
    }
    if (q->years > MOST_YEARS) {
        return sim_err_set(err, SIM_ERR_USAGE, "--years must be at most %.0e",
                           MOST_YEARS);
    }
    if (q->seed > MOST_SEED) {
        return sim_err_set(err, SIM_ERR_USAGE, "--seed must be below 2^53");
    }
    return 0;
}

static int find_service(const char *name, const struct sim_model *model,
                        uint32_t *service, struct sim_err *err)
{
    struct ha_suggest near;

    ha_suggest_init(&near, name);
    for (uint32_t i = 0; i < model->n_services; i++) {
        if (strcmp(model->service[i], name) == 0) {
            *service = i;
            return 0;
        }
        ha_suggest_offer(&near, model->service[i]);
    }
    sim_err_set(err, SIM_ERR_USAGE, "--service: %s has no service \"%s\"", model->name,
                name);
    sim_err_hint(err, "did you mean \"%s\"?",
                 near.best != NULL ? near.best : model->service[0]);
    return -(int)SIM_ERR_USAGE;
}

int cli_question_study(const struct cli_question *q, const struct sim_model *model,
                       struct sim_study *study, struct sim_err *err)
{
    *study = sim_study_default();
    study->method = (enum sim_method)q->method;
    study->seed = q->seed;
    study->jobs = (unsigned)q->jobs;
    study->years = q->years;
    study->precision = q->precision;
    study->max_time_s = q->max_time_s;
    study->window_s = cli_slo_window(&q->slo, model->year_s);
    study->budget_s = cli_slo_budget(&q->slo, model->year_s);
    study->first_year = q->is_first_year;
    study->sensitivity = q->is_sensitivity;
    study->all_causes = q->is_each_cause;
    study->stop = &cli_stop;
    if (q->service != NULL) {
        return find_service(q->service, model, &study->focus, err);
    }
    return 0;
}
