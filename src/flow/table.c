#include "flow/table.h"

#include <stdlib.h>

#include "base/mem.h"
#include "flow/count.h"

#define TICK_MS 1000
/* A pause in packet time longer than every timeout and than the wheel: everything is over. */
#define PAUSE_MS (24u * 3600 * 1000)
#define COPY_MS 2 /* a span port's copy comes within this time */
#define EVICT_TRIES 16

const struct flow_settings flow_settings_default = {
	.flows_max = LIMIT_FLOWS,
	.tcp_idle = 600,
	.udp_idle = 120,
	.dns_idle = LIMIT_DNS_WAIT / NS_PER_S,
	.attempt_idle = 15,
	.finished_idle = 5,
	.report_every = 30,
	.report_bytes = MIB,
};

/* What is remembered of an evicted flow that records told of. */
struct flow_ghost {
	struct tuple tuple; /* sides 0 and 1 as source and destination */
	uint64_t id;
	uint64_t hash;
	uint32_t sequence;
	uint8_t opener, opener_side;
	bool used;
};

static struct wheel_link *link_of(void *owner, uint32_t member)
{
	struct flow_table *t = owner;
	return &((struct flow *)pool_at(&t->flows, member))->wheel;
}

void flow_table_init(struct flow_table *t, const struct flow_settings *s,
		     const struct flow_events *e, struct stats *stats)
{
	*t = (struct flow_table){.settings = *s, .events = *e, .stats = stats, .next_id = 1};
	hash_key_init(&t->key);
	hindex_init(&t->index, 4096);
	hindex_init(&t->ghost_index, 64);
	pool_init(&t->flows, sizeof(struct flow), s->flows_max);
	pool_init(&t->rares, sizeof(struct flow_rare), s->flows_max / 4 + 16);
	wheel_init(&t->wheel, link_of, t);
}

void flow_table_fini(struct flow_table *t)
{
	hindex_fini(&t->index);
	hindex_fini(&t->ghost_index);
	pool_fini(&t->flows);
	pool_fini(&t->rares);
	free(t->ghosts);
}

/* Commutative in the two ends, so both directions agree. */
uint64_t flow_hash(const struct flow_table *t, const struct tuple *k)
{
	const struct hash_key *key = &t->key;
	uint64_t a = hash_fold(hash_load64(k->src.b) ^ key->w[0], hash_load64(k->src.b + 8) ^ key->w[1]);
	uint64_t b = hash_fold(hash_load64(k->dst.b) ^ key->w[0], hash_load64(k->dst.b + 8) ^ key->w[1]);

	a = hash_fold(a ^ key->w[2], (uint64_t)k->sport << 8 ^ key->w[3]);
	b = hash_fold(b ^ key->w[2], (uint64_t)k->dport << 8 ^ key->w[3]);
	return hash_fold((a + b) ^ key->w[4], (a ^ b) ^ key->w[5] ^ k->proto);
}

static uint32_t short_key(const struct addr *a, bool v6)
{
	uint32_t v;

	if (!v6) {
		memcpy(&v, a->b + 12, 4);
		return v;
	}
	uint64_t h = hash_load64(a->b) * 0x9e3779b97f4a7c15u ^ hash_load64(a->b + 8);
	return (uint32_t)(h ^ h >> 32);
}

struct key {
	uint32_t src4, dst4;
	bool v6;
};

static struct key key_of(const struct tuple *k)
{
	bool v6 = !addr_is_v4(&k->src) || !addr_is_v4(&k->dst);

	return (struct key){short_key(&k->src, v6), short_key(&k->dst, v6), v6};
}

/* Whether the packet belongs to f; *side is who sent it. */
static inline bool same(const struct flow *f, const struct tuple *k, const struct key *key,
			unsigned *side)
{
	if (f->proto != k->proto || ((f->flags & FLOW_V6) != 0) != key->v6)
		return false;
	if (f->key4[0] == key->src4 && f->key4[1] == key->dst4 && f->port[0] == k->sport &&
	    f->port[1] == k->dport)
		*side = 0;
	else if (f->key4[0] == key->dst4 && f->key4[1] == key->src4 && f->port[0] == k->dport &&
		 f->port[1] == k->sport)
		*side = 1;
	else
		return false;
	if (!key->v6)
		return true;
	return addr_eq(&f->addr[*side], &k->src) && addr_eq(&f->addr[!*side], &k->dst);
}

