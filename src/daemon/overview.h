/* What a running daemon says of itself: one consistent snapshot, from which metrics, `egretctl
 * status` and `stats`, and stats records are made. */
#ifndef EGRET_DAEMON_OVERVIEW_H
#define EGRET_DAEMON_OVERVIEW_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/stats.h"
#include "detect/analyst.h"
#include "output/outlet.h"

#define OVERVIEW_WORKERS_MAX	64
#define OVERVIEW_INTERFACES_MAX 16
#define OVERVIEW_OUTLETS_MAX	8
#define OVERVIEW_CLIENTS_MAX	8

/* Upper bounds of a histogram's buckets double: bucket i counts values <= least << i; the last one
 * all others. */
#define HISTOGRAM_BUCKETS 24
struct histogram {
	uint64_t least; /* ns, or bytes */
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t count, sum;
};

static inline void histogram_add(struct histogram *h, uint64_t v)
{
	unsigned i = 0;

	while (i < HISTOGRAM_BUCKETS - 1 && v > h->least << i)
		i++;
	h->bucket[i]++;
	h->count++;
	h->sum += v;
}

struct overview_interface {
	char name[IF_NAMESIZE];
	bool open;				/* false: gone, waited for */
	bool quiet;				/* used to be busy, and nothing comes any more */
	uint64_t received, ring_lost, nic_lost; /* packets */
	uint64_t reopened;
};

/* A client of whose connections records were lost. */
struct overview_client {
	struct addr client; /* zero: of several */
	uint64_t up, down;  /* bytes that those records would have told */
	uint64_t records;
};

struct overview_worker {
	uint64_t packets, records;
	uint64_t ring_used, ring_size; /* bytes, of records on their way to the analyst */
	uint64_t mark;		       /* packet time it has come to, ns */
};

struct overview {
	const char *version;
	uint64_t now;	    /* wall clock, ns since 1970 */
	uint64_t started;   /* the same */
	struct stats stats; /* of all workers */
	struct overview_worker worker[OVERVIEW_WORKERS_MAX];
	unsigned workers;
	struct overview_interface interface[OVERVIEW_INTERFACES_MAX];
	unsigned interfaces;
	struct {
		const char *name;
		struct outlet_counts counts;
	} outlet[OVERVIEW_OUTLETS_MAX];
	unsigned outlets;
	/* records between workers and analyst */
	uint64_t records_taken;		     /* by the analyst */
	uint64_t records_lost[RECORD_KINDS]; /* because its ring was full, by kind */
	uint64_t records_late;	     /* came after later ones had been taken; used all the same */
	uint64_t updates_put_off;    /* of running connections, until the ring had room again */
	uint64_t bytes_unattributed; /* uploaded bytes of connections whose last record was lost */
	struct overview_client unattributed[OVERVIEW_CLIENTS_MAX]; /* whose; who lost most */
	struct histogram delay; /* ns of wall clock from a fact's packet to its record's taking */
	struct histogram depth; /* bytes in the rings when the analyst looks */
	struct analyst_summary analyst;
	/* configuration, lists and rules */
	uint64_t generation; /* 1, then one more with each reload */
	uint64_t loaded;     /* when, wall clock, ns */
	uint64_t reload_failures;
	char reload_problem[256]; /* of the last try; "": it went well */
	uint64_t services, rules, correlations, rules_refused;
	uint64_t state_failures; /* states that could not be saved */
	bool unsaved;		 /* the last one */
	uint64_t memory;	 /* resident, bytes */
	uint64_t memory_bound;	 /* the most that it may be; 0: not known */
	uint64_t cpu;		 /* ns */
	bool seccomp;
	int landlock;
};

#endif
