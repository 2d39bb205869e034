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

const struct ha_failure_mode ha_fm_cert_expiry = {
    .struck = "certificates expired",
    .healed = "certificates were renewed",
};
