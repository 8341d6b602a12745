/* A thread with an event loop and a mailbox: how the daemon's threads speak to each other off the
 * packet path. */
#ifndef EGRET_DAEMON_LOOP_H
#define EGRET_DAEMON_LOOP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct event_base;
struct event;
struct loop_message;

struct loop {
	struct event_base *base;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	struct loop_message *first, **last;
	bool ended; /* nobody takes calls any more; under the lock */
	int wake;   /* eventfd */
	struct event *woken, *beat;
	_Atomic uint64_t beats; /* grows while the loop runs: what a watchdog looks at */
};

typedef void loop_run(void *context);

/* Makes the loop, whose thread does not run yet: events may be added to `base`. */
int loop_init(struct loop *l, struct error *e);
/* Runs the loop in a thread of its own. `name`: at most 15 characters. `cpu`: to be bound to it,
 * -1: to none. All signals are blocked in it. */
int loop_start(struct loop *l, const char *name, int cpu, struct error *e);
/* The same in the thread that calls: returns after loop_leave. */
void loop_here(struct loop *l);
/* From within the loop: it ends. */
void loop_leave(struct loop *l);
/* Has `run` called in the loop's thread, after all that was posted before. From any thread. */
void loop_post(struct loop *l, loop_run *run, void *context);
/* The same, and waits until it is done; false when it had not begun within `wait` ns or the loop
 * has ended, and then it never will. Not from the loop's own thread. */
bool loop_call(struct loop *l, loop_run *run, void *context, uint64_t wait);
/* The loop ends after what was posted; waits for its thread, if it runs. What was posted meanwhile
 * is run in the caller's. */
void loop_stop(struct loop *l);
/* What is still in the mailbox is run here and now. Of a zeroed one: nothing. */
void loop_fini(struct loop *l);

#endif
