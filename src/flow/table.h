/* The flow table: look-up by 5-tuple, expiry on packet time, a bound with counted eviction. */
#ifndef EGRET_FLOW_TABLE_H
#define EGRET_FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/prefetch.h"
#include "core/limits.h"
#include "core/stats.h"
#include "decode/packet.h"
#include "flow/flow.h"

struct flow_settings {
	uint32_t flows_max;
	/* seconds without a packet after which a flow ends */
	uint32_t tcp_idle, udp_idle, dns_idle, attempt_idle, finished_idle;
	uint32_t report_every; /* seconds between flow records of a running connection */
	uint32_t report_bytes; /* payload bytes between them, growing to 1 % of the flow's total */
};

extern const struct flow_settings flow_settings_default;

/* What the room above is told. Each may be called from any call into the table. */
struct flow_events {
	/* The flow is about to go. `why` is never END_NOT. */
	void (*ended)(void *context, struct flow *f, enum flow_end why);
	/* Payload moved and report_every seconds or report_bytes are past. */
	void (*due)(void *context, struct flow *f);
	/* Nothing holds this flow.name any more: neither its flow nor what is kept of an evicted
	 * one. */
	void (*forget)(void *context, uint32_t name);
	void *context;
};

struct flow_ghost;

/* A flow when it was made. */
struct flow_attempt {
	uint32_t number;
	uint32_t id; /* low half */
};

struct flow_table {
	struct flow_settings settings;
	struct flow_events events;
	struct stats *stats;
	struct hash_key key;
	struct hindex index;
	struct pool flows;
	struct pool rares; /* struct flow_rare */
	struct wheel wheel; /* ticks are seconds of the clock below */
	uint64_t origin;    /* packet time at which the clock reads 0, ns */
	uint64_t clock;	    /* ms since origin */
	uint32_t now;	    /* its low half */
	uint64_t next_ms;   /* packet time at which it moves, ns */
	uint64_t next_id;
	/* The flows made last, a ring: whichever of them is still unanswered when its place is needed
	 * is given up, so that a flood takes a part of the table only. */
	struct flow_attempt *attempts;
	uint32_t attempts_max, attempt_next;
	struct flow_ghost *ghosts; /* ring of LIMIT_GHOSTS */
	struct hindex ghost_index;
	uint32_t ghost_next;
};

void flow_table_init(struct flow_table *t, const struct flow_settings *s,
		     const struct flow_events *e, struct stats *stats);
void flow_table_fini(struct flow_table *t);
/* The most memory that one takes, what is kept of evicted flows included. */
size_t flow_table_memory(const struct flow_settings *s);

/* The same for both directions. */
uint64_t flow_hash(const struct flow_table *t, const struct tuple *k);

static inline void flow_prefetch_index(const struct flow_table *t, uint64_t hash)
{
	hindex_prefetch(&t->index, hash);
}

/* Once the index is there. A packet of a TCP flow that is not looked into needs its first line only.
 */
static inline void flow_prefetch(const struct flow_table *t, uint64_t hash, uint8_t proto)
{
	struct hslot s = t->index.slots[hindex_tag(hash) & t->index.mask];
	if (s.ref == HINDEX_NONE)
		return;
	const char *f = pool_at(&t->flows, s.ref);
	prefetch(f);
	if (proto == PROTO_TCP)
		return;
	prefetch(f + 64);
	prefetch(f + 128);
}

/* Moves the clock to packet time `ns`, never back, and ends what has been idle for too long. */
void flow_table_advance(struct flow_table *t, uint64_t ns);
/* The clock was wrong: ends every flow and starts again at `ns`, even if that is in the past. */
void flow_table_restart(struct flow_table *t, uint64_t ns);

/* Takes one packet: finds or makes its flow, counts it, follows TCP's state. Returns the flow and
 * the sending side, or NULL for a copy of the packet before or when no flow could be made (both
 * counted); a copy by TCP's numbers whose content somebody reads is returned, but not counted again. The flow stays valid until the next call into the table. */
struct flow *flow_take(struct flow_table *t, const struct packet *p, uint64_t hash,
		       unsigned *side);

/* To be called after the packet's payload was looked into: tells `due` when a record is due. */
void flow_settle(struct flow_table *t, struct flow *f);

/* Notes that a flow record was made now: the totals are reported, the next one comes later. */
void flow_reported(struct flow_table *t, struct flow *f);

/* Ends every flow. */
void flow_table_finish(struct flow_table *t);

static inline struct flow_rare *flow_rare(const struct flow_table *t, const struct flow *f)
{
	return f->rare ? pool_at(&t->rares, f->rare - 1) : NULL;
}

/* The same, made if there is none yet; NULL at the bound. */
struct flow_rare *flow_rare_make(struct flow_table *t, struct flow *f);

/* Tells the room above that nothing holds the name any more. */
void flow_table_forget(struct flow_table *t, uint32_t name);

/* Packet time of a flow's `last`, which may lie up to 49 days back. */
static inline uint64_t flow_clock_ns(const struct flow_table *t, uint32_t ms)
{
	return t->origin + (t->clock - (uint32_t)(t->now - ms)) * NS_PER_MS;
}

#endif
