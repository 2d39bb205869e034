/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificate renewal: vCluster renews its leaf certificates 90 days before they
 * expire and restarts what uses them.
 *
 * Leaf certificates live a year and are checked daily, so a renewal comes every 275
 * days. It patches the etcd StatefulSet and at once the control plane, so both roll
 * pod by pod at the same time; CoreDNS carries no certificate and stays. Nobody asked
 * for it, yet it is planned work, with the effects of a roll-out and a cause of its
 * own (models/kube/rollouts.c).
 *
 * Leaves out: renewals that fail (cert_expiry), and that a daily check can only be
 * made while the control plane runs.
 *
 * Sources: configs/catalog, row cert.renewal.rate; loft-sh/vcluster
 * pkg/certs/watcher.go.
 */
#include "models/infra/failure_mode.h"

static void plan(struct ha_fm_plan *fm, struct ha_builder *b,
                 const struct ha_infra_spec *spec)
{
    (void)spec;
    ha_fm_make_periodic(fm, b);
}

static bool can_strike(const struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    return (w->common->faults & HA_FM_BIT(CERT_RENEWAL)) == 0;
}

static void strike(struct ha_infra *w, uint32_t entity)
{
    (void)entity;
    ha_infra_break_common(w, HA_FM_CERT_RENEWAL);
}

const struct ha_failure_mode ha_fm_cert_renewal = {
    .plan = plan,
    .can_strike = can_strike,
    .strike = strike,
    .struck = "certificates are renewed: etcd and the control plane restart in turn",
    .healed = "the certificate renewal is over",
};
