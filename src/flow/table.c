#include "flow/table.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "flow/count.h"
#include "flow/follow.h"
#include "flow/ghost.h"

#define PORT_DNS 53
#define TICK_MS	 1000
/* A pause in packet time longer than every timeout and than the wheel: everything is over. */
#define PAUSE_MS (24u * 3600 * 1000)
#define COPY_MS 2 /* a span port's copy comes within this time */
#define EVICT_TRIES 16
/* Of a table, what attempts that nobody answered may take: a quarter, but no less than these. */
#define ATTEMPTS_PART 4
#define ATTEMPTS_LEAST (64 * 1024)
#define ATTEMPTS_AHEAD 4 /* how many new flows before memory is needed it is fetched */

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

static size_t attempts_size(const struct flow_table *t)
{
	return t->attempts_max * sizeof *t->attempts;
}

static uint32_t attempts_max(const struct flow_settings *s)
{
	uint32_t n = s->flows_max / ATTEMPTS_PART;

	if (n < ATTEMPTS_LEAST)
		return s->flows_max < ATTEMPTS_LEAST ? s->flows_max : ATTEMPTS_LEAST;
	return n;
}

static uint32_t rares_max(const struct flow_settings *s)
{
	return s->flows_max / 4 + 16;
}

size_t flow_table_memory(const struct flow_settings *s)
{
	return hindex_memory(s->flows_max) + pool_memory(sizeof(struct flow), s->flows_max) +
	       pool_memory(sizeof(struct flow_rare), rares_max(s)) +
	       mem_lines_memory(attempts_max(s) * sizeof(struct flow_attempt)) + ghost_memory();
}

void flow_table_init(struct flow_table *t, const struct flow_settings *s,
		     const struct flow_events *e, struct stats *stats)
{
	*t = (struct flow_table){.settings = *s, .events = *e, .stats = stats, .next_id = 1};
	hash_key_init(&t->key);
	hindex_init(&t->index, 4096);
	hindex_init(&t->ghost_index, 64);
	pool_init(&t->flows, sizeof(struct flow), s->flows_max);
	pool_init(&t->rares, sizeof(struct flow_rare), rares_max(s));
	wheel_init(&t->wheel, &t->flows, offsetof(struct flow, wheel));
	t->attempts_max = attempts_max(s);
	t->attempts = mem_lines(attempts_size(t));
}

void flow_table_fini(struct flow_table *t)
{
	hindex_fini(&t->index);
	hindex_fini(&t->ghost_index);
	pool_fini(&t->flows);
	pool_fini(&t->rares);
	mem_lines_free(t->attempts, attempts_size(t));
	free(t->ghosts);
}

struct flow_rare *flow_rare_make(struct flow_table *t, struct flow *f)
{
	if (!f->rare) {
		uint32_t n = pool_get(&t->rares);
		if (n == POOL_NONE)
			return NULL;
		f->rare = n + 1;
	}
	return flow_rare(t, f);
}

void flow_table_forget(struct flow_table *t, uint32_t name)
{
	if (name && t->events.forget)
		t->events.forget(t->events.context, name);
}

static inline uint64_t hash_end(const struct hash_key *key, const struct addr *a, uint16_t port)
{
	uint64_t high = hash_load64(a->b), low = hash_load64(a->b + 8);

	/* the first half of an IPv4 address says nothing: there is room for the port */
	if (high == 0)
		return hash_fold(port ^ key->w[0], low ^ key->w[1]);
	return hash_fold(hash_fold(high ^ key->w[0], low ^ key->w[1]) ^ key->w[2],
			 port ^ key->w[3]);
}

/* Commutative in the two ends, so both directions agree. */
static inline uint64_t hash_ends(const struct hash_key *key, const struct addr *a, uint16_t port_a,
				 const struct addr *b, uint16_t port_b, uint8_t proto)
{
	uint64_t x = hash_end(key, a, port_a), y = hash_end(key, b, port_b);

	return hash_fold((x + y) ^ key->w[4], (x ^ y) ^ key->w[5] ^ proto);
}

uint64_t flow_hash(const struct flow_table *t, const struct tuple *k)
{
	return hash_ends(&t->key, &k->src, k->sport, &k->dst, k->dport, k->proto);
}

