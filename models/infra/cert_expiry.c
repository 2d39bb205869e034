/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificate expiry: certificates of the tenant control plane ran out unnoticed.
 *
 * All components stop trusting one another at once, so no number of replicas helps;
 * hours until new certificates are made and loaded. Only the bit is raised here.
 *
 * Leaves out: expiry of the host's own certificates (part of hostcp_outage).
 *
 * Sources: configs/catalog, rows cert.expiry.*; Keyfactor/Ponemon 2022-2024.
 */
#include "models/infra/failure_mode.h"

static bool can_strike(const struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    return (w->common->faults & HA_FM_BIT(CERT_EXPIRY)) == 0;
}

static void strike(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_break_common(w, HA_FM_CERT_EXPIRY);
}

static void heal(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_mend_common(w, HA_FM_CERT_EXPIRY);
}

const struct ha_failure_mode ha_fm_cert_expiry = {
    .can_strike = can_strike,
    .strike = strike,
    .heal = heal,
    .struck = "certificates expired",
    .healed = "certificates were renewed",
};
