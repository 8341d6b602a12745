/* Correlations over a restart and a reload: wherever a stream of matches is cut, what is found is
 * what one that was not cut finds. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "correlate_model.h"
#include "correlate_play.h"
#include "guard.h"

#define RULES 3

static uint32_t below(void *context, uint32_t n)
{
	uint64_t *state = context;

	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % n);
}

static struct play next_play(uint64_t *r, unsigned i, uint64_t *time, unsigned how)
{
	struct play p = {.rule = below(r, RULES), .line = i + 1, .token = i};

	if (how == 0)
		*time += below(r, 3);
	else if (how == 1)
		*time = 1000 + below(r, 30);
	else
		*time = 1000 + below(r, 3) * 100000 + below(r, 20);
	p.time = *time;
	p.possible = how != 2 && below(r, 4) == 0;
	p.same = i && below(r, 8) == 0;
	for (int f = 0; f < PLAY_FIELDS; f++)
		p.field[f] = below(r, 8) ? (int)below(r, f == PLAY_V ? 8 : 3) : -1;
	return p;
}

/* Fields have other numbers each time, as they do when other rules are read. */
static struct fields *make_fields(unsigned first)
{
	struct fields *f = fields_new();

	for (unsigned i = 0; i < first % 5; i++)
		fields_add(f, str_of((const char *[]){"x", "y", "z", "u"}[i]));
	for (unsigned i = 0; i < PLAY_FIELDS; i++)
		fields_add(f, str_of(play_name[(i + first) % PLAY_FIELDS]));
	return f;
}

struct run {
	const struct sigma_rules *rules;
	struct correlator *c;
	struct fields *fields;
	struct play_hits hits;
	uint32_t items, groups; /* 0: as they are */
	unsigned generation;
};

static struct correlator *new_correlator(struct run *x)
{
	struct correlator *c = correlator_new(x->rules, x->fields, play_found, &x->hits);

	if (x->items)
		correlator_bound(c, x->items, x->groups, 4);
	return c;
}

static void run_init(struct run *x, const struct sigma_rules *rules)
{
	x->rules = rules;
	x->fields = make_fields(0);
	x->c = new_correlator(x);
}

static void run_fini(struct run *x)
{
	correlator_free(x->c);
	fields_free(x->fields);
	play_hits_free(&x->hits);
}

static void load_or_die(struct correlator *c, const struct bytes *b)
{
	struct error e = {""};
	uint8_t *copy = guard_copy(b->p, b->n);
	struct cursor in = cur_of(copy, b->n);

	cr_assert_eq(correlator_load(c, &in, &e), 0, "%s", e.text);
	cr_assert(!in.bad && cur_left(&in) == 0);
	guard_free(copy);
}

/* It goes on in a new one. */
static void cut(struct run *x, bool adopt)
{
	struct correlator *old = x->c;
	struct fields *fields = x->fields;
	struct bytes b, again;

	bytes_init(&b, MIB);
	bytes_init(&again, MIB);
	x->fields = make_fields(++x->generation);
	x->c = new_correlator(x);
	struct correlator_stats before = correlator_stats(old);
	correlator_save(old, &b);
	if (adopt)
		correlator_adopt(x->c, old);
	else
		load_or_die(x->c, &b);
	struct correlator_stats after = correlator_stats(x->c);
	cr_assert(before.items == after.items && before.groups == after.groups &&
		  before.evicted == after.evicted && before.no_number == after.no_number);
	correlator_save(x->c, &again);
	cr_assert(b.n == again.n, "%zu bytes, then %zu", b.n, again.n);
	cr_assert_eq(memcmp(b.p, again.p, b.n), 0);
	correlator_free(old);
	fields_free(fields);
	bytes_fini(&b);
	bytes_fini(&again);
}

