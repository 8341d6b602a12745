#include "sensor/dns_track.h"

#include <string.h>

#include "proto/dns.h"
#include "sensor/emit.h"
#include "sensor/inner.h"

#define PORT_DNS 53
#define PORT_MDNS 5353
#define PORT_LLMNR 5355
#define ONE_SIDED_PER_SECOND 200 /* records of unanswered queries and unasked answers per client */

#define NAME_INLINE 61
#define FLAG_TRUNCATED 0x0200 /* TC: the sender cut it itself */

struct dns_pending {
	uint64_t hash;
	uint64_t time;
	struct tuple tuple; /* src = client */
	uint64_t flow_id;
	uint32_t older, newer;
	uint32_t bytes;
	uint32_t long_name; /* interned, when it does not fit below */
	uint32_t encap;
	uint16_t vlan;
	uint16_t id, type, class, flags;
	bool indexed; /* in the index: the flow has its number for one query only */
	uint8_t name_length;
	char name[NAME_INLINE];
};

void dns_track_init(struct dns_track *t)
{
	pool_init(&t->pending, sizeof(struct dns_pending), LIMIT_DNS_PENDING);
	hindex_init(&t->index, 1024);
	hash_key_init(&t->key);
	t->oldest = t->newest = POOL_NONE;
}

void dns_track_fini(struct dns_track *t)
{
	pool_fini(&t->pending);
	hindex_fini(&t->index);
}

size_t dns_track_memory(void)
{
	return pool_memory(sizeof(struct dns_pending), LIMIT_DNS_PENDING) +
	       hindex_memory(LIMIT_DNS_PENDING);
}

static struct dns_pending *pending_at(const struct dns_track *t, uint32_t n)
{
	return pool_at(&t->pending, n);
}

static struct str pending_name(const struct sensor *s, const struct dns_pending *p)
{
	if (p->long_name)
		return intern_text(&s->names, p->long_name);
	return (struct str){p->name, p->name_length};
}

static void drop(struct sensor *s, uint32_t n)
{
	struct dns_track *t = &s->dns;
	struct dns_pending *p = pending_at(t, n);

	if (p->older != POOL_NONE)
		pending_at(t, p->older)->newer = p->newer;
	else
		t->oldest = p->newer;
	if (p->newer != POOL_NONE)
		pending_at(t, p->newer)->older = p->older;
	else
		t->newest = p->older;
	intern_put(&s->names, p->long_name);
	if (p->indexed)
		hindex_remove(&t->index, p->hash, n);
	p->flow_id = 0; /* so that a flow that still has its number sees it is gone */
	pool_put(&t->pending, n);
}

/* Whether a record of a one-sided message of this client may be told now. */
static bool rate_allows(struct sensor *s, const struct addr *client)
{
	struct dns_rate *r =
		&s->dns.rate[hash_bytes(&s->dns.key, client->b, 16) % DNS_RATE_SLOTS];
	uint32_t second = (uint32_t)(s->now / NS_PER_S);

	if (r->second != second)
		*r = (struct dns_rate){.second = second};
	if (r->told < ONE_SIDED_PER_SECOND) {
		r->told++;
		return true;
	}
	s->stats->dns_suppressed++;
	return false;
}

static enum dns_flavour flavour_of(uint8_t proto, uint16_t port, uint16_t other)
{
	if (proto == PROTO_UDP) {
		if (port == PORT_MDNS || other == PORT_MDNS)
			return DNS_MDNS;
		if (port == PORT_LLMNR || other == PORT_LLMNR)
			return DNS_LLMNR;
	}
	return DNS_UNICAST;
}

static enum dns_flavour flavour_of_flow(const struct flow *f)
{
	return flavour_of(f->proto, f->port[0], f->port[1]);
}

