/* The flow table: who opened, what is worth telling, when a flow ends, and the bound. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/mem.h"
#include "flow/count.h"
#include "traffic.h"

Test(flow_table, a_syn_flood_is_counted_not_told)
{
	struct traffic *t = traffic_new();

	for (unsigned i = 0; i < 5000; i++)
		traffic_add(t, true, TCP_SYN, i * 1000, 0, 0)->tuple.sport = (uint16_t)(1024 + i);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.flows, 5000);
	cr_expect_eq(o.told, 0);
	cr_expect_eq(o.stats.flows_unanswered, 5000);
}

Test(flow_table, scans_are_not_told)
{
	struct traffic *t = traffic_new();

	/* refused */
	traffic_add(t, true, TCP_SYN, 1, 0, 0);
	traffic_add(t, false, TCP_RST | TCP_ACK, 0, 2, 0);
	/* half open */
	traffic_add(t, true, TCP_SYN, 1, 0, 0)->tuple.sport = 1;
	traffic_add(t, false, TCP_SYN | TCP_ACK, 5, 2, 0)->tuple.dport = 1;
	traffic_add(t, true, TCP_RST, 2, 0, 0)->tuple.sport = 1;
	/* a lone ACK, refused */
	traffic_add(t, true, TCP_ACK, 1, 1, 0)->tuple.sport = 2;
	traffic_add(t, false, TCP_RST, 1, 0, 0)->tuple.dport = 2;
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.flows, 3);
	cr_expect_eq(o.told, 0);
}

Test(flow_table, an_established_connection_without_payload_is_told)
{
	struct traffic *t = traffic_new();

	traffic_add(t, true, TCP_SYN, 1, 0, 0);
	traffic_add(t, false, TCP_SYN | TCP_ACK, 5, 2, 0);
	traffic_add(t, true, TCP_ACK, 2, 6, 0);
	cr_expect_eq(traffic_end(t).told, 1);
}

Test(flow_table, the_answer_to_a_syn_tells_who_opened)
{
	struct traffic *t = traffic_new();

	traffic_add(t, false, TCP_SYN | TCP_ACK, 5, 2, 0);
	traffic_add(t, true, TCP_ACK, 2, 6, 300);
	traffic_add(t, false, TCP_ACK, 6, 302, 0);
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.up.bytes, 300);
	cr_expect_eq(o.down.bytes, 0);
}

Test(flow_table, the_same_ports_again_are_another_connection)
{
	struct traffic *t = traffic_new();

	for (uint32_t i = 0; i < 3; i++)
		traffic_upload(t, &(struct upload){.bytes = 10000 + i,
						   .client_isn = i * 777777777,
						   .server_isn = i * 1234567});
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.flows, 3);
	cr_expect_eq(o.up.bytes, 10002);
}

Test(flow_table, a_forged_syn_does_not_end_a_live_connection)
{
	struct traffic *t = traffic_new();

	traffic_upload(t, &(struct upload){.bytes = 100000, .client_isn = 1, .server_isn = 1});
	struct packet *p = &t->packets[t->count / 2];
	p->flags = TCP_SYN;
	p->tuple = t->packets[0].tuple;
	p->seq = 3000000000;
	p->length = p->captured = 0;
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.flows, 1);
	cr_expect_eq(o.up.bytes, 100000);
}

Test(flow_table, reports_come_by_bytes_and_grow_with_the_flow)
{
	struct traffic *t = traffic_new();

	traffic_upload(t, &(struct upload){.bytes = 50 * MIB, .client_isn = 1, .server_isn = 1});
	cr_expect_eq(traffic_run(t).dues, 49); /* each MiB; the last one ends with the flow */
	traffic_free(t);
	t = traffic_new();
	traffic_upload(t, &(struct upload){
				  .bytes = 400 * (uint64_t)MIB, .client_isn = 1, .server_isn = 1});
	uint64_t dues = traffic_run(t).dues;
	/* 100 of 1 MiB, then each 1 % more: ln(4) / ln(1.01) */
	cr_expect(dues > 230 && dues < 250, "%lu", (unsigned long)dues);
	traffic_free(t);
}

Test(flow_table, reports_come_by_time_only_with_new_payload)
{
	struct traffic *t = traffic_new();

	traffic_add(t, true, TCP_SYN, 0, 0, 0);
	traffic_add(t, false, TCP_SYN | TCP_ACK, 5, 1, 0);
	for (uint32_t i = 0; i < 300; i++) {
		t->time += NS_PER_S;
		bool data = i < 120; /* two minutes of data, then of keep-alives */
		traffic_add(t, true, TCP_ACK, data ? 1 + i * 10 : 1200, 6, data ? 10 : 0);
		traffic_add(t, false, TCP_ACK, 6, data ? 11 + i * 10 : 1201, 0);
	}
	uint64_t dues = traffic_end(t).dues;
	cr_expect(dues >= 4 && dues <= 6, "%lu", (unsigned long)dues);
}

