/* What an overview says in single numbers, beside the counters of core/stats.def: one list for
 * metrics, `egretctl stats` and stats records. */
#ifndef EGRET_DAEMON_FIGURES_H
#define EGRET_DAEMON_FIGURES_H

#include <stdint.h>

#include "daemon/overview.h"

enum figure_kind {
	FIGURE_COUNTER,
	FIGURE_GAUGE,
	FIGURE_TIME, /* ns since 1970 */
	FIGURE_FLAG, /* 0 or 1 */
};

struct figure {
	const char *group, *name;
	enum figure_kind kind;
	uint16_t offset, size;	   /* in struct overview */
	const char *label, *value; /* NULL: none */
	const char *help;
};

extern const struct figure figures[];
extern const unsigned figure_count;

uint64_t figure_get(const struct overview *o, const struct figure *f);

/* The least bucket's upper bound that at least this share of the values is not above; UINT64_MAX
 * for the last bucket, 0 when there are no values. */
uint64_t histogram_quantile(const struct histogram *h, double share);

/* Packets that were to be seen: those received and those that the NIC lost. (The kernel counts what
 * its ring lost as received.) */
static inline uint64_t interface_sent(const struct overview_interface *i)
{
	return i->received + i->nic_lost;
}

static inline uint64_t interface_lost(const struct overview_interface *i)
{
	return i->ring_lost + i->nic_lost;
}

#endif
