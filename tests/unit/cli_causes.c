/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the time goes: matched by name, ranked, and adding up to the total. */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/causes.h"

#define N_CAUSES 2

struct made {
    struct sim_cause_result cause[N_CAUSES];
    struct sim_service_result service;
    struct sim_result result;
    struct cli_finding finding;
};

static struct sim_estimate known(double value)
{
    return (struct sim_estimate){value, value, value, true};
}

/* A finding with two causes; a year has 100 s. */
static void make(struct made *m, const char *first, double first_u, const char *second,
                 double second_u, double total_u)
{
    memset(m, 0, sizeof(*m));
    m->cause[0] = (struct sim_cause_result){
        .name = first, .cause = 0, .unavailability = known(first_u)};
    m->cause[1] = (struct sim_cause_result){
        .name = second, .cause = 1, .unavailability = known(second_u)};
    m->service.n_causes = N_CAUSES;
    m->service.cause = m->cause;
    m->service.unavailability = known(total_u);
    m->result.year_s = 100;
    m->result.n_services = 1;
    m->result.service = &m->service;
    m->finding = (struct cli_finding){NULL, &m->result, 0};
}

Test(cli_causes, what_no_cause_accounts_for_is_a_row_of_its_own)
{
    struct made m;
    struct cli_cause_rows rows;

    make(&m, "disk", 0.2, "net", 0.1, 0.5);
    cli_causes_rank(&m.finding, 1, &rows);
    cr_assert_eq(rows.n, 3);
    cr_assert_str_eq(rows.row[2].name, CLI_NOT_ATTRIBUTED);
    cr_assert_float_eq(rows.row[2].most_s, 20, 1e-9);
    cr_assert_float_eq(cli_cause_s(&m.finding, CLI_NOT_ATTRIBUTED), 20, 1e-9);
}

Test(cli_causes, rounding_is_no_row)
{
    struct made m;
    struct cli_cause_rows rows;

    make(&m, "disk", 0.2, "net", 0.3, 0.5000001);
    cli_causes_rank(&m.finding, 1, &rows);
    cr_assert_eq(rows.n, 2);
    cr_assert_str_eq(rows.row[0].name, "net"); /* ranked */
}

Test(cli_causes, names_and_not_numbers_are_matched)
{
    struct made m[2];
    struct cli_cause_rows rows;

    make(&m[0], "disk", 0.2, "net", 0.1, 0.3);
    make(&m[1], "net", 0.4, "fire", 0.1, 0.5);
    const struct cli_finding both[] = {m[0].finding, m[1].finding};

    cli_causes_rank(both, 2, &rows);
    cr_assert_eq(rows.n, 3);
    cr_assert_str_eq(rows.row[0].name, "net");
    cr_assert_float_eq(rows.row[0].most_s, 40, 1e-9);
    cr_assert_float_eq(cli_cause_s(&both[0], "net"), 10, 1e-9);
    cr_assert_float_eq(cli_cause_s(&both[0], "fire"), 0, 1e-9);
}
