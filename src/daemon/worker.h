/* One thread on the packet path: its members of the interfaces, a sensor, and the pipe to the
 * analyst. It shares nothing with the other workers. */
#ifndef EGRET_DAEMON_WORKER_H
#define EGRET_DAEMON_WORKER_H

#include <pthread.h>

#include "capture/live.h"
#include "core/stats.h"
#include "daemon/loop.h"
#include "daemon/overview.h"
#include "daemon/pipe.h"

struct worker;

struct worker_options {
	unsigned number;
	int cpu; /* -1: any */
	uint32_t flows_max;
	uint32_t ring; /* bytes of records on their way, a power of two */
	bool rare_dns; /* see sensor_settings */
	/* Its member of an interface, which had this live_index, gives nothing any more. In the
	 * worker's thread. */
	void (*gone)(void *context, unsigned interface, unsigned index, const char *why);
	void *context;
};

struct worker *worker_new(const struct worker_options *o, struct error *e);
/* 0, or -1 and an error. */
int worker_start(struct worker *w, struct error *e);
/* Its flows end and are told, its pipe's mark goes to the end, the thread ends, interfaces are
 * closed. */
void worker_stop(struct worker *w);
void worker_free(struct worker *w);
/* The memory that one takes, its sensor and its members of interfaces aside. */
size_t worker_memory(uint32_t ring);

struct pipe *worker_pipe(struct worker *w);

/* These may be called from any thread, at any time between new and free. */

/* Takes its member of an interface over; NULL takes it away. */
void worker_give(struct worker *w, unsigned interface, struct live *member);
void worker_set_rare_dns(struct worker *w, bool wanted);

/* What it says of itself; at most a second old. */
struct worker_view {
	struct stats stats;
	struct live_counts interface[OVERVIEW_INTERFACES_MAX]; /* over all times it was opened */
	uint64_t lost[RECORD_KINDS], put_off, records;
	uint64_t mark;
	size_t ring_used, ring_size;
};
void worker_look(struct worker *w, struct worker_view *out);
/* Grows while it makes progress. */
uint64_t worker_beats(const struct worker *w);

#endif