static uint32_t idle_limit(const struct flow_table *t, const struct flow *f)
{
	if (f->flags & FLOW_FINISHED)
		return t->settings.finished_idle;
	if (!(f->flags & FLOW_ESTABLISHED))
		return t->settings.attempt_idle;
	if (f->proto == PROTO_TCP)
		return t->settings.tcp_idle;
	return f->app == APP_DNS ? t->settings.dns_idle : t->settings.udp_idle;
}

static uint64_t tick_of(uint64_t ms)
{
	return ms / TICK_MS;
}

static void arm(struct flow_table *t, uint32_t number, const struct flow *f)
{
	uint64_t wait = idle_limit(t, f);

	if (f->flags & FLOW_ESTABLISHED && wait > t->settings.report_every)
		wait = t->settings.report_every;
	wheel_arm(&t->wheel, number, t->wheel.now + wait + 1);
}

static void remember(struct flow_table *t, const struct flow *f)
{
	if (!t->ghosts)
		t->ghosts = mem_array(LIMIT_GHOSTS, sizeof *t->ghosts);
	uint32_t n = t->ghost_next;
	struct flow_ghost *g = &t->ghosts[n];
	t->ghost_next = (n + 1) % LIMIT_GHOSTS;
	if (g->used)
		hindex_remove(&t->ghost_index, g->hash, n);
	struct tuple k = {f->addr[0], f->addr[1], f->port[0], f->port[1], f->proto};
	*g = (struct flow_ghost){.tuple = k,
				 .id = f->id,
				 .hash = flow_hash(t, &k),
				 .sequence = f->sequence,
				 .opener = f->opener,
				 .opener_side = (uint8_t)flow_opener(f),
				 .used = true};
	hindex_add(&t->ghost_index, g->hash, n);
}

/* A new flow that carries on an evicted one keeps its id, and who opened it. */
static void recall(struct flow_table *t, struct flow *f, const struct tuple *k, uint64_t hash)
{
	for (struct hprobe q = hindex_probe(&t->ghost_index, hash);
	     hindex_next(&t->ghost_index, &q);) {
		struct flow_ghost *g = &t->ghosts[q.ref];
		bool forward = g->tuple.sport == k->sport && g->tuple.dport == k->dport &&
			       addr_eq(&g->tuple.src, &k->src) && addr_eq(&g->tuple.dst, &k->dst);
		bool backward = g->tuple.sport == k->dport && g->tuple.dport == k->sport &&
				addr_eq(&g->tuple.src, &k->dst) && addr_eq(&g->tuple.dst, &k->src);
		if (g->tuple.proto != k->proto || !(forward || backward))
			continue;
		f->id = g->id;
		f->sequence = g->sequence;
		f->opener = g->opener & 15;
		if (g->opener_side != (backward && !forward))
			f->flags |= FLOW_OPENER_1;
		f->flags |= FLOW_OPENED;
		g->used = false;
		hindex_remove(&t->ghost_index, hash, q.ref);
		t->stats->flows_resumed++;
		return;
	}
}

static void tell_end(struct flow_table *t, struct flow *f, enum flow_end why)
{
	if (!(f->flags & FLOW_ESTABLISHED))
		t->stats->flows_unanswered++;
	t->events.ended(t->events.context, f, why);
}

static void end_flow(struct flow_table *t, uint32_t number, enum flow_end why)
{
	struct flow *f = pool_at(&t->flows, number);
	struct tuple k = {f->addr[0], f->addr[1], f->port[0], f->port[1], f->proto};

	tell_end(t, f, why);
	if (why == END_EVICTED) {
		t->stats->flows_evicted++;
		if (f->flags & FLOW_OPENED)
			remember(t, f);
	}
	wheel_disarm(&t->wheel, number);
	hindex_remove(&t->index, flow_hash(t, &k), number);
	if (f->rare)
		pool_put(&t->rares, f->rare - 1);
	f->id = 0;
	pool_put(&t->flows, number);
}

