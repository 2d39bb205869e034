/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The changing world of the tenant control plane: what the processes inside the
 * pods are doing. Flat rows without pointers, the same bytes for the same
 * situation; they lie in the world behind the rows of kube.
 */
#ifndef HA_VCLUSTER_WORLD_H
#define HA_VCLUSTER_WORLD_H

#include <assert.h>
#include <stdint.h>

/* What the process in a pod is doing. kube knows only that it runs. */
enum ha_app_phase {
    HA_APP_OFF,      /* no process */
    HA_APP_WAITING,  /* started; needs something (store, host API, data) to go on */
    HA_APP_STARTING, /* coming up; the timer APP_UP ends it */
    HA_APP_UP,       /* serves (control plane: while its store is usable) */
    HA_APP_LEAVING   /* SIGTERM received: hands over and exits */
};

enum ha_data_mark {
    HA_DATA_WIPED = 1,    /* a store member whose data is gone */
    HA_DATA_ADMITTED = 2, /* its peers expect it to come back empty */
    HA_DATA_STICKY = 4,   /* API servers still hold connections to its silent node */
    HA_DATA_UNDIALED = 8  /* ended while names could not be resolved: not dialled yet */
};

struct ha_vc_pod {
    uint8_t phase;      /* enum ha_app_phase */
    uint8_t data;       /* enum ha_data_mark */
    uint8_t was_ready;  /* etcd, CoreDNS: passed its startup or readiness probe */
    uint8_t is_failing; /* control plane UP without its store: liveness is counting */
    /* What follows from the rest, kept at hand; true between firings. */
    uint8_t is_reachable; /* process alive and linked */
    uint8_t is_member;    /* a store member that votes and stores */
    uint8_t lacks_names;  /* started without host DNS: has found nobody yet */
    uint8_t pad;
};
static_assert(sizeof(struct ha_vc_pod) == 8, "no hidden padding");

/* A lease and its holder, see syncer.c and kcm.c. */
enum ha_lease_phase {
    HA_LEASE_HELD,     /* somebody leads and can renew */
    HA_LEASE_CUT,      /* the holder cannot renew; a later try may still succeed */
    HA_LEASE_DOOMED,   /* its last try failed: it will stop */
    HA_LEASE_EXPIRING, /* no holder; the record has not run out for anybody */
    HA_LEASE_OPEN      /* run out: each candidate takes it at its own time */
};

#define HA_NO_POD UINT16_MAX

struct ha_vc_common {
    uint16_t leader;         /* pod row of the raft leader, or HA_NO_POD */
    uint16_t winner;         /* ... that will win the election under way, or none */
    uint16_t holder;         /* pod row whose name is in the syncer lease */
    uint16_t kcm_holder;     /* pod row of the leading kube-controller-manager */
    uint8_t lease_phase;     /* enum ha_lease_phase of the syncer */
    uint8_t kcm_phase;       /* the same of kube-controller-manager */
    uint8_t has_controllers; /* the syncer leader's controllers run */
    uint8_t lease_is_unread; /* lost in an outage of the API: not all had read it */
    uint8_t kcm_is_stalled;  /* lost in a stall of the store */
    uint8_t api_was_up;      /* host API at the last look */
    uint8_t data_is_lost;    /* a majority of the store's data is gone: restore */
    uint8_t extras_down;     /* extra systems down now, bits */
    uint8_t members_up;      /* derived: store members that vote and store */
    uint8_t store_works;     /* derived: a leader with a majority, the data there */
    uint8_t dns_can_repair;  /* derived: a lost CoreDNS pod would be replaced */
    uint8_t store_did_work;  /* store_works at the last look */
    uint8_t down;            /* derived: services down, bits */
    uint8_t pad[3];
};
static_assert(sizeof(struct ha_vc_common) == 24, "no hidden padding");

/* Book-keeping for blame; never decides the future. Causes are kept plus one, so
 * that zero means nobody. */
struct ha_vc_notes {
    uint8_t leader_cause; /* what took the last raft leader */
    uint8_t holder_cause; /* what took the last syncer leader */
    uint8_t kcm_cause;
    uint8_t data_cause; /* what wiped the data */
    uint8_t pad[4];
};
static_assert(sizeof(struct ha_vc_notes) == 8, "no hidden padding");

#endif
