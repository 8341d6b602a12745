#include <criterion/criterion.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "daemon/errand.h"

struct one {
	pthread_t ran_in;
	unsigned ran, done;
	bool told_ran;
};

struct other {
	struct errands *errands;
	_Atomic bool stop;
	_Atomic unsigned woken;
};

static void fn(void *arg, struct analyst *a)
{
	struct one *o = arg;

	cr_expect_eq((void *)a, (void *)&fn);
	o->ran++;
	o->ran_in = pthread_self();
}

static void done(void *arg, bool ran)
{
	struct one *o = arg;

	o->done++;
	o->told_ran = ran;
}

static void *analyst_thread(void *arg)
{
	struct other *o = arg;

	while (!o->stop)
		errands_run(o->errands, (struct analyst *)(void *)&fn);
	return NULL;
}

static void wake(void *context)
{
	((struct other *)context)->woken++;
}

Test(errand, runs_there_and_is_told_here)
{
	enum { MANY = 2000 };
	static struct one ones[MANY], last;
	struct other o = {0};
	struct event_base *base = event_base_new();
	struct error e;
	pthread_t t;

	alarm(60);
	o.errands = errands_new(base, wake, &o, &e);
	pthread_create(&t, NULL, analyst_thread, &o);
	for (unsigned i = 0; i < MANY; i++) {
		errands_ask(o.errands, fn, done, &ones[i]);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	while (!ones[MANY - 1].done)
		event_base_loop(base, EVLOOP_ONCE);
	for (unsigned i = 0; i < MANY; i++) {
		cr_expect_eq(ones[i].ran, 1);
		cr_expect_eq(ones[i].done, 1);
		cr_expect(ones[i].told_ran);
		cr_expect(pthread_equal(ones[i].ran_in, t));
	}
	cr_expect_eq(o.woken, MANY);
	o.stop = true;
	pthread_join(t, NULL);
	errands_ask(o.errands, fn, done, &last);
	errands_free(o.errands);
	cr_expect_eq(last.ran, 0);
	cr_expect_eq(last.done, 1, "who waits at the end is told");
	cr_expect_not(last.told_ran);
	event_base_free(base);
}