static void tell_query(struct sensor *s, const struct dns_pending *p)
{
	if (!rate_allows(s, &p->tuple.src))
		return;
	struct record r = {.kind = RECORD_DNS,
			   .time = s->now,
			   .start = p->time,
			   .end = p->time,
			   .tuple = p->tuple,
			   .flow_id = p->flow_id,
			   .encap = p->encap,
			   .vlan = p->vlan};

	r.dns = (struct record_dns){.flavour = flavour_of(p->tuple.proto, p->tuple.sport,
							  p->tuple.dport),
				    .id = p->id,
				    .question = pending_name(s, p),
				    .qtype = p->type,
				    .qclass = p->class,
				    .asked = true,
				    .opcode = p->flags >> 11 & 15,
				    .flags = p->flags,
				    .query_bytes = p->bytes};
	emit(s, &r);
}

void dns_track_expire(struct sensor *s, bool all)
{
	struct dns_track *t = &s->dns;

	while (t->oldest != POOL_NONE) {
		const struct dns_pending *p = pending_at(t, t->oldest);
		if (!all && p->time + LIMIT_DNS_WAIT > s->now)
			break;
		s->stats->dns_unanswered++;
		tell_query(s, p);
		drop(s, t->oldest);
	}
}

static uint64_t hash_of(const struct dns_track *t, const struct flow *f, uint16_t id,
			const struct dns_question *q)
{
	uint64_t h = hash_bytes(&t->key, q->name.p, q->name.n);

	return hash_fold(h ^ f->id, t->key.w[2] ^ ((uint64_t)id << 16 | q->type));
}

static bool is_of(const struct sensor *s, const struct dns_pending *p, const struct flow *f,
		  uint16_t id, const struct dns_question *q)
{
	return p->flow_id == f->id && p->id == id && p->type == q->type &&
	       str_eq(pending_name(s, p), q->name);
}

/* Most flows ask once: their query's number, plus one, is in flow.payload_state, and the index is
 * spared. */
static uint32_t find(const struct sensor *s, const struct flow *f, uint16_t id,
		     const struct dns_question *q)
{
	const struct dns_track *t = &s->dns;
	uint32_t first = f->inspect == INSPECT_DNS ? f->payload_state : 0;

	if (first && is_of(s, pending_at(t, first - 1), f, id, q))
		return first - 1;
	if (!t->index.used)
		return POOL_NONE;
	uint64_t hash = hash_of(t, f, id, q);
	for (struct hprobe probe = hindex_probe(&t->index, hash); hindex_next(&t->index, &probe);)
		if (is_of(s, pending_at(t, probe.ref), f, id, q))
			return probe.ref;
	return POOL_NONE;
}

/* Where answers will look for it. */
static void file_pending(struct dns_track *t, struct flow *f, struct dns_pending *p, uint32_t n,
			 const struct dns_question *q)
{
	uint32_t first = f->payload_state;

	if (f->inspect == INSPECT_DNS && (!first || pending_at(t, first - 1)->flow_id != f->id)) {
		f->payload_state = n + 1;
		return;
	}
	p->hash = hash_of(t, f, p->id, q);
	p->indexed = true;
	hindex_add(&t->index, p->hash, n);
}

static void await(struct sensor *s, struct flow *f, unsigned client, const struct dns_message *m,
		  const struct dns_question *q, uint32_t bytes)
{
	struct dns_track *t = &s->dns;

	if (find(s, f, m->id, q) != POOL_NONE)
		return; /* sent again */
	uint32_t n = pool_get(&t->pending);
	if (n == POOL_NONE) {
		s->stats->dns_pending_evicted++;
		s->stats->dns_unanswered++;
		tell_query(s, pending_at(t, t->oldest));
		drop(s, t->oldest);
		n = pool_get(&t->pending);
	}
	struct dns_pending *p = pending_at(t, n);
	p->time = s->now;
	flow_ends(f, client, &p->tuple);
	p->flow_id = f->id;
	p->bytes = bytes;
	p->encap = f->encap;
	p->vlan = f->vlan;
	p->id = m->id;
	p->type = q->type;
	p->class = q->class;
	p->flags = m->flags;
	if (q->name.n <= NAME_INLINE) {
		memcpy(p->name, q->name.p, q->name.n);
		p->name_length = (uint8_t)q->name.n;
	} else {
		p->long_name = intern_get(&s->names, q->name);
	}
	p->newer = POOL_NONE;
	p->older = t->newest;
	if (t->newest != POOL_NONE)
		pending_at(t, t->newest)->newer = n;
	else
		t->oldest = n;
	t->newest = n;
	file_pending(t, f, p, n, q);
}