Test(flow_table, idle_flows_end_and_a_year_passes)
{
	struct traffic *t = traffic_new();

	traffic_upload(t, &(struct upload){.bytes = 1000, .client_isn = 1, .server_isn = 1});
	t->count -= 3; /* never closed */
	t->time += 400 * 24 * 3600 * NS_PER_S;
	traffic_add(t, true, TCP_SYN, 99, 0, 0)->tuple.sport = 1;
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.flows, 2);
	cr_expect_eq(o.end, END_CAPTURE);
}

Test(flow_table, time_that_goes_back_harms_nothing)
{
	struct traffic *t = traffic_new();

	traffic_upload(t, &(struct upload){.bytes = 1000000, .client_isn = 1, .server_isn = 1});
	for (size_t i = 7; i < t->count; i += 7)
		t->packets[i].time -= 3600 * NS_PER_S;
	struct outcome o = traffic_end(t);
	cr_expect_eq(o.flows, 1);
	cr_expect_eq(o.up.bytes, 1000000);
}

/* A table of its own for tests of the bound. */
struct small {
	struct flow_table table;
	struct stats stats;
	uint64_t ids[8];
	unsigned ended, evicted;
};

static void small_ended(void *context, struct flow *f, enum flow_end why)
{
	struct small *s = context;

	if (s->ended < 8)
		s->ids[s->ended] = f->id;
	s->ended++;
	s->evicted += why == END_EVICTED;
}

static void small_due(void *context, struct flow *f)
{
	(void)context, (void)f;
}

static struct small *small_new(uint32_t flows)
{
	struct small *s = mem_zalloc(sizeof *s);
	struct flow_events events = {.ended = small_ended, .due = small_due, .context = s};
	struct flow_settings settings = flow_settings_default;

	settings.flows_max = flows;
	flow_table_init(&s->table, &settings, &events, &s->stats);
	return s;
}

static void small_free(struct small *s)
{
	flow_table_fini(&s->table);
	free(s);
}

static struct flow *small_take(struct small *s, const struct packet *p)
{
	unsigned side;

	flow_table_advance(&s->table, p->time);
	return flow_take(&s->table, p, flow_hash(&s->table, &p->tuple), &side);
}

Test(flow_table, attempts_are_evicted_before_connections)
{
	struct small *s = small_new(100);
	struct traffic *t = traffic_new();

	for (uint16_t i = 0; i < 50; i++) {
		small_take(s, traffic_add(t, true, TCP_ACK, 1, 1, 100));
		t->packets[t->count - 1].tuple.sport = (uint16_t)(i + 1);
		cr_assert(small_take(s, &t->packets[t->count - 1]));
	}
	for (unsigned i = 0; i < 10000; i++) {
		struct packet *p = traffic_add(t, true, TCP_SYN, 1, 0, 0);
		p->tuple.dport = (uint16_t)i;
		p->tuple.sport = (uint16_t)(5000 + i);
		cr_assert(small_take(s, p));
	}
	cr_expect_gt(s->evicted, 9000);
	cr_expect_eq(s->evicted, s->stats.flows_evicted);
	unsigned kept = 0;
	for (uint32_t n = 0; n < s->table.flows.made; n++) {
		const struct flow *f = pool_at(&s->table.flows, n);
		kept += f->id && f->flags & FLOW_ESTABLISHED;
	}
	cr_expect_geq(kept, 50);
	traffic_free(t);
	small_free(s);
}

Test(flow_table, a_flood_takes_a_quarter_of_the_table)
{
	enum { QUARTER = 64 * 1024 };
	struct small *s = small_new(4 * QUARTER);
	struct traffic *t = traffic_new();
	struct packet *p = traffic_add(t, true, TCP_ACK, 1, 1, 100);
	uint64_t first = small_take(s, p)->id;

	p->flags = TCP_SYN;
	for (unsigned i = 0; i < 3 * QUARTER; i++) {
		p->tuple.dport = (uint16_t)(2000 + i / 50000);
		p->tuple.sport = (uint16_t)(5000 + i % 50000);
		cr_assert(small_take(s, p));
	}
	cr_expect_eq(s->stats.flows, 3 * QUARTER + 1);
	cr_expect_eq(s->stats.flows_evicted, 2 * QUARTER);
	cr_expect_leq(s->table.flows.made, QUARTER + 1);
	for (unsigned i = 0; i < 8; i++)
		cr_expect_neq(s->ids[i], first);
	traffic_free(t);
	small_free(s);
}

