#include "traffic.h"

#include <stdlib.h>

#include "base/mem.h"
#include "flow/count.h"

#define MSS 1448

struct traffic *traffic_new(void)
{
	struct traffic *t = mem_zalloc(sizeof *t);

	t->time = UINT64_C(1700000000) * NS_PER_S;
	t->random = 1;
	return t;
}

void traffic_free(struct traffic *t)
{
	free(t->packets);
	free(t);
}

uint32_t traffic_random(struct traffic *t, uint32_t below)
{
	/* xorshift */
	t->random ^= t->random << 13;
	t->random ^= t->random >> 17;
	t->random ^= t->random << 5;
	return (uint32_t)((uint64_t)t->random * below >> 32);
}

struct packet *traffic_add(struct traffic *t, bool client, uint8_t flags, uint32_t seq, uint32_t ack,
			   uint32_t length)
{
	static const uint8_t payload[65536];

	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->packets = mem_resize(t->packets, t->room * sizeof *t->packets);
	}
	struct tuple k = {.src = addr_v4((uint8_t[]){10, 0, 0, 1}),
			  .dst = addr_v4((uint8_t[]){203, 0, 113, 5}),
			  .sport = 40000,
			  .dport = 443,
			  .proto = PROTO_TCP};
	struct packet *p = &t->packets[t->count++];
	t->time += 10000;
	*p = (struct packet){.time = t->time,
			     .tuple = client ? k : tuple_swap(&k),
			     .payload = payload,
			     .captured = length,
			     .length = length,
			     .seq = seq,
			     .ack = ack,
			     .window = 65535,
			     .flags = flags,
			     .window_scale = flags & TCP_SYN ? 7 : 0xff,
			     .ip_id = (uint16_t)t->count};
	return p;
}

struct traffic *traffic_opened(void)
{
	struct traffic *t = traffic_new();

	traffic_add(t, true, TCP_SYN, 1000, 0, 0);
	traffic_add(t, false, TCP_SYN | TCP_ACK, 5000, 1001, 0);
	traffic_add(t, true, TCP_ACK, 1001, 5001, 0);
	return t;
}

void traffic_upload(struct traffic *t, const struct upload *u)
{
	uint32_t seq = u->client_isn + 1, peer = u->server_isn + 1;
	uint64_t left = u->bytes;

	traffic_add(t, true, TCP_SYN, u->client_isn, 0, 0);
	traffic_add(t, false, TCP_SYN | TCP_ACK, u->server_isn, seq, 0);
	traffic_add(t, true, TCP_ACK, seq, peer, 0);
	for (unsigned i = 0; left; i++) {
		uint32_t n = left < MSS ? (uint32_t)left : MSS;
		traffic_add(t, true, TCP_ACK, seq, peer, n);
		if (traffic_random(t, 1000) < u->retransmit)
			traffic_add(t, true, TCP_ACK, seq, peer, n);
		seq += n;
		left -= n;
		if (i & 1 || !left)
			traffic_add(t, false, TCP_ACK, peer, seq, 0);
	}
	traffic_add(t, true, TCP_FIN | TCP_ACK, seq, peer, 0);
	traffic_add(t, false, TCP_FIN | TCP_ACK, peer, seq + 1, 0);
	traffic_add(t, true, TCP_ACK, seq + 1, peer + 1, 0);
}

struct run {
	struct flow_table table;
	struct outcome out;
};

static void ended(void *context, struct flow *f, enum flow_end why)
{
	struct run *r = context;
	unsigned o = flow_opener(f);

	r->out.flows++;
	r->out.told += (f->flags & FLOW_ESTABLISHED) != 0;
	r->out.up = count_of(&r->table, f, o);
	r->out.down = count_of(&r->table, f, !o);
	r->out.end = why;
}

static void due(void *context, struct flow *f)
{
	struct run *r = context;

	r->out.dues++;
	flow_reported(&r->table, f);
}

struct outcome traffic_run(const struct traffic *t)
{
	struct run *r = mem_zalloc(sizeof *r);
	struct flow_events events = {.ended = ended, .due = due, .context = r};

	flow_table_init(&r->table, &flow_settings_default, &events, &r->out.stats);
	for (size_t i = 0; i < t->count; i++) {
		const struct packet *p = &t->packets[i];
		unsigned side;
		flow_table_advance(&r->table, p->time);
		struct flow *f = flow_take(&r->table, p, flow_hash(&r->table, &p->tuple), &side);
		if (f)
			flow_settle(&r->table, f);
	}
	flow_table_finish(&r->table);
	flow_table_fini(&r->table);
	struct outcome out = r->out;
	free(r);
	return out;
}

struct outcome traffic_end(struct traffic *t)
{
	struct outcome o = traffic_run(t);

	traffic_free(t);
	return o;
}
