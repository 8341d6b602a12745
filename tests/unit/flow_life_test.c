/* The life of flows: who opened, what begins another connection, reports, eviction and coming back,
 * and a clock that runs long or wrong. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/count.h"
#include "traffic.h"

#define ENDS 64

/* A table that keeps what it was told. */
struct life {
	struct flow_table table;
	struct stats stats;
	struct traffic *t;
	struct end {
		uint64_t id, up, down, start;
		struct tuple tuple;
		enum flow_end why;
		bool told;
	} end[ENDS];
	unsigned ends, dues, empty_dues, forgotten;
	uint64_t deltas;   /* of both sides, over all reports */
	uint64_t last_end; /* ns, of the last flow's last packet */
};

static void add_deltas(struct life *l, const struct flow *f)
{
	for (unsigned i = 0; i < 2; i++) {
		uint64_t bytes = count_of(&l->table, f, i).bytes;
		l->deltas += bytes > f->reported[i] ? bytes - f->reported[i] : 0;
	}
}

static void ended(void *context, struct flow *f, enum flow_end why)
{
	struct life *l = context;
	unsigned o = flow_opener(f);

	add_deltas(l, f);
	flow_reported(&l->table, f);
	l->last_end = flow_clock_ns(&l->table, f->last);
	if (l->ends < ENDS)
		l->end[l->ends] = (struct end){.id = f->id,
					       .up = count_of(&l->table, f, o).bytes,
					       .down = count_of(&l->table, f, !o).bytes,
					       .start = f->start,
					       .tuple = flow_tuple(f),
					       .why = why,
					       .told = f->flags & FLOW_ESTABLISHED};
	l->ends++;
	if (f->flags & FLOW_ESTABLISHED)
		f->flags |= FLOW_OPENED;
}

static void due(void *context, struct flow *f)
{
	struct life *l = context;
	uint64_t before = l->deltas;

	add_deltas(l, f);
	l->dues++;
	l->empty_dues += l->deltas == before;
	flow_reported(&l->table, f);
}

static void forget(void *context, uint32_t name)
{
	struct life *l = context;

	cr_assert_eq(name, 77);
	l->forgotten++;
}

static struct life *life_new(uint32_t flows)
{
	struct life *l = mem_zalloc(sizeof *l);
	struct flow_events events = {.ended = ended, .due = due, .forget = forget, .context = l};
	struct flow_settings settings = flow_settings_default;

	settings.flows_max = flows;
	flow_table_init(&l->table, &settings, &events, &l->stats);
	l->t = traffic_new();
	return l;
}

static struct flow *take(struct life *l, const struct packet *p)
{
	unsigned side;

	flow_table_advance(&l->table, p->time);
	struct flow *f = flow_take(&l->table, p, flow_hash(&l->table, &p->tuple), &side);
	if (f)
		flow_settle(&l->table, f);
	return f;
}

static struct flow *send(struct life *l, bool client, uint8_t flags, uint32_t seq, uint32_t ack,
			 uint32_t n)
{
	return take(l, traffic_add(l->t, client, flags, seq, ack, n));
}

static struct flow *open(struct life *l)
{
	send(l, true, TCP_SYN, 1000, 0, 0);
	send(l, false, TCP_SYN | TCP_ACK, 5000, 1001, 0);
	return send(l, true, TCP_ACK, 1001, 5001, 0);
}

static void finish(struct life *l)
{
	flow_table_finish(&l->table);
}

static void life_free(struct life *l)
{
	cr_expect_eq(pool_live(&l->table.flows), 0);
	cr_expect_eq(pool_live(&l->table.rares), 0);
	cr_expect_eq(l->empty_dues, 0, "a report without new payload");
	flow_table_fini(&l->table);
	traffic_free(l->t);
	free(l);
}

/* An upload must not pass for a download because the client began with an answer nobody asked for.
 */
Test(flow_life, a_forged_answer_before_the_syn_does_not_turn_the_flow)
{
	struct life *l = life_new(10);

	send(l, true, TCP_SYN | TCP_ACK, 99, 1, 0);
	open(l);
	send(l, true, TCP_ACK, 1001, 5001, 3000);
	send(l, false, TCP_ACK, 5001, 4001, 0);
	finish(l);
	cr_expect_eq(l->ends, 1);
	cr_expect_eq(l->end[0].up, 3000);
	cr_expect_eq(l->end[0].tuple.dport, 443);
	life_free(l);
}

Test(flow_life, a_syn_behind_its_answer_confirms_it)
{
	struct life *l = life_new(10);

	send(l, false, TCP_SYN | TCP_ACK, 5000, 1001, 0); /* out of order */
	send(l, true, TCP_SYN, 1000, 0, 0);
	send(l, true, TCP_ACK, 1001, 5001, 700);
	send(l, false, TCP_ACK, 5001, 1701, 0);
	finish(l);
	cr_expect_eq(l->end[0].up, 700);
	life_free(l);
}

