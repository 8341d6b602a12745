/* The interfaces that are captured on: opened for all workers, opened again when they come back,
 * and watched for silence. Belongs to the control thread. */
#ifndef EGRET_DAEMON_LINKS_H
#define EGRET_DAEMON_LINKS_H

#include "base/log.h"
#include "capture/live.h"
#include "daemon/overview.h"
#include "daemon/worker.h"

struct links_options {
	const char *const *names;      /* outlive it */
	unsigned count;		       /* at most OVERVIEW_INTERFACES_MAX */
	struct live_options live;      /* but interface, members, number */
	struct worker *const *workers; /* outlive it */
	unsigned worker_count;
	struct log *log;
};

struct links {
	struct links_options o;
	struct link {
		bool open, quiet;
		bool told;		/* that it cannot be opened */
		unsigned index;		/* its number in the network namespace */
		char name[IF_NAMESIZE]; /* now */
		uint64_t reopened;
		uint64_t received,
			busy;	 /* seen a second ago; packets a second, smoothed, times 1024 */
		unsigned silent; /* seconds without a packet */
	} link[OVERVIEW_INTERFACES_MAX];
};

/* Opens all and gives them to the workers, which need not run yet. -1 and an error when one cannot
 * be opened. */
int links_open(struct links *l, const struct links_options *o, struct error *e);
/* A worker's member of an interface, which had this live_index, has ended. */
void links_gone(struct links *l, unsigned number, unsigned index, const char *why);
/* Once a second; `counts`: what all workers together have seen of each interface. */
void links_tick(struct links *l, const struct live_counts counts[OVERVIEW_INTERFACES_MAX]);
/* Whether all are open and none is silent; else what is wrong. */
const char *links_problem(const struct links *l);

#endif
