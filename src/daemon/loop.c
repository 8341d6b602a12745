#include "daemon/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/limits.h"

struct loop_message {
	struct loop_message *next;
	loop_run *run;
	void *context;
	struct call *call; /* NULL: nobody waits */
};

/* Somebody waits; it lives on that one's stack, guarded by the loop's lock. */
struct call {
	pthread_cond_t done;
	enum { CALL_WAITS, CALL_RUNS, CALL_DONE } state;
};

static void take_all(struct loop *l)
{
	for (;;) {
		pthread_mutex_lock(&l->lock);
		struct loop_message *m = l->first;
		if (m) {
			l->first = m->next;
			if (!l->first)
				l->last = &l->first;
			if (m->call)
				m->call->state = CALL_RUNS;
		}
		pthread_mutex_unlock(&l->lock);
		if (!m)
			return;
		m->run(m->context);
		if (m->call) {
			pthread_mutex_lock(&l->lock);
			m->call->state = CALL_DONE;
			pthread_cond_signal(&m->call->done);
			pthread_mutex_unlock(&l->lock);
		}
		free(m);
	}
}

static void woken(evutil_socket_t fd, short what, void *context)
{
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof n) < 0)
		return; /* somebody else's wake-up was taken with the one before */
	take_all(context);
}

static void beat(evutil_socket_t fd, short what, void *context)
{
	struct loop *l = context;

	(void)fd;
	(void)what;
	l->beats++;
}

/* What libevent would print. It hands no context over, and seldom has anything to say. */
static void complain(int severity, const char *text)
{
	struct log log;

	log_init(&log, LOG_LEVEL_INFO);
	if (severity >= EVENT_LOG_WARN)
		log_say(&log, severity > EVENT_LOG_WARN ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			"libevent: %s", text);
}

int loop_init(struct loop *l, struct error *e)
{
	static const struct timeval second = {.tv_sec = 1};

	*l = (struct loop){.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	l->last = &l->first;
	pthread_mutex_init(&l->lock, NULL);
	/* few of libevent's callers could go on without memory, evhttp could not */
	event_set_mem_functions(mem_alloc, mem_resize, free);
	event_set_log_callback(complain);
	l->base = event_base_new();
	if (l->wake < 0 || !l->base)
		return error_set(e, "no event loop: %s", strerror(errno));
	l->woken = event_new(l->base, l->wake, EV_READ | EV_PERSIST, woken, l);
	l->beat = event_new(l->base, -1, EV_PERSIST, beat, l);
	if (!l->woken || !l->beat || event_add(l->woken, NULL) || event_add(l->beat, &second))
		return error_set(e, "no event loop: %s", strerror(errno));
	return 0;
}

static void *thread_main(void *context)
{
	struct loop *l = context;

	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

int loop_start(struct loop *l, const char *name, int cpu, struct error *e)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&l->thread, NULL, thread_main, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return error_set(e, "no thread for %s: %s", name, strerror(failed));
	l->started = true;
	pthread_setname_np(l->thread, name);
	if (cpu >= 0) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET((unsigned)cpu, &set);
		failed = pthread_setaffinity_np(l->thread, sizeof set, &set);
		if (failed)
			return error_set(e, "%s cannot be bound to CPU %d: %s", name, cpu,
					 strerror(failed));
	}
	return 0;
}

void loop_here(struct loop *l)
{
	thread_main(l);
}

void loop_leave(struct loop *l)
{
	event_base_loopbreak(l->base);
}

/* NULL: it is a call, and the loop has ended. */
static struct loop_message *post(struct loop *l, loop_run *run, void *context, struct call *call)
{
	struct loop_message *m = mem_zalloc(sizeof *m);
	uint64_t one = 1;

	m->run = run;
	m->context = context;
	m->call = call;
	pthread_mutex_lock(&l->lock);
	bool refused = call && l->ended;
	if (!refused) {
		*l->last = m;
		l->last = &m->next;
	}
	pthread_mutex_unlock(&l->lock);
	if (refused) {
		free(m);
		return NULL;
	}
	/* a full counter wakes as well */
	if (write(l->wake, &one, sizeof one) < 0)
		return m;
	return m;
}

void loop_post(struct loop *l, loop_run *run, void *context)
{
	post(l, run, context, NULL);
}

/* Takes back what has not begun. */
static void withdraw(struct loop *l, struct loop_message *m)
{
	struct loop_message **at = &l->first;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (l->last == &m->next)
		l->last = at;
	free(m);
}

bool loop_call(struct loop *l, loop_run *run, void *context, uint64_t wait)
{
	struct call c = {.state = CALL_WAITS};
	struct timespec until;
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&c.done, &attributes);
	pthread_condattr_destroy(&attributes);
	clock_gettime(CLOCK_MONOTONIC, &until);
	wait += (uint64_t)until.tv_nsec;
	until.tv_sec += (time_t)(wait / NS_PER_S);
	until.tv_nsec = (long)(wait % NS_PER_S);

	struct loop_message *m = post(l, run, context, &c);
	pthread_mutex_lock(&l->lock);
	while (m && c.state == CALL_WAITS)
		if (pthread_cond_timedwait(&c.done, &l->lock, &until) && c.state == CALL_WAITS)
			break;
	if (m && c.state == CALL_WAITS)
		withdraw(l, m);
	while (c.state == CALL_RUNS)
		pthread_cond_wait(&c.done, &l->lock);
	pthread_mutex_unlock(&l->lock);
	pthread_cond_destroy(&c.done);
	return c.state == CALL_DONE;
}

static void end(void *context)
{
	struct loop *l = context;

	event_base_loopbreak(l->base);
}

void loop_stop(struct loop *l)
{
	if (!l->base)
		return;
	if (l->started) {
		loop_post(l, end, l);
		pthread_join(l->thread, NULL);
		l->started = false;
	}
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_mutex_unlock(&l->lock);
	take_all(l);
}

void loop_fini(struct loop *l)
{
	if (!l->base)
		return;
	take_all(l);
	if (l->woken)
		event_free(l->woken);
	if (l->beat)
		event_free(l->beat);
	event_base_free(l->base);
	if (l->wake >= 0)
		close(l->wake);
	pthread_mutex_destroy(&l->lock);
}
