#include "flow/ghost.h"

#include "base/mem.h"
#include "flow/count.h"
#include "flow/table.h"

/* What is remembered of a flow that records told of. */
struct flow_ghost {
	struct tuple tuple; /* sides 0 and 1 as source and destination */
	uint64_t id, start, hash;
	uint64_t last; /* ms of the clock */
	uint64_t reported[2];
	uint64_t more[2]; /* bytes beyond what the numbers of `side` say */
	struct flow_side side[2];
	struct flow_side_rest rest[2];
	uint32_t sequence, name;
	uint8_t opener, opener_side;
	uint8_t name_source, app, hides, evades, flags, resets;
	bool used;
};

size_t ghost_memory(void)
{
	return mem_memory(LIMIT_GHOSTS * sizeof(struct flow_ghost)) + hindex_memory(LIMIT_GHOSTS);
}

static void drop(struct flow_table *t, uint32_t n)
{
	struct flow_ghost *g = &t->ghosts[n];

	hindex_remove(&t->ghost_index, g->hash, n);
	flow_table_forget(t, g->name);
	g->used = false;
}

/* Whether the side's FIN arrived, or so the other side says. */
static bool fin_acked(const struct flow *f, unsigned side)
{
	return f->rest[side].flags & SIDE_ACK && (int32_t)(f->side[side].ack - f->side[side].seq) > 0;
}

/* RST and FIN may have been forged, or never have got there; and after a long silence a connection is
 * still the same. */
bool ghost_may_rise(const struct flow *f, enum flow_end why)
{
	switch (why) {
	case END_EVICTED:
		return true;
	case END_IDLE:
	case END_RESET:
		return f->proto == PROTO_TCP;
	case END_CLOSED:
		return !fin_acked(f, 0) || !fin_acked(f, 1);
	default:
		return false;
	}
}

void ghost_keep(struct flow_table *t, struct flow *f)
{
	if (!t->ghosts)
		t->ghosts = mem_array(LIMIT_GHOSTS, sizeof *t->ghosts);
	uint32_t n = t->ghost_next;
	struct flow_ghost *g = &t->ghosts[n];
	t->ghost_next = (n + 1) % LIMIT_GHOSTS;
	if (g->used)
		drop(t, n);
	struct tuple k = {f->addr[0], f->addr[1], f->port[0], f->port[1], f->proto};
	*g = (struct flow_ghost){.tuple = k,
				 .id = f->id,
				 .start = f->start,
				 .hash = flow_hash(t, &k),
				 .last = t->clock - (uint32_t)(t->now - f->last),
				 .sequence = f->sequence,
				 .name = f->name,
				 .name_source = f->name_source,
				 .app = f->app,
				 .hides = f->hides,
				 .evades = f->evades,
				 .flags = f->flags,
				 .resets = f->resets,
				 .opener = f->opener,
				 .opener_side = (uint8_t)flow_opener(f),
				 .used = true};
	for (unsigned i = 0; i < 2; i++) {
		g->side[i] = f->side[i];
		g->rest[i] = f->rest[i];
		g->reported[i] = f->reported[i];
		g->more[i] = count_more(t, f, i);
	}
	f->name = 0;
	hindex_add(&t->ghost_index, g->hash, n);
}

/* Gives the flow back what it was. */
static void resume(struct flow_table *t, struct flow *f, struct flow_ghost *g, bool backward)
{
	f->id = g->id;
	f->start = g->start;
	f->sequence = g->sequence;
	f->name = g->name;
	f->name_source = g->name_source & 15;
	f->app = g->app & 15;
	f->hides = g->hides;
	f->evades = (g->evades | FLOW_GOES_ON) & 127;
	f->resets = backward ? (uint8_t)(g->resets >> 1 | (g->resets & 1) << 1) : g->resets;
	f->opener = g->opener & 15;
	f->flags = (uint8_t)((f->flags & FLOW_V6) | FLOW_OPENED | FLOW_ESTABLISHED |
			     (g->flags & (FLOW_MIDSTREAM | FLOW_RESET | FLOW_FINISHED)) |
			     (g->opener_side != backward ? FLOW_OPENER_1 : 0));
	struct flow_rare *rare = g->more[0] || g->more[1] ? flow_rare_make(t, f) : NULL;
	for (unsigned i = 0; i < 2; i++) {
		unsigned was = backward ? !i : i;
		f->side[i] = g->side[was];
		f->rest[i] = g->rest[was];
		f->reported[i] = g->reported[was];
		if (rare)
			rare->side[i].done = g->more[was];
	}
	t->stats->flows_resumed++;
}

void ghost_recall(struct flow_table *t, struct flow *f, const struct packet *p, uint64_t hash)
{
	const struct tuple *k = &p->tuple;

	for (struct hprobe q = hindex_probe(&t->ghost_index, hash);
	     hindex_next(&t->ghost_index, &q);) {
		struct flow_ghost *g = &t->ghosts[q.ref];
		bool forward = g->tuple.sport == k->sport && g->tuple.dport == k->dport &&
			       addr_eq(&g->tuple.src, &k->src) && addr_eq(&g->tuple.dst, &k->dst);
		bool backward = g->tuple.sport == k->dport && g->tuple.dport == k->sport &&
				addr_eq(&g->tuple.src, &k->dst) && addr_eq(&g->tuple.dst, &k->src);
		if (g->tuple.proto != k->proto || !(forward || backward))
			continue;
		bool is_tcp = k->proto == PROTO_TCP, again = is_tcp && p->flags & (TCP_SYN | TCP_RST);
		uint64_t age = is_tcp ? LIMIT_GHOST_AGE / NS_PER_MS : t->settings.udp_idle * UINT64_C(1000);
		if (again && p->flags & TCP_RST)
			return; /* says nothing new, and may be forged as well */
		if (!again && t->clock - g->last <= age) {
			resume(t, f, g, !forward);
			g->name = 0; /* the flow's now */
		}
		drop(t, q.ref);
		return;
	}
}

void ghost_clear(struct flow_table *t)
{
	for (uint32_t n = 0; t->ghosts && n < LIMIT_GHOSTS; n++)
		if (t->ghosts[n].used)
			drop(t, n);
}
