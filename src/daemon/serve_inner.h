/* The inside of the daemon, for its own files. The control thread's, unless said otherwise. */
#ifndef EGRET_DAEMON_SERVE_INNER_H
#define EGRET_DAEMON_SERVE_INNER_H

#include "base/log.h"
#include "daemon/analysis.h"
#include "daemon/command.h"
#include "daemon/config.h"
#include "daemon/links.h"
#include "daemon/loop.h"
#include "daemon/metrics.h"
#include "daemon/overview.h"
#include "daemon/sandbox.h"
#include "daemon/worker.h"
#include "output/outlet.h"

#define SERVE_PATHS_MAX 64
#define SERVE_SIGNALS	4
#define SERVE_EVENTS	(SERVE_SIGNALS + 2)

/* Who is told when something is done. */
struct waiter {
	command_told *told;
	void *arg;
};

/* Where lines go. */
struct serve_outlets {
	struct outlet *all[OVERVIEW_OUTLETS_MAX];
	const char *name[OVERVIEW_OUTLETS_MAX];
	bool file[OVERVIEW_OUTLETS_MAX];
	unsigned count;
	struct outlet *findings[ANALYSIS_OUTLETS_MAX], *records[ANALYSIS_OUTLETS_MAX];
	unsigned finding_count, record_count;
	/* a reopening that goes on */
	struct event *look;		       /* NULL: nobody has waited for one yet */
	uint64_t since;			       /* monotonic clock, ns */
	uint64_t errors[OVERVIEW_OUTLETS_MAX]; /* before it */
	struct waiter waiting[CONTROL_CLIENTS_MAX];
	unsigned waiters;
};

/* What is known of the present generation and of the last try for another one. */
struct serve_reload {
	bool running, again; /* again: it was asked for while one ran */
	uint64_t generation, loaded, failures;
	char problem[256]; /* "": the last one went well */
	size_t refused;	   /* rules left out of the present one */
	/* who is told how the one that runs ends, and the one after it */
	struct waiter waiting[2][CONTROL_CLIENTS_MAX];
	unsigned waiters[2];
};

struct serve {
	const struct options *o;
	struct config config; /* of the start: what a reload does not change */
	struct log log;
	uint64_t started;      /* wall clock, ns */
	uint64_t memory_bound; /* bytes */
	struct loop control, background;
	struct worker *worker[OVERVIEW_WORKERS_MAX];
	struct pipe *pipe[OVERVIEW_WORKERS_MAX];
	unsigned workers;
	struct analysis *analysis;
	struct links links;
	const char *interface[OVERVIEW_INTERFACES_MAX];
	unsigned interfaces;
	struct serve_outlets outlets;
	struct serve_reload reload;
	struct command_env env;
	struct control *socket;		   /* NULL: none */
	struct metrics *metrics;	   /* NULL: none */
	struct overview *counted;	   /* at the last stats record */
	struct event *event[SERVE_EVENTS]; /* signals and timers */
	/* what the sandbox was entered with */
	struct sandbox_options sandbox;
	struct sandbox_state confined;
	const char *read[SERVE_PATHS_MAX], *write[SERVE_PATHS_MAX];
	/* for the watchdog: beats seen last */
	uint64_t beats[OVERVIEW_WORKERS_MAX + 1];
	uint64_t alive; /* when all had moved, monotonic ns */
	/* for losses: counts seen last */
	uint64_t received, lost, looked;
	bool failed, stopping;
};

/* serve_outlets.c */
int serve_open_outlets(struct serve *s, struct error *e);
/* `context` is the daemon; `told`, which may be NULL, hears when lines go to the new files. */
void serve_reopen(void *context, command_told *told, void *arg);
/* Lines that were lost at the end. */
uint64_t serve_close_outlets(struct serve *s);

/* serve_control.c */
int serve_open_control(struct serve *s, struct error *e);
void serve_close_control(struct serve *s);
/* What was counted since the last time, as a record. */
void serve_put_stats(struct serve *s);

/* serve_reload.c */
/* `context` is the daemon; `told` may be NULL. */
void serve_reload(void *context, command_told *told, void *arg);
/* The first one. */
int serve_load(struct serve *s, struct generation *g, struct error *e);

/* serve_watch.c: once a second */
void serve_tick(struct serve *s);
/* NULL: it does what it should; else what is wrong. */
const char *serve_problem(const struct serve *s);
void serve_overview(struct serve *s, struct overview *out);

#endif
