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

const struct ha_failure_mode ha_fm_cert_renewal = {
    .is_periodic = true,
    .struck = "certificates are renewed: etcd and the control plane restart in turn",
    .healed = "the certificate renewal is over",
};
