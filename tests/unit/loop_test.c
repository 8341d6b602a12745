#include <criterion/criterion.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/limits.h"
#include "daemon/loop.h"

struct sums {
	unsigned order[100], n;
	_Atomic bool hold;
};

struct one {
	struct sums *s;
	unsigned number;
};

static void note(void *context)
{
	struct one *o = context;

	o->s->order[o->s->n++] = o->number;
}

static void hold(void *context)
{
	struct sums *s = context;

	while (s->hold)
		usleep(1000);
}

Test(loop, runs_what_is_posted_in_order)
{
	struct loop l;
	struct error e;
	struct sums s = {0};
	struct one one[100];

	cr_assert_eq(loop_init(&l, &e), 0);
	cr_assert_eq(loop_start(&l, "test", -1, &e), 0);
	for (unsigned i = 0; i < 99; i++) {
		one[i] = (struct one){&s, i};
		loop_post(&l, note, &one[i]);
	}
	one[99] = (struct one){&s, 99};
	cr_expect(loop_call(&l, note, &one[99], NS_PER_S));
	cr_assert_eq(s.n, 100);
	for (unsigned i = 0; i < 100; i++)
		cr_expect_eq(s.order[i], i);
	loop_stop(&l);
	loop_fini(&l);
}

Test(loop, a_call_that_has_not_begun_in_time_never_does)
{
	struct loop l;
	struct error e;
	struct sums s = {.hold = true};
	struct one late = {&s, 1}, after = {&s, 2};

	cr_assert_eq(loop_init(&l, &e), 0);
	cr_assert_eq(loop_start(&l, "test", -1, &e), 0);
	loop_post(&l, hold, &s);
	cr_expect_not(loop_call(&l, note, &late, 20 * NS_PER_MS));
	s.hold = false;
	cr_expect(loop_call(&l, note, &after, NS_PER_S));
	cr_expect_eq(s.n, 1);
	cr_expect_eq(s.order[0], 2);
	loop_stop(&l);
	loop_fini(&l);
}

/* However long it would wait for an answer. */
Test(loop, a_loop_that_has_ended_takes_no_calls)
{
	struct loop l;
	struct error e;
	struct sums s = {0};
	struct one one = {&s, 5};

	cr_assert_eq(loop_init(&l, &e), 0);
	cr_assert_eq(loop_start(&l, "test", -1, &e), 0);
	loop_stop(&l);
	uint64_t begun = clock_steady();
	cr_expect_not(loop_call(&l, note, &one, 5 * NS_PER_S));
	cr_expect_lt(clock_steady() - begun, NS_PER_S);
	loop_fini(&l);
	cr_expect_eq(s.n, 0);
}

Test(loop, what_was_posted_to_a_loop_that_never_ran_is_run_when_it_is_stopped)
{
	struct loop l;
	struct error e;
	struct sums s = {0};
	struct one one = {&s, 5};

	cr_assert_eq(loop_init(&l, &e), 0);
	loop_post(&l, note, &one);
	loop_stop(&l);
	cr_expect_eq(s.n, 1);
	loop_fini(&l);
}

Test(loop, what_was_posted_to_a_loop_that_has_ended_is_run_by_fini)
{
	struct loop l;
	struct error e;
	struct sums s = {0};
	struct one one = {&s, 5};

	cr_assert_eq(loop_init(&l, &e), 0);
	cr_assert_eq(loop_start(&l, "test", -1, &e), 0);
	loop_stop(&l);
	loop_post(&l, note, &one);
	loop_fini(&l);
	cr_expect_eq(s.n, 1);
}

Test(loop, beats_while_it_runs)
{
	struct loop l;
	struct error e;

	cr_assert_eq(loop_init(&l, &e), 0);
	cr_assert_eq(loop_start(&l, "test", -1, &e), 0);
	for (int i = 0; i < 50 && !l.beats; i++)
		usleep(100000);
	cr_expect_gt(l.beats, 0);
	loop_stop(&l);
	loop_fini(&l);
}