/* Ends come in rows: while one flow goes, the next one's lines are on their way. */
static void prefetch_end(const struct flow_table *t, uint32_t number)
{
	if (number == POOL_NONE)
		return;
	const struct flow *f = pool_at(&t->flows, number);
	struct tuple k = {f->addr[0], f->addr[1], f->port[0], f->port[1], f->proto};
	hindex_prefetch(&t->index, flow_hash(t, &k));
	if (f->wheel.next != POOL_NONE) {
		const char *next = pool_at(&t->flows, f->wheel.next);
		__builtin_prefetch(next);
		__builtin_prefetch(next + 64);
		__builtin_prefetch(next + 128, 1);
	}
}

static enum flow_end natural_end(const struct flow *f)
{
	if (f->flags & FLOW_RESET)
		return END_RESET;
	return f->flags & FLOW_FINISHED ? END_CLOSED : END_IDLE;
}

static bool unreported(const struct flow_table *t, const struct flow *f)
{
	return count_of(t, f, 0).bytes != f->reported[0] || count_of(t, f, 1).bytes != f->reported[1];
}

/* A flow's slot of the wheel came up: its idle time or its next report. */
static void fire(void *owner, uint32_t number)
{
	struct flow_table *t = owner;
	struct flow *f = pool_at(&t->flows, number);
	uint32_t idle = t->now - f->last;

	prefetch_end(t, t->wheel.head[t->wheel.now % WHEEL_SLOTS]);
	if (idle >= idle_limit(t, f) * 1000) {
		end_flow(t, number, natural_end(f));
		return;
	}
	if (f->flags & FLOW_ESTABLISHED &&
	    t->now - f->reported_at >= t->settings.report_every * 1000 && unreported(t, f))
		t->events.due(t->events.context, f);
	arm(t, number, f);
}

void flow_table_finish(struct flow_table *t)
{
	/* a million flows one by one out of the index would be a million cache misses */
	for (uint32_t n = 0; n < t->flows.made; n++) {
		struct flow *f = pool_at(&t->flows, n);
		if (f->id)
			tell_end(t, f, f->flags & FLOW_FINISHED ? natural_end(f) : END_CAPTURE);
	}
	hindex_clear(&t->index);
	wheel_init(&t->wheel, link_of, t);
	pool_clear(&t->flows);
	pool_clear(&t->rares);
}

void flow_table_advance(struct flow_table *t, uint64_t ns)
{
	if (t->origin == 0) {
		t->origin = ns;
		return;
	}
	uint64_t ms = ns > t->origin ? (ns - t->origin) / NS_PER_MS : 0;
	uint64_t before = t->wheel.now * TICK_MS;

	if (ms > before + PAUSE_MS) {
		for (uint32_t n = 0; n < t->flows.made; n++)
			if (((struct flow *)pool_at(&t->flows, n))->id)
				end_flow(t, n, natural_end(pool_at(&t->flows, n)));
	}
	if ((int32_t)((uint32_t)ms - t->now) > 0 || ms > before + PAUSE_MS)
		t->now = (uint32_t)ms;
	if (tick_of(ms) > t->wheel.now)
		wheel_advance(&t->wheel, tick_of(ms), fire);
}

/* Gives up the flow that would have expired soonest, of those whose slot comes up next. */
static bool evict(struct flow_table *t)
{
	uint64_t tick = t->wheel.now + 1;

	for (unsigned slots = 0, tries = 0; slots < WHEEL_SLOTS; slots++, tick++) {
		uint32_t n;
		while ((n = t->wheel.head[tick % WHEEL_SLOTS]) != POOL_NONE) {
			struct flow *f = pool_at(&t->flows, n);
			uint32_t limit = idle_limit(t, f) * 1000, idle = t->now - f->last;
			uint64_t due = t->wheel.now + 1 +
				       (idle < limit ? (limit - idle) / TICK_MS : 0);
			if (due <= tick + 1 || ++tries > EVICT_TRIES) {
				end_flow(t, n, END_EVICTED);
				prefetch_end(t, t->wheel.head[tick % WHEEL_SLOTS]);
				return true;
			}
			/* its slot is older than its last packet */
			wheel_disarm(&t->wheel, n);
			wheel_arm(&t->wheel, n, due);
		}
	}
	return false;
}

