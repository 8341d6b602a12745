#include <criterion/criterion.h>
#include <string.h>

#include "core/limits.h"
#include "daemon/lineup.h"
#include "daemon/pipe.h"

static struct record flow_at(uint64_t time, uint64_t id, uint64_t up)
{
	struct record r = {.kind = RECORD_FLOW, .time = time, .flow_id = id};

	r.tuple.src.b[15] = (uint8_t)id;
	r.flow.delta_up = up;
	r.flow.name = STR("mega.nz");
	return r;
}

static void put(struct pipe *p, struct record r)
{
	struct record_sink sink = pipe_sink(p);

	sink.take(sink.context, &r);
}

Test(pipe, updates_are_put_off_before_anything_is_lost)
{
	struct pipe p;

	pipe_init(&p, 1 << 16);
	struct record_sink sink = pipe_sink(&p);
	uint64_t n = 0;
	while (sink.has_room(sink.context)) {
		put(&p, flow_at(n, n, 1));
		n++;
	}
	cr_expect_gt(n, 10);
	cr_expect_eq(p.put_off, 1);
	cr_expect_eq(p.lost[RECORD_FLOW], 0);
	/* facts go on up to three quarters, connections' ends to the last byte */
	struct record dns = {.kind = RECORD_DNS};
	while (!p.lost[RECORD_DNS])
		put(&p, dns);
	struct record end = flow_at(n, 7, 5);
	end.kind = RECORD_CONN;
	uint64_t ends = 0;
	for (; !p.lost[RECORD_CONN]; ends++)
		put(&p, end);
	cr_expect_gt(ends, 5);
	pipe_fini(&p);
}

Test(pipe, bytes_of_lost_connections_are_told_by_client_when_there_is_room)
{
	struct pipe p;
	uint64_t up = 0, told = 0, sent = 0;
	unsigned clients = 0;

	pipe_init(&p, 1 << 16);
	for (uint64_t i = 0; i < 3000; i++) {
		struct record r = flow_at(i, i % 5, 10);
		r.kind = RECORD_CONN;
		put(&p, r);
		sent += 10;
	}
	cr_assert_gt(p.lost[RECORD_CONN], 0);
	for (int round = 0; round < 2; round++) {
		struct pipe_message m;
		while ((m = pipe_peek(&p)).kind != PIPE_NOTHING) {
			if (m.kind == PIPE_RECORD)
				up += m.record->flow.delta_up;
			else
				told += m.loss->up, clients++;
			pipe_pop(&p);
		}
		pipe_mark(&p, 5000);
	}
	cr_expect_eq(up + told, sent);
	cr_expect_eq(clients, 5);
	pipe_fini(&p);
}

Test(pipe, more_clients_than_are_told_apart)
{
	struct pipe p;
	uint64_t lost = 0, up = 0;

	pipe_init(&p, 4096); /* in which hardly anything fits */
	for (uint64_t i = 0; i < 1000; i++) {
		struct record r = flow_at(i, i, 1);
		r.kind = RECORD_CONN;
		memcpy(r.tuple.src.b, &i, sizeof i);
		put(&p, r);
	}
	for (int round = 0; round < 2000; round++) {
		struct pipe_message m;
		while ((m = pipe_peek(&p)).kind != PIPE_NOTHING) {
			up += m.kind == PIPE_RECORD;
			lost += m.kind == PIPE_LOSS ? m.loss->up : 0;
			pipe_pop(&p);
		}
		pipe_mark(&p, 5000);
	}
	cr_expect_eq(up + lost, 1000);
	pipe_fini(&p);
}