static size_t compare(uint64_t seed)
{
	uint64_t r = seed * 77777 + 5, time = 1000;
	struct made made;
	struct run x = {0};
	struct play_hits model = {0};
	unsigned n = 1 + below(&r, 40), how = below(&r, 3);
	size_t hits = 0;

	made_init(&made, RULES, 1 + below(&r, 5), below(&r, 2), below, &r);
	run_init(&x, &made.rules);
	struct model *m = model_new(&made.rules);
	for (unsigned i = 0; i < n; i++) {
		struct play p = next_play(&r, i, &time, how);
		if (below(&r, 5) == 0)
			cut(&x, below(&r, 2));
		play_hits_clear(&x.hits);
		play_hits_clear(&model);
		play_take(x.c, x.fields, &p);
		model_take(m, &p, &model);
		hits += model.count;
		cr_assert(play_hits_equal(&x.hits, &model),
			  "seed %lu, match %u: %zu hits, wanted %zu", (unsigned long)seed, i,
			  x.hits.count, model.count);
	}
	model_free(m);
	run_fini(&x);
	made_fini(&made);
	play_hits_free(&model);
	return hits;
}

Test(correlate_state, cut_anywhere)
{
	size_t hits = 0;

	for (uint64_t seed = 1; seed <= 4000; seed++)
		hits += compare(seed);
	cr_expect_gt(hits, 20000);
}

/* Long, and within tight bounds: what is evicted next is the same as well. */
static size_t crowd(uint64_t seed)
{
	uint64_t r = seed * 33333 + 1, time = 1000;
	struct made made;
	struct run whole = {.items = 12, .groups = 3}, parts = whole;
	unsigned how = below(&r, 3);
	size_t hits = 0;

	made_init(&made, RULES, 1 + below(&r, 4), below(&r, 2), below, &r);
	run_init(&whole, &made.rules);
	run_init(&parts, &made.rules);
	for (unsigned i = 0; i < 300; i++) {
		struct play p = next_play(&r, i, &time, how);
		if (below(&r, 30) == 0)
			cut(&parts, below(&r, 2));
		play_hits_clear(&whole.hits);
		play_hits_clear(&parts.hits);
		play_take(whole.c, whole.fields, &p);
		play_take(parts.c, parts.fields, &p);
		hits += whole.hits.count;
		cr_assert(play_hits_equal(&whole.hits, &parts.hits), "seed %lu, match %u",
			  (unsigned long)seed, i);
		struct correlator_stats a = correlator_stats(whole.c);
		struct correlator_stats b = correlator_stats(parts.c);
		cr_assert(a.items == b.items && a.evicted == b.evicted && a.groups == b.groups,
			  "seed %lu, match %u", (unsigned long)seed, i);
	}
	run_fini(&whole);
	run_fini(&parts);
	made_fini(&made);
	return hits;
}

Test(correlate_state, cut_anywhere_within_tight_bounds)
{
	size_t hits = 0;

	for (uint64_t seed = 1; seed <= 400; seed++)
		hits += crowd(seed);
	cr_expect_gt(hits, 10000);
}

static struct bytes saved(const struct stage *s)
{
	struct bytes b;

	bytes_init(&b, 16 * MIB);
	correlator_save(s->correlator, &b);
	return b;
}

/* Another stage goes on with what this one holds. */
static void go_on(struct stage *to, struct stage *from, bool adopt)
{
	struct bytes b = saved(from);

	if (adopt)
		correlator_adopt(to->correlator, from->correlator);
	else
		load_or_die(to->correlator, &b);
	bytes_fini(&b);
}

static void set_up(struct stage *s)
{
	struct sigma_correlation *c = stage_init(s, CORRELATE_EVENT_COUNT);

	c->info.id = "first";
	stage_bound(c, BOUND_EQ, 1);
	c = stage_add(s, CORRELATE_VALUE_SUM);
	c->info.id = "second";
	stage_field(c, "n");
	stage_bound(c, BOUND_GTE, 10);
}

static void first_half(struct stage *s)
{
	set_up(s);
	stage_start(s);
	cr_assert_eq(stage_take(s, 0, 100 * S, "host=a n=6"), 1);
}

