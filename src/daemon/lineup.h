/* Records of several workers in one order: of their time, dns before the rest, then by flow. */
#ifndef EGRET_DAEMON_LINEUP_H
#define EGRET_DAEMON_LINEUP_H

#include <stdint.h>

#include "daemon/pipe.h"

struct lineup {
	struct pipe **pipe; /* the owner's */
	unsigned count;
	uint64_t last; /* time of the record given last */
	uint64_t late; /* records that came after later ones had been given */
	unsigned from; /* the pipe of the message given last */
	/* Of each pipe, what is known without looking: its oldest message, or how far it has come.
	 */
	struct lineup_head {
		struct pipe_message m; /* PIPE_NOTHING: to be looked at */
		uint64_t mark;
	} * head;
};

/* `pipe` has `count` entries and outlives it. */
void lineup_init(struct lineup *o, struct pipe **pipe, unsigned count);
void lineup_fini(struct lineup *o);

/* The next message, valid until lineup_next is called again; PIPE_NOTHING: none can be given yet,
 * because a worker may still come with an earlier one. Losses come as soon as they are at the head
 * of their ring. */
struct pipe_message lineup_next(struct lineup *o);

/* Every worker has come this far (UINT64_MAX: all are done). */
uint64_t lineup_mark(const struct lineup *o);

#endif
