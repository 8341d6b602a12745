/* What the control thread has the analyst do: questions whose answers only the analyst's thread can
 * give. The control thread never waits for it. */
#ifndef EGRET_DAEMON_ERRAND_H
#define EGRET_DAEMON_ERRAND_H

#include <stdbool.h>

#include "base/error.h"

struct analyst;
struct errands;
struct event_base;

/* In the analyst's thread. */
typedef void errand_fn(void *arg, struct analyst *a);
/* In the control thread, once for each errand. ran false: the analyst has ended, fn was not called. */
typedef void errand_done(void *arg, bool ran);

/* `wake` (may be NULL) is called when there is something to run, in the control thread. NULL and an
 * error when the system has no descriptor left. */
struct errands *errands_new(struct event_base *base, void (*wake)(void *context), void *context,
			    struct error *e);
/* After the analyst's thread has ended; those that still wait are told so. */
void errands_free(struct errands *s);

/* In the control thread. arg has to live until done. */
void errands_ask(struct errands *s, errand_fn *fn, errand_done *done, void *arg);

/* In the analyst's thread, between two batches: runs what waits. Costs one load when nothing does. */
void errands_run(struct errands *s, struct analyst *a);

#endif
