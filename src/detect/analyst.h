/* The analyst: everything that must be right across flows, hosts and time. It hears records in
 * order, gives connections their names, and keeps the ledger that findings come from. One thread,
 * no locks; the same records give the same findings every time. */
#ifndef EGRET_DETECT_ANALYST_H
#define EGRET_DETECT_ANALYST_H

#include <stdint.h>

#include "core/record.h"
#include "services/domain_set.h"
#include "detect/finding.h"

struct analyst;

/* How well uploads could be named. */
struct analyst_summary {
	uint64_t up;                          /* bytes uploaded over all connections that ended */
	uint64_t up_by_source[NAME_CERT + 1]; /* of these, by where the name came from */
	uint64_t up_to_services;              /* of these, to a service of the lists */
	uint64_t connections, named;
	uint64_t names_evicted;   /* addresses forgotten while they still held */
	uint64_t accounts_refused;
	uint64_t flows_untracked; /* connections beyond the bound: counted record by record */
};

/* `set` outlives the analyst. `next` hears every record after its names were filled in; its take
 * may be NULL. */
struct analyst *analyst_new(struct domain_set *set, const uint64_t threshold[4],
			    struct record_sink next);
void analyst_free(struct analyst *a);

void analyst_take(struct analyst *a, const struct record *r);

void analyst_findings(const struct analyst *a,
		      void (*each)(void *context, const struct finding *f), void *context);
struct analyst_summary analyst_summary(const struct analyst *a);

#endif