Test(correlate_state, known_again)
{
	for (int adopt = 0; adopt < 2; adopt++) {
		static struct stage a, b;
		first_half(&a);
		set_up(&b);
		stage_start(&b);
		go_on(&b, &a, adopt);
		cr_expect_eq(stage_take(&b, 0, 101 * S, "host=a n=5"), 1, "11 of 10");
		cr_expect_eq(b.hit[0].correlation, 1);
		cr_expect_eq(b.hit[0].first, 100 * S);
		cr_expect_eq(stage_take(&b, 0, 120 * S, "host=a n=5"), 1, "the first in a while");
		stage_end(&a);
		stage_end(&b);
	}
}

/* In another order, among others, with a lower level: still the same. */
Test(correlate_state, known_again_elsewhere)
{
	for (int adopt = 0; adopt < 2; adopt++) {
		static struct stage a, b;
		first_half(&a);
		set_up(&b);
		struct sigma_correlation one = b.correlation[0];
		b.correlation[0] = b.correlation[1];
		b.correlation[1] = one;
		b.correlation[1].silent = true;
		b.correlation[0].info.level = LEVEL_HIGH;
		struct sigma_correlation *c = stage_add(&b, CORRELATE_EVENT_COUNT);
		c->info.id = "third";
		stage_bound(c, BOUND_GTE, 1);
		stage_start(&b);
		go_on(&b, &a, adopt);
		cr_expect_eq(stage_take(&b, 0, 101 * S, "host=a n=5"), 2);
		cr_expect(b.hit[0].correlation + b.hit[1].correlation == 2, "the sum, and the new");
		stage_end(&a);
		stage_end(&b);
	}
}

static void change_nothing(struct stage *s)
{
	(void)s;
}

static void change_id(struct stage *s)
{
	s->correlation[1].info.id = "another";
}

static void change_type(struct stage *s)
{
	s->correlation[1].type = CORRELATE_VALUE_AVG;
	s->correlation[1].bound[0].value = 4;
}

static void change_span(struct stage *s)
{
	s->correlation[1].timespan++;
}

static void change_group(struct stage *s)
{
	s->correlation[1].group[0] = "host2";
}

static void change_alias(struct stage *s)
{
	static const char *field[1][CORRELATION_GROUP_MAX] = {{"host2"}};

	s->correlation[1].group_field = field;
}

static void change_field_alias(struct stage *s)
{
	static const char *field[1][CORRELATION_FIELDS_MAX] = {{"host2"}};

	s->correlation[1].counted_field = field;
}

static void change_groups(struct stage *s)
{
	s->correlation[1].group_count = 0;
}

static void change_field(struct stage *s)
{
	s->correlation[1].field[0] = "host2";
}

static void change_bound(struct stage *s)
{
	s->correlation[1].bound[0].value = 11;
}

static void change_kind(struct stage *s)
{
	s->correlation[1].bound[0].kind = BOUND_GT;
}

static void change_rule(struct stage *s)
{
	s->rule[0].info.id = "r9";
}

static void change_rules(struct stage *s)
{
	s->correlation[1].ref[1] = (struct sigma_ref){.number = 1};
	s->correlation[1].ref_count = 2;
}

static void change_all(struct stage *s)
{
	s->rules.correlation_count = 0;
}

Test(correlate_state, what_changed_starts_anew)
{
	static void (*const change[])(struct stage *) = {
		change_nothing, change_id,    change_type,  change_span,  change_group,
		change_alias,	change_groups, change_field, change_bound, change_kind,
		change_rule,	change_rules, change_all,	 change_field_alias,
	};

	for (size_t i = 0; i < sizeof change / sizeof *change; i++)
		for (int adopt = 0; adopt < 2; adopt++) {
			static struct stage a, b;
			first_half(&a);
			set_up(&b);
			change[i](&b);
			stage_start(&b);
			go_on(&b, &a, adopt);
			bool anew = change[i] == change_rule, none = change[i] == change_all;
			cr_expect_eq(correlator_stats(b.correlator).items,
				     none || anew      ? 0u
				     : i == 0 ? 2u
					      : 1u,
				     "change %zu", i);
			stage_end(&a);
			stage_end(&b);
		}
}