Test(flow_life, syns_with_payload_are_attempts)
{
	struct life *l = life_new(100);

	for (uint16_t i = 0; i < 50; i++)
		send(l, true, TCP_SYN, i, 0, 20)->port[0] = 40000; /* one tuple, sent again */
	traffic_add(l->t, true, TCP_SYN, 1, 0, 20)->tuple.sport = 3;
	take(l, &l->t->packets[l->t->count - 1]);
	finish(l);
	cr_expect_eq(l->ends, 2);
	cr_expect(!l->end[0].told && !l->end[1].told);
	life_free(l);
}

Test(flow_life, scans_that_try_again_are_not_told)
{
	struct life *l = life_new(10);

	/* ACK scan, twice, refused each time */
	for (int i = 0; i < 2; i++) {
		send(l, true, TCP_ACK, 1, 1, 0);
		send(l, false, TCP_RST, 1, 0, 0);
	}
	finish(l);
	cr_expect_eq(l->ends, 1);
	cr_expect_not(l->end[0].told);
	life_free(l);
	/* FIN, NULL and Xmas scans */
	l = life_new(10);
	uint8_t flags[] = {TCP_FIN, 0, TCP_FIN | TCP_PSH | 0x20, TCP_FIN | TCP_ACK};
	for (uint16_t i = 0; i < 4; i++) {
		traffic_add(l->t, true, flags[i], 1, 1, 0)->tuple.sport = i + 1;
		take(l, &l->t->packets[l->t->count - 1]);
	}
	finish(l);
	for (int i = 0; i < 4; i++)
		cr_expect_not(l->end[i].told, "%d", i);
	life_free(l);
}

/* TCB teardown: a RST and a SYN that never reach the server must not cut the connection in two. */
Test(flow_life, a_forged_reset_and_syn_leave_the_connection_whole)
{
	struct life *l = life_new(10);

	open(l);
	send(l, true, TCP_ACK, 1001, 5001, 1000);
	send(l, true, TCP_RST, 2001, 0, 0);
	send(l, true, TCP_SYN, 77777777, 0, 0);
	l->t->time += 100 * NS_PER_MS;
	send(l, true, TCP_ACK, 2001, 5001, 1000);
	send(l, false, TCP_ACK, 5001, 3001, 0);
	/* it is not over: a pause longer than what a closed one lingers */
	l->t->time += 100 * NS_PER_S;
	send(l, true, TCP_ACK, 3001, 5001, 1000);
	send(l, false, TCP_ACK, 5001, 4001, 0);
	finish(l);
	cr_expect_eq(l->ends, 1);
	cr_expect_eq(l->end[0].up, 3000);
	cr_expect_eq(l->end[0].why, END_CAPTURE);
	life_free(l);
}

Test(flow_life, the_ports_again_after_each_kind_of_end)
{
	for (int kind = 0; kind < 4; kind++) {
		struct life *l = life_new(10);
		open(l);
		send(l, true, TCP_ACK, 1001, 5001, 10);
		send(l, false, TCP_ACK, 5001, 1011, 0);
		if (kind == 0) {
			send(l, true, TCP_FIN | TCP_ACK, 1011, 5001, 0);
			send(l, false, TCP_FIN | TCP_ACK, 5001, 1012, 0);
		} else if (kind == 1) {
			send(l, true, TCP_RST, 1011, 0, 0);
		} else if (kind == 2) {
			send(l, false, TCP_RST, 5001, 0, 0);
		} /* 3: its end was not captured */
		send(l, true, TCP_SYN, 500000000, 0, 0);
		send(l, false, TCP_SYN | TCP_ACK, 900000000, 500000001, 0);
		send(l, true, TCP_ACK, 500000001, 900000001, 500);
		send(l, false, TCP_ACK, 900000001, 500000501, 0);
		finish(l);
		cr_expect_eq(l->ends, 2, "kind %d", kind);
		cr_expect_eq(l->end[0].up, 10, "kind %d", kind);
		cr_expect_eq(l->end[1].up, 500, "kind %d", kind);
		cr_expect_eq(l->end[1].tuple.dport, 443, "kind %d", kind);
		life_free(l);
	}
}

Test(flow_life, nothing_is_reported_before_it_is_acknowledged)
{
	struct life *l = life_new(10);
	uint32_t seq = 1001;

	open(l);
	for (int i = 0; i < 8000; i++, seq += 1000)
		send(l, true, TCP_ACK, seq, 5001, 1000);
	cr_expect_eq(l->dues, 0);
	send(l, false, TCP_ACK, 5001, seq, 0);
	send(l, true, TCP_ACK, seq, 5001, 1000);
	finish(l);
	cr_expect_eq(l->deltas, 8000000);
	life_free(l);
}

