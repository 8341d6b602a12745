/* A run without end: what is told, when it is told again, and that nothing is told twice. */
#include <time.h>

#include "office.h"

static struct office o;

static void begin(void)
{
	office_open(&o, 24 * HOURS);
}

static void end(void)
{
	office_close(&o);
}

TestSuite(telling, .init = begin, .fini = end);

Test(telling, what_is_new_is_told_once)
{
	office_upload(&o, 1, "shelf.example", 99 * MB);
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "shelf.example", 2 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].kind, FINDING_UPLOAD);
	cr_expect_eq(o.heard[0].up, 101 * MB);
	cr_expect_eq(o.heard[0].told, 0);
	cr_expect_eq(office_tell(&o), 0);
	o.time += 5 * HOURS; /* nothing has changed since */
	cr_expect_eq(office_tell(&o), 0);
}

Test(telling, growth_is_told_at_once_and_change_after_the_interval)
{
	office_upload(&o, 1, "shelf.example", 100 * MB);
	cr_assert_eq(office_tell(&o), 1);
	o.time += 10 * MINUTES;
	office_upload(&o, 1, "shelf.example", 99 * MB);
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].told, 1);
	cr_expect_eq(o.heard[0].up, 200 * MB);
	o.time += MINUTES;
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_expect_eq(office_tell(&o), 0);
	o.time += 58 * MINUTES;
	cr_expect_eq(office_tell(&o), 0);
	o.time += MINUTES;
	cr_assert_eq(office_tell(&o), 1); /* though nothing came since: it waited */
	cr_expect_eq(o.heard[0].told, 2);
	cr_expect_eq(o.heard[0].up, 201 * MB);
}

Test(telling, the_last_word_is_of_all_that_has_changed)
{
	struct analyst_telling last = {.interval = 0, .growth = 2};

	office_upload(&o, 1, "shelf.example", 100 * MB);
	office_upload(&o, 2, "shelf.example", 100 * MB);
	cr_assert_eq(office_tell(&o), 2);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_expect_eq(office_tell(&o), 0); /* it waits */
	cr_assert_eq(office_tell_by(&o, &last), 1);
	cr_expect_eq(o.heard[0].up, 101 * MB);
	cr_expect_eq(office_tell_by(&o, &last), 0);
}

Test(telling, a_long_interval_is_kept_too)
{
	struct analyst_telling when = {.interval = 7 * HOURS, .growth = 2};

	office_upload(&o, 1, "shelf.example", 100 * MB);
	cr_assert_eq(office_tell_by(&o, &when), 1);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	for (unsigned minute = 1; minute < 7 * 60; minute++) {
		o.time += MINUTES;
		cr_assert_eq(office_tell_by(&o, &when), 0, "minute %u", minute);
	}
	o.time += MINUTES;
	cr_expect_eq(office_tell_by(&o, &when), 1);
}

Test(telling, a_name_is_told_once_a_window)
{
	unsigned told = 0;

	for (unsigned hour = 0; hour < 72; hour++) {
		office_query(&o, 1, "drop.example");
		analyst_tick(o.analyst, o.time);
		told += office_tell(&o);
		o.time += HOURS;
	}
	/* a window is 24 slices and the one it begins with */
	cr_expect_eq(told, 3);
	cr_expect_eq(office_list(&o), 1);
	cr_expect_eq(o.heard[0].kind, FINDING_NAME);
}

Test(telling, a_name_becomes_an_upload)
{
	office_query(&o, 1, "drop.example");
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_str_eq(o.heard[0].rule, "egret.name");
	office_upload(&o, 1, "drop.example", 700); /* a hello is no growth */
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "drop.example", 4 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_str_eq(o.heard[0].rule, "egret.name");
	cr_expect_eq(o.heard[0].told, 1);
	office_upload(&o, 1, "drop.example", 7 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_str_eq(o.heard[0].rule, "egret.upload");
	cr_expect_eq(o.heard[0].told, 0);
}

Test(telling, a_restart_tells_nothing_again)
{
	office_upload(&o, 1, "shelf.example", 100 * MB);
	office_query(&o, 2, "drop.example");
	office_upload(&o, 3, "shelf.example", 60 * MB);
	cr_assert_eq(office_tell(&o), 2);
	office_restart(&o);
	cr_expect_eq(office_tell(&o), 0);
	cr_expect_eq(office_list(&o), 2);
	o.time += HOURS;
	office_query(&o, 2, "drop.example");
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 3, "shelf.example", 40 * MB); /* what was before counts */
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].client, 3);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	office_restart(&o); /* what was to be told is told after it */
	o.time += 1;
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].client, 1);
	cr_expect_eq(o.heard[0].told, 1);
}