Test(correlate_state, a_chain_knows_what_it_stands_on)
{
	for (int changed = 0; changed < 2; changed++)
		for (int adopt = 0; adopt < 2; adopt++) {
			static struct stage s[2];
			for (int i = 0; i < 2; i++) {
				struct sigma_correlation *c =
					stage_init(&s[i], CORRELATE_EVENT_COUNT);
				stage_bound(c, BOUND_GTE, i && changed ? 2 : 1);
				c = stage_add(&s[i], CORRELATE_EVENT_COUNT);
				stage_bound(c, BOUND_GTE, 3);
				c->ref[0] = (struct sigma_ref){.correlation = true};
				stage_start(&s[i]);
			}
			cr_assert_eq(stage_take(&s[0], 0, 100 * S, "host=a"), 1);
			go_on(&s[1], &s[0], adopt);
			cr_expect_eq(correlator_stats(s[1].correlator).items, changed ? 0u : 2u);
			stage_end(&s[0]);
			stage_end(&s[1]);
		}
}

/* Smaller bounds: who was heard of last stays. */
Test(correlate_state, what_does_not_fit)
{
	static struct stage a, b;

	for (int adopt = 0; adopt < 2; adopt++) {
		stage_bound(stage_init(&a, CORRELATE_EVENT_COUNT), BOUND_GTE, 4);
		stage_bound(stage_init(&b, CORRELATE_EVENT_COUNT), BOUND_GTE, 4);
		stage_start(&a);
		stage_start(&b);
		correlator_bound(b.correlator, 6, 100, 1000);
		for (unsigned i = 0; i < 3; i++) {
			stage_take(&a, 0, 100 * S, "host=a");
			stage_take(&a, 0, 100 * S, "host=b");
			stage_take(&a, 0, 100 * S, "host=c");
		}
		go_on(&b, &a, adopt);
		struct correlator_stats s = correlator_stats(b.correlator);
		cr_expect_eq(s.items, adopt ? 9u : 6u, "what is in memory already stays");
		cr_expect_eq(s.evicted, adopt ? 0u : 3u);
		cr_expect_eq(stage_take(&b, 0, 100 * S, "host=c"), 4);
		cr_expect_eq(stage_take(&b, 0, 100 * S, "host=b"), 4);
		cr_expect_eq(stage_take(&b, 0, 100 * S, "host=a"), 0, "that one had to go");
		/* and it does not grow beyond */
		for (unsigned i = 0; i < 100; i++)
			stage_take(&b, 0, 100 * S, "host=c");
		cr_expect_leq(correlator_stats(b.correlator).items, 10);
		stage_end(&a);
		stage_end(&b);
	}
}

/* Whatever the bytes, it refuses or takes them, and lives on. */
Test(correlate_state, damage)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		uint64_t r = seed, time = 1000;
		struct made made;
		struct run x = {0};
		struct bytes b;
		made_init(&made, RULES, 3, false, below, &r);
		run_init(&x, &made.rules);
		for (unsigned i = 0; i < 12; i++) {
			struct play p = next_play(&r, i, &time, 1);
			play_take(x.c, x.fields, &p);
		}
		bytes_init(&b, MIB);
		correlator_save(x.c, &b);
		for (size_t n = 0; n < b.n; n++) {
			struct error e;
			uint8_t was = b.p[n];
			bool cut_short = below(&r, 2);
			b.p[n] ^= (uint8_t)(1 + below(&r, 255));
			uint8_t *copy = guard_copy(b.p, cut_short ? n : b.n);
			struct cursor in = cur_of(copy, cut_short ? n : b.n);
			correlator_forget(x.c);
			int result = correlator_load(x.c, &in, &e);
			cr_expect(!cut_short || result == -1);
			if (result)
				correlator_forget(x.c);
			for (unsigned i = 0; i < 3; i++) {
				struct play p = next_play(&r, i, &time, 1);
				play_take(x.c, x.fields, &p);
			}
			b.p[n] = was;
			guard_free(copy);
		}
		run_fini(&x);
		made_fini(&made);
		bytes_fini(&b);
	}
}
