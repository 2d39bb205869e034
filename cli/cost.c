/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cost in the simplest way that is honest for shared nodes: a pod pays for what it
 * keeps others from using. That is the larger of its shares of cpu and memory of an
 * average node, times the node's price; a claim pays for its size. What the host costs
 * as a whole is told beside it, because a node that is bought for one replica costs all
 * of itself. Requests are as the scheduler counts them: the larger of the init
 * containers and the sum of the others, limits where nothing is requested.
 *
 * Left out: traffic between zones (about one dollar a month for a small store),
 * backups, load balancers, people. Disk prices are list prices a GB and month in US
 * regions, 2025 to mid 2026: EBS gp3 0.08, Google balanced 0.10, Azure standard SSD
 * 0.075 and zone-redundant 1.5 times, EFS 0.30; own disks 0.02 amortised over four
 * years.
 */
#include "cli/cost.h"

#include <math.h>
#include <string.h>

#include "models/units.h"

#define GB 1e9

static const double disk_price_gb_month[] = {
    [HA_STORAGE_EBS] = 0.08,         [HA_STORAGE_GCE_PD] = 0.10,
    [HA_STORAGE_AZURE_DISK] = 0.075, [HA_STORAGE_REGIONAL] = 0.1125,
    [HA_STORAGE_NETWORK] = 0.30,     [HA_STORAGE_RBD] = 0.02,
    [HA_STORAGE_LOCAL] = 0.02,
};

/* An amount of cpu (in cores) and memory (in bytes). */
struct size {
    double cpu, memory;
};

static struct size read_size(const struct ha_node *map)
{
    const char *cpu = ha_node_text(ha_node_get(map, "cpu"), NULL);
    const char *memory = ha_node_text(ha_node_get(map, "memory"), NULL);
    struct size size = {0, 0};
    int64_t amount;

    if (cpu != NULL && ha_units_read_cpu(cpu, &amount) == NULL) {
        size.cpu = (double)amount / 1000;
    }
    if (memory != NULL && ha_units_read_bytes(memory, &amount) == NULL) {
        size.memory = (double)amount;
    }
    return size;
}

static struct size container_size(const struct ha_node *container)
{
    const struct ha_node *resources = ha_node_get(container, "resources");
    const struct size limits = read_size(ha_node_get(resources, "limits"));
    struct size size = read_size(ha_node_get(resources, "requests"));

    size.cpu = size.cpu > 0 ? size.cpu : limits.cpu;
    size.memory = size.memory > 0 ? size.memory : limits.memory;
    return size;
}

static struct size pod_size(const struct ha_node *pod)
{
    const struct ha_node *spec = ha_node_get(pod, "spec");
    const struct ha_node *containers = ha_node_get(spec, "containers");
    const struct ha_node *inits = ha_node_get(spec, "initContainers");
    struct size sum = {0, 0};

    for (uint32_t i = 0; containers != NULL && i < containers->n; i++) {
        const struct size one = container_size(containers->item[i]);

        sum.cpu += one.cpu;
        sum.memory += one.memory;
    }
    for (uint32_t i = 0; inits != NULL && i < inits->n; i++) {
        const struct size one = container_size(inits->item[i]);

        sum.cpu = fmax(sum.cpu, one.cpu);
        sum.memory = fmax(sum.memory, one.memory);
    }
    return sum;
}

/* All nodes together; *price is theirs. */
static struct size host_size(const struct ha_host *host, double *price)
{
    struct size sum = {0, 0};

    *price = 0;
    for (uint32_t i = 0; i < host->n_nodes; i++) {
        const struct ha_node *status = ha_node_get(host->node[i].object, "status");
        const struct ha_node *whole = ha_node_get(status, "capacity");
        const struct size one =
            read_size(whole != NULL ? whole : ha_node_get(status, "allocatable"));

        sum.cpu += one.cpu;
        sum.memory += one.memory;
        *price += host->node[i].price_usd_month;
    }
    return sum;
}

static double disk_price(const struct ha_host *host, const char *storage_class)
{
    for (uint32_t i = 0; i < host->n_classes && storage_class != NULL; i++) {
        if (strcmp(host->storage_class[i].name, storage_class) == 0) {
            return disk_price_gb_month[host->storage_class[i].provisioner];
        }
    }
    return 0;
}

struct cli_cost cli_cost_of(const struct ha_design *design)
{
    const struct ha_vcluster *vc = &design->vcluster;
    const struct ha_workload *const set[] = {&vc->cp, &vc->etcd, &vc->coredns};
    struct cli_cost cost = {.is_known = false};
    double price;
    const struct size whole = host_size(&design->host, &price);

    if (!(price > 0 && whole.cpu > 0 && whole.memory > 0)) {
        return cost;
    }
    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
        if (set[i]->replicas == 0 || set[i]->pod_template == NULL) {
            continue;
        }
        const struct size pod = pod_size(set[i]->pod_template);
        const double share = fmax(pod.cpu / whole.cpu, pod.memory / whole.memory);

        cost.pods += set[i]->replicas * share * price;
        if (set[i]->has_volume) {
            cost.volumes += set[i]->replicas * (double)set[i]->volume_bytes / GB *
                            disk_price(&design->host, set[i]->storage_class);
        }
    }
    cost.host = price + design->host.price_control_plane_usd_month;
    cost.is_known = true;
    return cost;
}

double cli_cost_own(const struct cli_cost *cost)
{
    return cost->pods + cost->volumes;
}