Test(telling, a_reload_tells_nothing_again)
{
	struct triage_who who = {.time = o.time};
	struct upload u = {.client = 3, .name = "shelf.example"};
	struct error e;

	office_upload(&o, 1, "shelf.example", 100 * MB);
	office_query(&o, 2, "drop.example");
	office_send(&o, &u, 0, END_NOT);
	office_send(&o, &u, 60 * MB, END_NOT);
	cr_assert_eq(office_tell(&o), 2);
	cr_assert_eq(triage_ack(analyst_triage(o.analyst), o.heard[0].id, 100 * MB, 0, &who, &e),
		     0);
	for (unsigned i = 0; i < 3; i++) {
		o.time += HOURS;
		office_reload(&o);
		cr_expect_eq(office_tell(&o), 0);
	}
	cr_expect_eq(office_list(&o), 2);
	cr_expect_eq(o.heard[0].triage, TRIAGE_ACKED);
	office_send(&o, &u, 40 * MB, END_NOT);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].client, 3);
	/* other windows: what was counted is counted on, as one finding each */
	static const uint64_t windows[] = {48 * HOURS, 0, 0, 24 * HOURS, 24 * HOURS};
	for (unsigned i = 0; i < 5; i++) {
		o.options.window = windows[i];
		office_reload(&o);
		office_send(&o, &u, 1 * MB, END_NOT);
		office_tell(&o);
		office_list(&o);
		unsigned of_it = 0;
		for (unsigned k = 0; k < o.count; k++)
			of_it += o.heard[k].client == 3;
		cr_expect_eq(of_it, 1, "%u", i);
		o.time += MINUTES;
	}
	o.time += 100 * HOURS;
	analyst_tick(o.analyst, o.time);
	cr_expect_eq(office_list(&o), 0);
}

/* what comes in any order, told at any moment */

#define CLIENTS 40

struct view {
	char id[FINDING_ID_MAX];
	uint32_t told;
	uint64_t up;
	enum finding_kind kind;
};

static struct view seen[4 * CLIENTS];
static unsigned seen_count;

static struct view *view_of(const char *id)
{
	for (unsigned i = 0; i < seen_count; i++)
		if (strcmp(seen[i].id, id) == 0)
			return &seen[i];
	return NULL;
}

static void take_told(void)
{
	for (unsigned i = 0; i < o.count; i++) {
		const struct heard *h = &o.heard[i];
		struct view *v = view_of(h->id);
		if (!v) {
			cr_assert_eq(h->told, 0, "%s was told as known", h->id);
			cr_assert_lt(seen_count, sizeof seen / sizeof *seen);
			v = &seen[seen_count++];
			strcpy(v->id, h->id);
		} else {
			cr_assert_eq(h->told, v->told + 1, "%s: told %u after %u", h->id, h->told,
				     v->told);
			cr_assert_geq(h->up, v->up);
		}
		v->told = h->told;
		v->up = h->up;
		v->kind = h->kind;
	}
}

static void play(unsigned seed, double growth, bool restarts)
{
	static const char *const names[] = {"drop.example", "shelf.example", "works.example",
					    "mirror.example"};
	struct analyst_telling when = {.interval = HOURS, .growth = growth};
	unsigned tellings = 0;

	srand(seed);
	seen_count = 0;
	for (unsigned step = 0; step < 4000; step++) {
		uint32_t client = 1 + (uint32_t)rand() % CLIENTS;
		const char *name = names[rand() % 4];
		o.time += (uint64_t)(rand() % 10) * NS_PER_S;
		if (rand() % 4 == 0)
			office_query(&o, client, name);
		else
			office_upload(&o, client, name,
				      (uint64_t)(rand() % 1000) * (uint64_t)(rand() % 100000));
		if (restarts && rand() % 500 == 0)
			office_restart(&o);
		if (restarts && rand() % 500 == 0)
			office_reload(&o);
		if (rand() % 20 == 0) {
			tellings += office_tell_by(&o, &when);
			take_told();
		}
	}
	tellings += office_tell_by(&o, &when);
	take_told();
	/* each finding there is was told, at a size that it has not outgrown */
	office_list(&o);
	cr_assert_gt(o.count, CLIENTS);
	for (unsigned i = 0; i < o.count; i++) {
		const struct view *v = view_of(o.heard[i].id);
		cr_assert(v, "%s was never told", o.heard[i].id);
		double least = v->up > TELLING_UP ? (double)v->up : TELLING_UP;
		cr_expect_lt((double)o.heard[i].up, growth * least + 1);
	}
	/* a doubling each, and once an hour */
	cr_expect_lt(tellings, o.count * 14, "%u tellings of %u findings", tellings, o.count);
}