/* A first guess at who opened, until something better is seen. */
static void guess_opener(struct flow *f, const struct packet *p)
{
	f->opener = OPENER_FIRST;
	if (p->tuple.proto == PROTO_TCP && p->flags & TCP_SYN) {
		f->opener = OPENER_FIRST + 1; /* so that flow_set_opener takes it */
		flow_set_opener(f, p->flags & TCP_ACK ? 1 : 0, OPENER_SYN);
		return;
	}
	if (f->port[0] != f->port[1])
		flow_set_opener(f, f->port[0] < f->port[1], OPENER_PORT);
	bool own0 = addr_is_private(&f->addr[0]), own1 = addr_is_private(&f->addr[1]);
	if (own0 != own1 && !addr_is_multicast(&f->addr[own0]))
		flow_set_opener(f, own1, OPENER_NETWORKS);
}

static struct flow *make(struct flow_table *t, const struct packet *p, const struct key *key,
			 uint64_t hash)
{
	uint32_t n = pool_get(&t->flows);

	if (n == POOL_NONE) {
		if (!evict(t) || (n = pool_get(&t->flows)) == POOL_NONE) {
			t->stats->flows_out_of_memory++;
			return NULL;
		}
	}
	struct flow *f = pool_at(&t->flows, n);
	f->key4[0] = key->src4;
	f->key4[1] = key->dst4;
	f->port[0] = p->tuple.sport;
	f->port[1] = p->tuple.dport;
	f->proto = p->tuple.proto;
	f->flags = key->v6 ? FLOW_V6 : 0;
	f->addr[0] = p->tuple.src;
	f->addr[1] = p->tuple.dst;
	f->start = p->time;
	f->encap = (uint16_t)p->encap;
	f->vlan = p->vlan;
	f->credit = (int32_t)t->settings.report_bytes;
	f->last = f->reported_at = t->now;
	f->rest[0].window_shift = f->rest[1].window_shift = 24;
	f->inspect = 1;
	f->wheel.slot = WHEEL_IDLE;
	guess_opener(f, p);
	if (t->ghost_index.used)
		recall(t, f, &p->tuple, hash);
	if (!f->id)
		f->id = t->next_id++;
	t->stats->flows++;
	if (f->proto == PROTO_TCP) {
		t->stats->flows_tcp++;
		if (!(p->flags & TCP_SYN) && !(p->flags & TCP_RST)) {
			f->flags |= FLOW_MIDSTREAM;
			t->stats->flows_midstream++;
		}
	} else {
		t->stats->flows_udp++;
	}
	hindex_add(&t->index, hash, n);
	arm(t, n, f);
	return f;
}

static uint32_t digest_of(const struct packet *p)
{
	if (p->tuple.proto == PROTO_TCP) {
		uint64_t h = hash_fold((uint64_t)p->seq << 32 | p->ack,
				       0x9e3779b97f4a7c15u ^ (uint64_t)p->length << 32) ^
			     ((uint64_t)p->ip_id << 32 | (uint32_t)p->flags << 16 | p->window);
		return (uint32_t)(h ^ h >> 32);
	}
	/* length, identification and both ends of the payload */
	uint64_t head = 0, tail = 0;
	uint32_t n = p->captured < 8 ? p->captured : 8;
	memcpy(&head, p->payload, n);
	if (p->captured > 8)
		memcpy(&tail, p->payload + p->captured - 8, 8);
	uint64_t h = hash_fold(head ^ 0x9e3779b97f4a7c15u, tail ^ 0xbf58476d1ce4e5b9u) + p->length;
	return (uint32_t)(h ^ h >> 32);
}

/* Whether the capture holds this packet a second time. A UDP side keeps three digests, TCP one:
 * its sequence numbers make copies harmless. */
