/* What the parts of an outlet share: outlet.c has the queue and the thread, and one part a kind
 * writes. All functions of a part run in the writer's thread, but for `open`. */
#ifndef EGRET_OUTPUT_OUTLET_INNER_H
#define EGRET_OUTPUT_OUTLET_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "output/line_ring.h"
#include "output/outlet.h"

enum outlet_step {
	STEP_EMPTY,  /* nothing waits, and all is well */
	STEP_MORE,   /* some was written */
	STEP_FULL,   /* nothing is taken now: wait for wait_fd, or (-1) a little */
	STEP_FAILED, /* what outlet_fail returns */
};

struct outlet_part {
	bool noted; /* the queue holds entries (output/outlet_entry.h), not bare lines */
	/* Sets o->state. -1 and an error: as outlet_open. */
	int (*open)(struct outlet *o, const struct outlet_options *options, struct error *e);
	/* Writes some of the queue and takes it out. With an empty one: makes sure that it could.
	 */
	enum outlet_step (*write)(struct outlet *o);
	void (*close)(struct outlet *o); /* frees o->state */
};

extern const struct outlet_part outlet_file, outlet_stdout, outlet_syslog, outlet_journal;

struct outlet {
	/* the queue's ends have cache lines of their own */
	struct line_ring ring;
	const struct outlet_part *part;
	void *state;
	struct outlet_options options; /* name and target are ours */
	uint64_t wake_bytes;	       /* so many are worth waking the writer early */
	int wake;		       /* an eventfd */
	int wait_fd;		       /* of STEP_FULL */
	pthread_t thread;

	_Atomic int sleep; /* enum in outlet.c */
	_Atomic bool closing, reopen, failing;
	_Atomic bool left; /* set by the thread when it ends, by outlet_close when it waits no
			      longer: the second one frees */
	_Atomic uint64_t deadline; /* when closing */
	_Atomic uint64_t put, dropped, lines, bytes, errors;

	pthread_mutex_t lock; /* of these two */
	uint64_t reopen_at;   /* the queue's position then */
	char problem[OUTLET_PROBLEM_MAX];

	pthread_mutex_t telling; /* problem() runs under it */
	bool silent;		 /* nobody listens any more */
	uint64_t told;		 /* when a problem was told last; 0: never */
	char told_text[128];

	/* the writer's own */
	uint64_t failing_since, full_since;
	uint64_t lost_told, lost_when; /* lines lost that were told of, and when */
	uint64_t lost_before;	       /* this failure */
	bool failure_told;
};

/* Counts an error and tells of it; the outlet goes on. Any thread. */
void outlet_trouble(struct outlet *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, and the outlet is failing: told once until it works again. Returns STEP_FAILED. */
enum outlet_step outlet_fail(struct outlet *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Takes the queue up to there. */
void outlet_wrote(struct outlet *o, uint64_t to, uint64_t lines, uint64_t bytes);

/* Waits for fd (poll events), for at most ns and no longer than until the outlet closes or
 * is asked for something. True when fd is ready. */
bool outlet_pause(struct outlet *o, int fd, short events, uint64_t ns);

/* A reopening was asked for, at this position of the queue. */
bool outlet_reopen_asked(struct outlet *o, uint64_t *at);
/* Before opening, so that a request that comes while it is opened is one of its own. */
void outlet_reopen_taken(struct outlet *o);

#endif