Test(telling, each_is_told_as_new_once_and_is_never_far_behind)
{
	play(1, 2, false);
}

Test(telling, nor_with_small_steps)
{
	play(2, 1.3, false);
}

Test(telling, nor_over_restarts_and_reloads)
{
	play(3, 2, true);
}

/* A look costs what was touched: a hundred thousand others that are held do not slow it. */
Test(telling, a_look_costs_what_was_touched)
{
	for (uint32_t i = 1; i <= 100000; i++)
		office_query(&o, i, "drop.example");
	cr_assert_eq(office_tell(&o), 100000);
	clock_t before = clock();
	for (unsigned i = 0; i < 10000; i++) {
		o.time += NS_PER_S;
		office_query(&o, 1 + i % 100, "drop.example");
		cr_assert_eq(office_tell(&o), 0);
	}
	/* (all of them each time would be a thousand million) */
	cr_expect_lt((double)(clock() - before) / CLOCKS_PER_SEC, 5);
}

/* the rest of what a control socket asks */

static struct analyst_use uses[8];
static struct analyst_flow flows[8];
static unsigned listed;

static void take_use(void *context, const struct analyst_use *u)
{
	(void)context;
	uses[listed++] = *u;
}

static void take_flow(void *context, const struct analyst_flow *f)
{
	(void)context;
	flows[listed++] = *f;
}

Test(telling, the_most_come_first)
{
	for (uint32_t i = 1; i <= 20; i++)
		office_upload(&o, i, "shelf.example", i * MB);
	o.time += 12 * HOURS;
	office_upload(&o, 5, "shelf.example", 13 * MB);
	listed = 0;
	analyst_top(o.analyst, 4, take_use, NULL);
	cr_assert_eq(listed, 4);
	cr_expect_eq(uses[0].up, 20 * MB);
	cr_expect_eq(uses[1].up, 19 * MB);
	cr_expect_eq(uses[2].up, 18 * MB);
	cr_expect_eq(uses[3].up, 18 * MB);
	cr_expect_str_eq(uses[0].service->name, "Shelf");
	cr_expect_eq(uses[0].connections, 1);
	o.time += 14 * HOURS; /* the first ones have slid out */
	analyst_tick(o.analyst, o.time);
	listed = 0;
	analyst_top(o.analyst, 4, take_use, NULL);
	cr_assert_eq(listed, 1);
	cr_expect_eq(uses[0].up, 13 * MB);
	cr_expect_eq(uses[0].first, OFFICE_START + 12 * HOURS);
}

Test(telling, connections_that_run)
{
	struct upload u[3] = {{.client = 1, .name = "shelf.example"},
			      {.client = 2, .name = "www.other.example"},
			      {.client = 2}};
	struct addr second = office_client(2);

	for (unsigned i = 0; i < 3; i++) {
		office_send(&o, &u[i], 0, END_NOT);
		o.time += MINUTES;
		office_send(&o, &u[i], (i + 1) * MB, END_NOT);
	}
	listed = 0;
	analyst_flows(o.analyst, NULL, 8, take_flow, NULL);
	cr_assert_eq(listed, 3);
	cr_expect_eq(flows[0].up, 3 * MB);
	cr_expect_eq(flows[0].name.n, 0);
	cr_expect(str_eq(flows[1].name, STR("www.other.example")));
	cr_expect_null(flows[1].service);
	cr_expect_eq(flows[1].source, NAME_SNI);
	cr_expect_str_eq(flows[2].service->name, "Shelf");
	cr_expect_eq(flows[2].start, OFFICE_START);
	cr_expect_eq(flows[2].last, OFFICE_START + MINUTES);
	cr_expect_eq(flows[2].tuple.sport, 40000);
	listed = 0;
	analyst_flows(o.analyst, &second, 1, take_flow, NULL);
	cr_assert_eq(listed, 1);
	cr_expect_eq(flows[0].id, u[2].id);
	office_send(&o, &u[2], 0, END_CLOSED);
	listed = 0;
	analyst_flows(o.analyst, &second, 8, take_flow, NULL);
	cr_expect_eq(listed, 1);
	/* one whose end was lost is forgotten in the end, and taken up again if it goes on */
	o.time += 30 * HOURS;
	analyst_tick(o.analyst, o.time);
	listed = 0;
	analyst_flows(o.analyst, NULL, 8, take_flow, NULL);
	cr_expect_eq(listed, 0);
	office_send(&o, &u[0], 5 * MB, END_CLOSED);
	listed = 0;
	analyst_top(o.analyst, 8, take_use, NULL);
	cr_assert_eq(listed, 1);
	cr_expect_eq(uses[0].up, 5 * MB);
}