/* One record of one question of the message, answers included if it has any. Its source is who asked:
 * the flow's opener may be the other, since multicast answers come unasked, and resolvers ask each
 * other from port 53 to port 53. */
static void tell(struct sensor *s, const struct flow *f, unsigned client,
		 const struct dns_message *m, const struct dns_question *q, uint32_t bytes)
{
	if (s->sink.expect)
		s->sink.expect(s->sink.context, q->name);
	struct record r; /* not cleared: of the facts of other kinds, which take most of it, nothing is read */

	r.kind = RECORD_DNS;
	r.time = r.start = r.end = s->now;
	flow_ends(f, client, &r.tuple);
	r.flow_id = f->id;
	r.encap = f->encap;
	r.vlan = f->vlan;
	r.dns = (struct record_dns){.flavour = flavour_of_flow(f),
				    .id = m->id,
				    .question = q->name,
				    .qtype = q->type,
				    .qclass = q->class,
				    .opcode = m->opcode,
				    .flags = m->flags};
	if (!m->response) {
		r.dns.asked = true;
		r.dns.query_bytes = bytes;
		if (!rate_allows(s, &r.tuple.src))
			return;
	} else {
		r.dns.answered = true;
		r.dns.rcode = m->rcode;
		r.dns.answer_count = m->answer_count;
		r.dns.answers = m->answer;
		r.dns.answers_kept = m->answers;
		r.dns.answer_bytes = bytes;
		uint32_t n = find(s, f, m->id, q);
		if (n != POOL_NONE) {
			const struct dns_pending *p = pending_at(&s->dns, n);
			r.dns.asked = true;
			r.dns.query_bytes = p->bytes;
			r.start = p->time;
			r.dns.rtt = s->now > p->time ? s->now - p->time : 0;
			drop(s, n);
		} else {
			s->stats->dns_unasked++;
			if (!rate_allows(s, &r.tuple.src))
				return;
		}
	}
	emit(s, &r);
}

bool dns_track_message(struct sensor *s, struct flow *f, unsigned side, const uint8_t *data,
		       uint32_t captured, uint32_t length)
{
	struct dns_message *m = &s->message;

	if (dns_parse(cur_of(data, captured), captured == length, s->settings.rare_dns, m) !=
	    PARSE_DONE)
		return false;
	s->stats->dns_messages++;
	s->stats->dns_damaged += m->cut && captured == length && !(m->flags & FLAG_TRUNCATED);
	f->app = APP_DNS;
	if (f->proto == PROTO_UDP && f->inspect != INSPECT_DNS) {
		f->inspect = INSPECT_DNS;
		f->payload_state = 0;
	}
	unsigned client = m->response ? !side : side;
	flow_set_opener(f, client, OPENER_REQUEST);
	if (m->questions == 0) {
		/* multicast answers come without a question: what they speak of stands for it */
		if (m->response && m->answers) {
			const struct dns_answer *a = &m->answer[0];
			struct dns_question q = {a->name, a->type, a->class};
			tell(s, f, client, m, &q, length);
		}
		return true;
	}
	bool joined = !m->response && flavour_of_flow(f) == DNS_UNICAST;
	for (unsigned i = 0; i < m->questions; i++) {
		if (joined)
			await(s, f, client, m, &m->question[i], length);
		else
			tell(s, f, client, m, &m->question[i], length);
	}
	return true;
}
