/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Host control plane outage: the host cluster's API server does not answer.
 *
 * Containers go on and kubelets restart them locally; nothing is scheduled, evicted,
 * attached, drained or taken out of endpoints (kubernetes.io, "Troubleshooting
 * clusters"). Leaders that hold a lease in the host lose it. The controllers' clocks
 * stop and start afresh on return: a controller manager that cannot renew its own
 * lease for 10 s exits, and its successor knows nothing of earlier waiting.
 *
 * Leaves out: API servers that are slow instead of down; stale controllers after a
 * very long outage.
 *
 * Sources: configs/catalog, rows hostcp.outage.*; no provider publishes observed
 * control plane availability, so the value is a calibration to their SLAs.
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_hostcp_outage = {
    .struck = "the host API server went down",
    .healed = "the host API server is back",
};