static uint64_t hash_of(const struct flow_table *t, const struct flow *f)
{
	return hash_ends(&t->key, &f->addr[0], f->port[0], &f->addr[1], f->port[1], f->proto);
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
	if (f->app != APP_DNS)
		return t->settings.udp_idle;
	/* as many answers as questions: nothing is to come */
	return f->side[0].packets == f->side[1].packets ? t->settings.finished_idle
							: t->settings.dns_idle;
}

static uint64_t tick_of(uint64_t ms)
{
	return ms / TICK_MS;
}

static void arm(struct flow_table *t, uint32_t number, const struct flow *f)
{
	uint32_t limit = idle_limit(t, f), idle = (t->now - f->last) / TICK_MS;
	uint64_t wait = limit > idle ? limit - idle : 0;

	if (f->flags & FLOW_ESTABLISHED && wait > t->settings.report_every)
		wait = t->settings.report_every;
	wheel_arm(&t->wheel, number, t->wheel.now + wait + 1);
}

static void tell_end(struct flow_table *t, struct flow *f, enum flow_end why)
{
	if (!(f->flags & FLOW_ESTABLISHED))
		t->stats->flows_unanswered++;
	t->events.ended(t->events.context, f, why);
	t->stats->flows_evicted += why == END_EVICTED;
	if (f->flags & FLOW_OPENED && ghost_may_rise(f, why))
		ghost_keep(t, f);
	flow_table_forget(t, f->name);
	f->id = 0;
}

static void end_flow(struct flow_table *t, uint32_t number, enum flow_end why)
{
	struct flow *f = pool_at(&t->flows, number);
	uint64_t hash = hash_of(t, f);

	tell_end(t, f, why);
	wheel_disarm(&t->wheel, number);
	hindex_remove(&t->index, hash, number);
	if (f->rare)
		pool_put(&t->rares, f->rare - 1);
	pool_put(&t->flows, number);
}

static void prefetch_flow(const struct flow_table *t, uint32_t number)
{
	const char *f = pool_at(&t->flows, number);

	prefetch(f);
	prefetch(f + 64);
	prefetch(f + 128);
}

static void prefetch_index(const struct flow_table *t, const struct flow *f)
{
	hindex_prefetch(&t->index, hash_of(t, f));
}

/* Ends come in rows: while one flow goes, the next one's lines are on their way. */
static void prefetch_end(const struct flow_table *t, uint32_t number)
{
	if (number == POOL_NONE)
		return;
	const struct flow *f = pool_at(&t->flows, number);
	prefetch_index(t, f);
	if (f->wheel.next != POOL_NONE)
		prefetch_flow(t, f->wheel.next);
}

static enum flow_end natural_end(const struct flow *f)
{
	if (f->flags & FLOW_RESET)
		return END_RESET;
	return f->flags & FLOW_FINISHED ? END_CLOSED : END_IDLE;
}