Test(lineup, records_of_two_workers_come_by_time_up_to_the_least_mark)
{
	struct pipe a, b, *both[] = {&a, &b};
	struct lineup o;

	pipe_init(&a, 1 << 16);
	pipe_init(&b, 1 << 16);
	lineup_init(&o, both, 2);
	put(&a, flow_at(10, 1, 0));
	put(&a, flow_at(30, 1, 0));
	pipe_mark(&a, 35);
	cr_expect_eq(lineup_next(&o).kind, PIPE_NOTHING, "b may still come with something earlier");
	pipe_mark(&b, 10);
	cr_expect_eq(lineup_next(&o).kind, PIPE_NOTHING, "even with the same time");
	put(&b, flow_at(20, 2, 0));
	pipe_mark(&b, 40);
	for (uint64_t want = 10; want <= 30; want += 10) {
		struct pipe_message m = lineup_next(&o);
		cr_assert_eq(m.kind, PIPE_RECORD);
		cr_expect_eq(m.record->time, want);
		cr_expect(str_eq(m.record->flow.name, STR("mega.nz")));
	}
	cr_expect_eq(lineup_next(&o).kind, PIPE_NOTHING);
	cr_expect_eq(lineup_mark(&o), 35);
	cr_expect_eq(o.late, 0);
	lineup_fini(&o);
	pipe_fini(&a);
	pipe_fini(&b);
}

Test(lineup, dns_first_then_by_flow_at_the_same_time)
{
	struct pipe a, b, *both[] = {&a, &b};
	struct lineup o;
	struct record dns = {.kind = RECORD_DNS, .time = 5, .flow_id = 9};

	pipe_init(&a, 1 << 16);
	pipe_init(&b, 1 << 16);
	lineup_init(&o, both, 2);
	put(&a, flow_at(5, 4, 0));
	put(&b, dns);
	put(&b, flow_at(5, 3, 0));
	pipe_mark(&a, UINT64_MAX);
	pipe_mark(&b, UINT64_MAX);
	uint64_t want[] = {9, 3, 4};
	for (int i = 0; i < 3; i++)
		cr_expect_eq(lineup_next(&o).record->flow_id, want[i]);
	cr_expect_eq(lineup_next(&o).kind, PIPE_NOTHING);
	lineup_fini(&o);
	pipe_fini(&a);
	pipe_fini(&b);
}

Test(lineup, what_comes_late_is_used_and_counted)
{
	struct pipe a, b, *both[] = {&a, &b};
	struct lineup o;

	pipe_init(&a, 1 << 16);
	pipe_init(&b, 1 << 16);
	lineup_init(&o, both, 2);
	put(&a, flow_at(100, 1, 0));
	pipe_mark(&a, 200);
	pipe_mark(&b, 150);
	cr_expect_eq(lineup_next(&o).record->time, 100);
	put(&b, flow_at(50, 2, 0));
	cr_expect_eq(lineup_next(&o).record->time, 50);
	cr_expect_eq(o.late, 1);
	lineup_fini(&o);
	pipe_fini(&a);
	pipe_fini(&b);
}

/* What was put before holds nothing up, and what comes then is not late for an hour. */
Test(lineup, a_clock_that_was_set_back)
{
	struct pipe a, b, *both[] = {&a, &b};
	struct lineup o;
	uint64_t before = 7200 * NS_PER_S, now = 3600 * NS_PER_S;

	pipe_init(&a, 1 << 16);
	pipe_init(&b, 1 << 16);
	lineup_init(&o, both, 2);
	put(&a, flow_at(before, 1, 1));
	pipe_mark(&a, now);
	pipe_mark(&b, now);
	cr_assert_eq(lineup_next(&o).kind, PIPE_RECORD);
	put(&a, flow_at(now + 5, 2, 1));
	cr_expect_eq(lineup_next(&o).kind, PIPE_NOTHING, "b may still come with something earlier");
	put(&b, flow_at(now + 4, 3, 1));
	pipe_mark(&a, now + 10);
	pipe_mark(&b, now + 10);
	cr_expect_eq(lineup_next(&o).record->flow_id, 3);
	cr_expect_eq(lineup_next(&o).record->flow_id, 2);
	cr_expect_eq(lineup_next(&o).kind, PIPE_NOTHING);
	cr_expect_eq(o.late, 0);
	lineup_fini(&o);
	pipe_fini(&a);
	pipe_fini(&b);
}