Test(flow_life, deltas_add_up_in_every_view)
{
	for (int view = 0; view < 3; view++) {
		struct life *l = life_new(10);
		struct traffic *t = traffic_new();
		traffic_upload(
			t, &(struct upload){.bytes = 30000000, .client_isn = 5, .retransmit = 30});
		for (size_t i = 0; i < t->count; i++)
			if (view == 0 || (t->packets[i].tuple.dport == 443) == (view == 1))
				take(l, &t->packets[i]);
		finish(l);
		cr_expect_gt(l->dues, 20);
		cr_expect_eq(l->deltas, l->end[0].up + l->end[0].down);
		traffic_free(t);
		life_free(l);
	}
}

/* Evicted and back: the same flow, its totals go on, its name is kept, and let go once. */
Test(flow_life, an_evicted_flow_comes_back_whole)
{
	for (int server_first = 0; server_first < 2; server_first++) {
		struct life *l = life_new(1);
		/* a server port above the client's, so that guessing would turn it */
		uint64_t start = l->t->time + 10000;
		struct flow *f = open(l);
		uint64_t id = f->id;
		f->name = 77;
		f->name_source = NAME_SNI;
		send(l, true, TCP_ACK, 1001, 5001, 5000);
		send(l, false, TCP_ACK, 5001, 6001, 300);
		struct packet *other = traffic_add(l->t, true, TCP_SYN, 1, 0, 0);
		other->tuple.sport = 7;
		take(l, other);
		cr_expect_eq(l->end[0].why, END_EVICTED);
		cr_expect_eq(l->forgotten, 0);
		if (server_first)
			send(l, false, TCP_ACK, 5301, 6001, 0);
		f = send(l, true, TCP_ACK, 6001, 5301, 1000);
		cr_assert(f);
		cr_expect_eq(f->id, id);
		cr_expect_eq(f->name, 77);
		cr_expect_eq(f->name_source, NAME_SNI);
		cr_expect_eq(f->start, start);
		send(l, false, TCP_ACK, 5301, 7001, 0);
		finish(l);
		const struct end *e = &l->end[l->ends - 1];
		cr_expect_eq(e->id, id);
		cr_expect_eq(e->up, 6000);
		cr_expect_eq(e->down, 300);
		cr_expect_eq(l->deltas, 6300);
		cr_expect_eq(l->forgotten, 1);
		life_free(l);
	}
}

Test(flow_life, a_guess_does_not_turn_a_flow_that_comes_back)
{
	struct life *l = life_new(1);

	/* the server's port is the higher one: the ports alone would say the opposite */
	for (int i = 0; i < 3; i++) {
		struct packet *p = traffic_add(l->t, true, i ? TCP_ACK : TCP_SYN, 100 + (uint32_t)i,
					       1, i == 2 ? 10 : 0);
		p->tuple.src = p->tuple.dst;
		p->tuple.src.b[15] ^= 1;
		p->tuple.sport = 200;
		p->tuple.dport = 40000;
		take(l, p);
	}
	struct packet again = l->t->packets[2];
	struct packet *other = traffic_add(l->t, true, TCP_SYN, 1, 0, 0);
	take(l, other);
	again.seq += 10;
	struct flow *f = take(l, &again);
	cr_expect_eq(flow_tuple(f).dport, 40000);
	finish(l);
	life_free(l);
}

Test(flow_life, a_syn_or_a_long_pause_begins_anew)
{
	for (int pause = 0; pause < 2; pause++) {
		struct life *l = life_new(1);
		struct flow *f = open(l);
		uint64_t id = f->id;
		f->name = 77;
		send(l, true, TCP_ACK, 1001, 5001, 5000);
		struct packet *other = traffic_add(l->t, true, TCP_SYN, 1, 0, 0);
		other->tuple.sport = 7;
		take(l, other);
		if (pause) {
			l->t->time += LIMIT_GHOST_AGE + 700 * NS_PER_S;
			f = send(l, true, TCP_ACK, 6001, 5001, 100);
		} else {
			f = send(l, true, TCP_SYN, 9999999, 0, 0);
		}
		cr_assert(f);
		cr_expect_neq(f->id, id);
		cr_expect_eq(f->name, 0);
		cr_expect_eq(l->forgotten, 1);
		finish(l);
		life_free(l);
	}
}