static bool is_copy(struct flow_table *t, struct flow *f, unsigned side, const struct packet *p)
{
	struct flow_side *d = &f->side[side];
	uint32_t digest = digest_of(p);
	bool recent = t->now - f->last <= COPY_MS && d->packets;

	if (f->proto == PROTO_TCP) {
		if (recent && d->digest == digest)
			return true;
	} else {
		if (recent && (d->digest == digest || d->seq == digest || d->ack == digest))
			return true;
		d->ack = d->seq;
		d->seq = d->digest;
	}
	d->digest = digest;
	return false;
}

/* Whether a SYN or SYN-ACK on a known flow begins another connection on the same ports. */
static bool is_new_connection(const struct flow *f, unsigned side, const struct packet *p)
{
	const struct flow_side_rest *r = &f->rest[side];

	if (r->flags & SIDE_SYN && r->start == p->seq + 1)
		return false; /* sent again */
	if (f->flags & FLOW_FINISHED)
		return true;
	if (!(f->flags & FLOW_ESTABLISHED))
		return false; /* another attempt; the counts start again by themselves */
	/* a lone SYN on a live connection may be forged; the answer to it may not */
	return p->flags & TCP_ACK && f->rest[!side].flags & SIDE_START &&
	       p->ack != f->rest[!side].start && r->flags & SIDE_SYN;
}

static void follow_tcp(struct flow *f, unsigned side, const struct packet *p)
{
	if (p->flags & TCP_SYN)
		flow_set_opener(f, p->flags & TCP_ACK ? !side : side, OPENER_SYN);
	if (p->flags & TCP_RST) {
		f->flags |= FLOW_RESET | FLOW_FINISHED;
		return;
	}
	if (p->flags & TCP_FIN) {
		f->rest[side].flags |= SIDE_FIN;
		if (f->rest[!side].flags & SIDE_FIN)
			f->flags |= FLOW_FINISHED;
	}
	if (p->length ||
	    (!(p->flags & TCP_SYN) && p->flags & TCP_ACK &&
	     (!(f->flags & FLOW_MIDSTREAM) || f->side[0].packets + f->side[1].packets > 1)))
		f->flags |= FLOW_ESTABLISHED;
}

struct flow *flow_take(struct flow_table *t, const struct packet *p, uint64_t hash, unsigned *side)
{
	struct key key = key_of(&p->tuple);
	struct flow *f = NULL;

	*side = 0;
	for (struct hprobe q = hindex_probe(&t->index, hash); hindex_next(&t->index, &q);) {
		struct flow *candidate = pool_at(&t->flows, q.ref);
		if (!same(candidate, &p->tuple, &key, side))
			continue;
		if (p->flags & TCP_SYN && p->tuple.proto == PROTO_TCP &&
		    is_new_connection(candidate, *side, p)) {
			end_flow(t, q.ref, natural_end(candidate));
			break;
		}
		f = candidate;
		break;
	}
	if (!f) {
		*side = 0;
		f = make(t, p, &key, hash);
		if (!f)
			return NULL;
	}
	if (is_copy(t, f, *side, p)) {
		t->stats->duplicates++;
		return NULL;
	}
	if (p->tuple.proto == PROTO_TCP) {
		count_tcp(t, f, *side, p);
		follow_tcp(f, *side, p);
	} else {
		count_udp(f, *side, p);
		if ((f->side[0].packets && f->side[1].packets) || f->side[*side].packets >= 4)
			f->flags |= FLOW_ESTABLISHED;
	}
	f->last = t->now;
	return f;
}

void flow_settle(struct flow_table *t, struct flow *f)
{
	if (f->credit <= 0 && f->flags & FLOW_ESTABLISHED)
		t->events.due(t->events.context, f);
}

void flow_reported(struct flow_table *t, struct flow *f)
{
	uint64_t total = 0;

	for (unsigned side = 0; side < 2; side++) {
		f->reported[side] = count_of(t, f, side).bytes;
		total += f->reported[side];
	}
	uint64_t step = total / 100;
	if (step < t->settings.report_bytes)
		step = t->settings.report_bytes;
	f->credit = step > INT32_MAX ? INT32_MAX : (int32_t)step;
	f->reported_at = t->now;
	f->sequence++;
}