static bool unreported(const struct flow_table *t, const struct flow *f)
{
	return count_of(t, f, 0).bytes > f->reported[0] || count_of(t, f, 1).bytes > f->reported[1];
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

static void end_all(struct flow_table *t, bool capture_ended)
{
	/* a million flows one by one out of the index would be a million cache misses */
	for (uint32_t n = 0; n < t->flows.made; n++) {
		struct flow *f = pool_at(&t->flows, n);
		if (f->id)
			tell_end(t, f,
				 capture_ended && !(f->flags & FLOW_FINISHED) ? END_CAPTURE
									      : natural_end(f));
	}
	hindex_clear(&t->index);
	pool_clear(&t->flows);
	pool_clear(&t->rares);
	ghost_clear(t);
	uint64_t tick = t->wheel.now;
	wheel_init(&t->wheel, &t->flows, offsetof(struct flow, wheel));
	wheel_start(&t->wheel, tick);
}

void flow_table_finish(struct flow_table *t)
{
	end_all(t, true);
}

void flow_table_restart(struct flow_table *t, uint64_t ns)
{
	end_all(t, false);
	wheel_start(&t->wheel, 0);
	t->origin = ns;
	t->clock = t->now = 0;
	t->next_ms = 0;
}

void flow_table_advance(struct flow_table *t, uint64_t ns)
{
	if (t->origin == 0) {
		t->origin = ns;
		return;
	}
	if (ns < t->next_ms)
		return;
	uint64_t ms = ns > t->origin ? (ns - t->origin) / NS_PER_MS : 0;

	if (ms <= t->clock)
		return;
	t->next_ms = t->origin + (ms + 1) * NS_PER_MS;
	if (ms > t->clock + PAUSE_MS)
		end_all(t, false);
	t->clock = ms;
	t->now = (uint32_t)ms;
	if (tick_of(ms) > t->wheel.now)
		wheel_advance(&t->wheel, tick_of(ms), fire, t);
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

static struct flow *attempt_at(const struct flow_table *t, uint32_t place)
{
	const struct flow_attempt *a = &t->attempts[place];

	return a->id ? pool_at(&t->flows, a->number) : NULL;
}

static uint32_t attempt_after(const struct flow_table *t, uint32_t place, uint32_t steps)
{
	place += steps;
	return place < t->attempts_max ? place : place % t->attempts_max;
}

/* Makes room for one more attempt. What will have to go soon is fetched meanwhile: first the flow,
 * then its place in the index. */
static void give_up_oldest(struct flow_table *t)
{
	uint32_t place = t->attempt_next, soon = attempt_after(t, place, ATTEMPTS_AHEAD),
		 later = attempt_after(t, place, 2 * ATTEMPTS_AHEAD);
	const struct flow *f = attempt_at(t, place), *next = attempt_at(t, soon);

	t->attempt_next = attempt_after(t, place, 1);
	if (f && (uint32_t)f->id == t->attempts[place].id && !(f->flags & FLOW_ESTABLISHED))
		end_flow(t, t->attempts[place].number, END_EVICTED);
	if (next && !(next->flags & FLOW_ESTABLISHED))
		prefetch_index(t, next);
	if (attempt_at(t, later))
		prefetch_flow(t, t->attempts[later].number);
}

static struct flow *make(struct flow_table *t, const struct packet *p, const struct key *key,
			 uint64_t hash)
{
	uint32_t place = t->attempt_next;

	give_up_oldest(t);
	uint32_t n = pool_get_raw(&t->flows);
	if (n == POOL_NONE) {
		if (!evict(t) || (n = pool_get_raw(&t->flows)) == POOL_NONE) {
			t->stats->flows_out_of_memory++;
			return NULL;
		}
	}
	/* the next new one's: it may have been idle for long */
	if (t->flows.free_count)
		prefetch_flow(t, t->flows.free[t->flows.free_count - 1]);
	struct flow *f = pool_at(&t->flows, n);
	*f = (struct flow){
		.key4 = {key->src4, key->dst4},
		.port = {p->tuple.sport, p->tuple.dport},
		.proto = p->tuple.proto,
		.flags = key->v6 ? FLOW_V6 : 0,
		.inspect = 1,
		.last = t->now,
		.credit = (int32_t)t->settings.report_bytes,
		.addr = {p->tuple.src, p->tuple.dst},
		.start = p->time,
		.rest = {{.window_shift = COUNT_WINDOW_SHIFT}, {.window_shift = COUNT_WINDOW_SHIFT}},
		.reported_at = t->now,
		.encap = (uint16_t)p->encap,
		.vlan = p->vlan,
		.wheel.slot = WHEEL_IDLE,
	};
	follow_guess_opener(f, p);
	if (t->ghost_index.used)
		ghost_recall(t, f, p, hash);
	if (!f->id)
		f->id = t->next_id++;
	t->attempts[place] = (struct flow_attempt){n, (uint32_t)f->id};
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
	/* most of what is on this port is one question and its answer */
	if (f->proto == PROTO_UDP && (f->port[0] == PORT_DNS || f->port[1] == PORT_DNS))
		wheel_arm(&t->wheel, n, t->wheel.now + t->settings.finished_idle + 1);
	else
		arm(t, n, f);
	return f;
}

/* Keyed, and over all of a UDP payload: nobody can make packets that pass for copies. */
static uint32_t digest_of(const struct flow_table *t, const struct packet *p)
{
	const struct hash_key *k = &t->key;
	uint64_t h;

	if (p->tuple.proto == PROTO_TCP)
		h = hash_fold(((uint64_t)p->seq << 32 | p->ack) ^ k->w[6],
			      ((uint64_t)p->length << 40 | (uint64_t)p->window << 24 |
			       (uint64_t)p->flags << 16 | p->ip_id) ^
				      k->w[7]);
	else
		h = hash_bytes(k, p->payload, p->captured) + p->length;
	return (uint32_t)(h ^ h >> 32);
}

/* Whether the capture holds this packet a second time. A UDP side keeps three digests, and the time
 * of its last packet, lest what was sent again later pass for a copy; TCP one: its sequence numbers
 * make copies harmless. */
static bool is_copy(struct flow_table *t, struct flow *f, unsigned side, const struct packet *p)
{
	struct flow_side *d = &f->side[side];
	uint32_t digest = digest_of(t, p);

	if (f->proto == PROTO_TCP) {
		if (d->digest == digest && t->now - f->last <= COPY_MS && d->packets)
			return true;
	} else {
		bool recent = d->packets && t->now - f->rest[side].start <= COPY_MS;
		if (recent && (d->digest == digest || d->seq == digest || d->ack == digest))
			return true;
		d->ack = recent ? d->seq : digest;
		d->seq = recent ? d->digest : digest;
		f->rest[side].start = t->now;
	}
	d->digest = digest;
	return false;
}

/* Whether a side that has closed or reset the connection has something new to say. */
static bool says_more(const struct flow *f, unsigned side, const struct packet *p)
{
	bool closed = f->rest[side].flags & SIDE_FIN || f->resets >> side & 1;

	return closed && p->length && (int32_t)(p->seq + p->length - f->side[side].seq) > 0;
}

/* A decoy's payload is counted all the same: that it came over is up to acknowledgements. */
static void take_tcp(struct flow_table *t, struct flow *f, unsigned side, const struct packet *p)
{
	bool decoy = flow_is_decoy(f, side, p);

	if (f->evades & FLOW_GOES_ON && !decoy && says_more(f, side, p))
		f->evades |= EVADES_RESET;
	if (!decoy || !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		count_tcp(t, f, side, p);
	if (!decoy) {
		follow_tcp(f, side, p);
		return;
	}
	f->evades |= EVADES_CHECKSUM;
	t->stats->decoys++;
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
		    !flow_is_decoy(candidate, *side, p) &&
		    follow_is_new_connection(candidate, *side, p)) {
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
		/* of TCP the content may be another: whoever reads it has to see that */
		return p->tuple.proto == PROTO_TCP && f->inspect && p->length ? f : NULL;
	}
	if (p->tuple.proto == PROTO_TCP) {
		take_tcp(t, f, *side, p);
	} else {
		count_udp(f, *side, p);
		if ((f->side[0].packets && f->side[1].packets) || f->side[*side].packets >= 4)
			f->flags |= FLOW_ESTABLISHED;
	}
	if (p->checksum == CHECKSUM_RIGHT)
		f->rest[*side].flags |= SIDE_SUM;
	f->last = t->now;
	return f;
}

void flow_settle(struct flow_table *t, struct flow *f)
{
	if (f->credit > 0)
		return;
	if (f->flags & FLOW_ESTABLISHED && unreported(t, f))
		t->events.due(t->events.context, f);
	else
		f->credit = (int32_t)(t->settings.report_bytes / 16); /* nothing to tell yet */
}

void flow_reported(struct flow_table *t, struct flow *f)
{
	uint64_t total = 0;

	for (unsigned side = 0; side < 2; side++) {
		uint64_t bytes = count_of(t, f, side).bytes;
		total += bytes;
		/* bytes that turn out to be counted twice are not told again */
		if (bytes > f->reported[side])
			f->reported[side] = bytes;
	}
	uint64_t step = total / 100;
	if (step < t->settings.report_bytes)
		step = t->settings.report_bytes;
	f->credit = step > INT32_MAX ? INT32_MAX : (int32_t)step;
	f->reported_at = t->now;
	f->sequence++;
}