Test(flow_life, more_evicted_than_are_remembered)
{
	struct life *l = life_new(1);

	for (uint32_t i = 0; i < LIMIT_GHOSTS + 1000; i++) {
		struct packet *p = traffic_add(l->t, true, TCP_ACK, 1, 1, 10);
		p->tuple.sport = (uint16_t)i;
		p->tuple.dport = (uint16_t)(i >> 16 | 1000);
		struct flow *f = take(l, p);
		f->name = 77;
		l->t->count = 0;
	}
	cr_expect_eq(l->forgotten, 999);
	finish(l);
	cr_expect_eq(l->forgotten, LIMIT_GHOSTS + 1000);
	life_free(l);
}

Test(flow_life, a_clock_beyond_32_bits_of_milliseconds)
{
	struct life *l = life_new(10);
	uint64_t begun = l->t->time;

	for (int day = 0; day < 120; day++) {
		l->t->time = begun + (uint64_t)day * 20 * 3600 * NS_PER_S;
		send(l, true, TCP_ACK, (uint32_t)day * 10, 1, 10);
	}
	uint64_t last = l->t->time;
	finish(l);
	cr_expect_eq(l->ends, 120); /* each was idle for too long */
	cr_expect_eq(l->last_end / NS_PER_MS, last / NS_PER_MS);
	life_free(l);
}

Test(flow_life, a_year_later_times_are_right)
{
	struct life *l = life_new(10);

	open(l);
	l->t->time += 365 * 24 * 3600 * NS_PER_S;
	open(l);
	uint64_t last = l->t->time;
	finish(l);
	cr_expect_eq(l->ends, 2);
	cr_expect_eq(l->end[0].why, END_IDLE);
	cr_expect_eq(l->last_end / NS_PER_MS, last / NS_PER_MS);
	life_free(l);
}

Test(flow_life, the_clock_can_be_set_back)
{
	struct life *l = life_new(10);

	open(l);
	uint64_t before = l->t->time;
	flow_table_advance(&l->table, before + 50 * 365 * 24 * 3600 * NS_PER_S);
	flow_table_advance(&l->table, before); /* by itself it does not go back */
	cr_expect_gt(flow_clock_ns(&l->table, l->table.now), before + NS_PER_S);
	flow_table_restart(&l->table, before);
	cr_expect_eq(flow_clock_ns(&l->table, l->table.now), before);
	open(l);
	send(l, true, TCP_ACK, 1001, 5001, 10);
	l->t->time += 700 * NS_PER_S;
	struct packet *other = traffic_add(l->t, true, TCP_SYN, 1, 0, 0);
	other->tuple.sport = 7;
	take(l, other);
	cr_expect_eq(l->ends, 2); /* timers run */
	finish(l);
	life_free(l);
}

/* Packets that differ anywhere are not copies of each other, whatever their ends and headers. */
Test(flow_life, what_differs_in_the_middle_is_no_copy)
{
	struct life *l = life_new(10);
	uint8_t payload[1200] = {0};

	for (unsigned i = 0; i < 100; i++) {
		struct packet *p = traffic_add(l->t, true, 0, 0, 0, sizeof payload);
		p->tuple.proto = PROTO_UDP;
		payload[10 + i * 11] = 1;
		p->payload = payload;
		take(l, p);
	}
	finish(l);
	cr_expect_eq(l->end[0].up, 100 * sizeof payload);
	cr_expect_eq(l->stats.duplicates, 0);
	life_free(l);
}

Test(flow_life, udp_needs_an_answer_or_four)
{
	for (unsigned n = 1; n <= 5; n++) {
		struct life *l = life_new(10);
		for (unsigned i = 0; i < n; i++) {
			static const uint8_t payload[8] = {1, 2, 3, 4, 5, 6, 7, 8};
			struct packet *p = traffic_add(l->t, true, 0, 0, 0, i + 1);
			p->tuple.proto = PROTO_UDP;
			p->payload = payload;
			take(l, p);
		}
		finish(l);
		cr_expect_eq(l->end[0].told, n >= 4);
		life_free(l);
	}
}

Test(flow_life, ipv6_flows_are_told_apart_by_all_of_their_addresses)
{
	struct life *l = life_new(1000);

	for (unsigned bit = 0; bit < 128; bit++) {
		struct packet *p = traffic_add(l->t, true, TCP_ACK, 1, 1, 10);
		memset(&p->tuple.src, 0x20, 16);
		memset(&p->tuple.dst, 0x20, 16);
		p->tuple.dst.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		struct packet back = *p;
		back.tuple = tuple_swap(&p->tuple);
		back.ack = 11;
		struct flow *f = take(l, p);
		cr_assert_eq(take(l, &back), f);
	}
	finish(l);
	cr_expect_eq(l->ends, 128);
	life_free(l);
}