Test(telling, a_finding_by_its_id)
{
	office_upload(&o, 1, "shelf.example", 100 * MB);
	office_query(&o, 2, "drop.example");
	cr_assert_eq(office_list(&o), 2);
	char id[FINDING_ID_MAX];
	strcpy(id, o.heard[1].id);
	o.count = 0;
	cr_expect(analyst_finding(o.analyst, id, office_hear, &o));
	cr_assert_eq(o.count, 1);
	cr_expect_eq(o.heard[0].client, 2);
	cr_expect_not(analyst_finding(o.analyst, "0123456789abcdef", office_hear, &o));
	cr_expect_not(analyst_finding(o.analyst, "", office_hear, &o));
}

/* loss */

static void lose(uint64_t at, uint64_t packets, uint64_t lost)
{
	analyst_note_loss(o.analyst, &(struct analyst_loss){.start = at,
							    .end = at + MINUTES - 1,
							    .packets = packets,
							    .lost = lost});
}

Test(telling, findings_say_what_was_lost_meanwhile)
{
	lose(o.time, 1000, 0);
	office_upload(&o, 1, "shelf.example", 60 * MB);
	o.time += MINUTES;
	lose(o.time, 1000, 40);
	office_upload(&o, 1, "shelf.example", 60 * MB);
	o.time += MINUTES;
	lose(o.time, 1000, 0);
	office_upload(&o, 2, "shelf.example", 160 * MB);
	cr_assert_eq(office_list(&o), 2);
	cr_expect_eq(o.heard[0].client, 2);
	cr_expect_eq(o.heard[0].lost, 0);
	cr_expect_float_eq(o.heard[1].lost, 0.02, 1e-9);
	cr_assert_eq(office_tell(&o), 2);
	cr_expect_float_eq(o.heard[0].lost + o.heard[1].lost, 0.02, 1e-9);
}

Test(telling, loss_is_shared_out_and_forgotten)
{
	/* ten minutes in one report */
	analyst_note_loss(o.analyst, &(struct analyst_loss){.start = o.time,
							    .end = o.time + 10 * MINUTES - 1,
							    .packets = 1000,
							    .lost = 100});
	o.time += 5 * MINUTES;
	office_upload(&o, 1, "shelf.example", 160 * MB);
	office_list(&o);
	cr_expect_float_eq(o.heard[0].lost, 0.1, 1e-9);
	o.time += 25 * HOURS; /* the same minute of the next day is another one */
	lose(o.time, 1000, 0);
	office_upload(&o, 2, "shelf.example", 160 * MB);
	office_list(&o);
	for (unsigned i = 0; i < o.count; i++)
		if (o.heard[i].client == 2)
			cr_expect_eq(o.heard[i].lost, 0);
	/* more lost than there were, and reports of no time */
	analyst_note_loss(o.analyst, &(struct analyst_loss){o.time + 9, o.time, 1, 7});
	analyst_note_loss(o.analyst, &(struct analyst_loss){0, UINT64_MAX, UINT64_MAX, 1});
	analyst_note_loss(o.analyst, &(struct analyst_loss){0, 0, 0, 0});
	office_list(&o);
	for (unsigned i = 0; i < o.count; i++)
		cr_expect(o.heard[i].lost >= 0 && o.heard[i].lost <= 1);
}
