/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cloud API outage: what runs goes on, but nothing new can be had.
 *
 * No disk is attached or detached and no machine is made while it lasts (volume.c and
 * node.c of the room above stop those clocks and start them afresh). By itself it
 * hurts nobody; together with a node loss it turns minutes into hours.
 *
 * Leaves out: image registries that fail with it; load balancer updates.
 *
 * Sources: configs/catalog, rows region.cloud_api.*; most region-level incidents of
 * 2011-2025 broke control planes (launch, attach, DNS, auth), not running machines.
 */
#include "models/infra/failure_mode.h"

const struct ha_failure_mode ha_fm_cloud_api = {
    .struck = "the cloud API went down",
    .healed = "the cloud API is back",
};