Test(flow_table, an_evicted_connection_that_goes_on_is_the_same)
{
	struct small *s = small_new(1);
	struct traffic *t = traffic_new();
	struct flow *f = small_take(s, traffic_add(t, true, TCP_SYN, 1, 0, 0));

	f = small_take(s, traffic_add(t, false, TCP_SYN | TCP_ACK, 9, 2, 0));
	f = small_take(s, traffic_add(t, true, TCP_ACK, 2, 10, 500));
	uint64_t id = f->id;
	f->flags |= FLOW_OPENED; /* as the room above does */
	f->sequence = 3;
	struct packet *other = traffic_add(t, true, TCP_SYN, 1, 0, 0);
	other->tuple.sport = 7;
	small_take(s, other);
	cr_expect_eq(s->evicted, 1);
	/* the server's packet comes first now */
	f = small_take(s, traffic_add(t, false, TCP_ACK, 10, 502, 0));
	cr_assert(f);
	cr_expect_eq(f->id, id);
	cr_expect_eq(f->sequence, 3);
	cr_expect_eq(flow_tuple(f).sport, 40000);
	cr_expect_eq(f->opener, OPENER_SYN);
	cr_expect_eq(s->stats.flows_resumed, 1);
	traffic_free(t);
	small_free(s);
}

Test(flow_table, both_directions_have_one_hash)
{
	struct small *s = small_new(10);

	for (uint32_t i = 0; i < 1000; i++) {
		struct tuple k = {
			.sport = (uint16_t)(i * 31), .dport = (uint16_t)(i * 77), .proto = 6};
		for (int b = 0; b < 16; b++) {
			k.src.b[b] = (uint8_t)(i * (uint32_t)(b + 3) >> 2);
			k.dst.b[b] = (uint8_t)(i * (uint32_t)(b + 7));
		}
		struct tuple r = tuple_swap(&k);
		cr_assert_eq(flow_hash(&s->table, &k), flow_hash(&s->table, &r));
	}
	small_free(s);
}

Test(flow_table, udp_copies_do_not_count)
{
	struct small *s = small_new(10);
	struct traffic *t = traffic_new();
	static const uint8_t text[4][12] = {"one-one-one", "two-two-two", "three-three",
					    "four-four-4"};
	unsigned side;
	struct flow *last = NULL;

	for (int i = 0; i < 12; i++) {
		/* a b a' b' … : copies come one packet later */
		struct packet *p = traffic_add(t, true, 0, 0, 0, 12);
		p->tuple.proto = PROTO_UDP;
		p->payload = text[i / 4 * 2 % 4 + i % 2];
		p->time += (uint64_t)(i / 4) * NS_PER_S;
		flow_table_advance(&s->table, p->time);
		struct flow *f = flow_take(&s->table, p, flow_hash(&s->table, &p->tuple), &side);
		cr_expect_eq(f != NULL, i % 4 < 2, "packet %d", i);
		last = f ? f : last;
	}
	cr_expect_eq(count_of(&s->table, last, 0).bytes, 6 * 12);
	cr_expect_eq(s->stats.duplicates, 6);
	traffic_free(t);
	small_free(s);
}

/* What is sent again later is no copy, however much else is sent in between by either side. */
Test(flow_table, a_datagram_sent_again_later_counts)
{
	static const uint8_t text[2][4] = {"ask", "and"}, answer[4] = "yes";
	static const struct {
		unsigned ms;
		bool client;
		const uint8_t *payload;
	} said[] = {
		{0, true, text[0]},    {0, true, text[1]},    {780, true, text[1]},
		{780, true, text[0]}, /* within 2 ms of the packet before, but not of its first time
				       */
		{1500, false, answer}, {1500, true, text[0]},
	};
	struct small *s = small_new(10);
	struct traffic *t = traffic_new();
	uint64_t start = t->time;
	struct flow *f = NULL;

	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct packet *p = traffic_add(t, said[i].client, 0, 0, 0, 4);
		unsigned side;
		p->tuple.proto = PROTO_UDP;
		p->payload = said[i].payload;
		p->time = start + said[i].ms * NS_PER_MS + i * 10000;
		flow_table_advance(&s->table, p->time);
		f = flow_take(&s->table, p, flow_hash(&s->table, &p->tuple), &side);
		cr_assert(f, "packet %zu", i);
	}
	cr_expect_eq(count_of(&s->table, f, 0).bytes, 5 * 4);
	cr_expect_eq(s->stats.duplicates, 0);
	traffic_free(t);
	small_free(s);
}
