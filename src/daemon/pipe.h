/* The way of records from one worker to the analyst: a ring with rules for when it fills up, and a
 * low-water mark.
 *
 * What is given up, in this order: updates of running connections are put off (their bytes stay
 * with the connection and come later) when half of it is full; then dns, tls, quic and http records
 * at three quarters; conn records when nothing fits any more. The bytes that those would have told
 * go to a total of the client, which is reported when there is room again. */
#ifndef EGRET_DAEMON_PIPE_H
#define EGRET_DAEMON_PIPE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/ring.h"
#include "core/record.h"

#define PIPE_CLIENTS 256 /* told apart among those who lost bytes */

/* Bytes of connections whose last record was lost. */
struct pipe_loss {
	struct addr client; /* zero: of several */
	uint64_t up, down, records;
};

struct pipe {
	struct ring ring;
	/* No record that comes later has an earlier time; UINT64_MAX: none will come. */
	_Alignas(64) _Atomic uint64_t mark;
	/* the worker's; copied to where others may look by worker.c */
	uint64_t lost[RECORD_KINDS], put_off, records;
	struct pipe_loss loss[PIPE_CLIENTS + 1]; /* the last one: of all that did not fit */
	unsigned losses;
	unsigned patience; /* ms that may still be spent waiting for room: at the end of a run */
};

/* `size`: bytes, a power of two. */
void pipe_init(struct pipe *p, uint32_t size);
void pipe_fini(struct pipe *p);
/* The size next above that. */
uint32_t pipe_size(uint64_t wanted);

/* For the worker: the sink of its sensor. */
struct record_sink pipe_sink(struct pipe *p);
/* What was lost is told, if there is room; then the mark moves. */
void pipe_mark(struct pipe *p, uint64_t time);

/* For the analyst. */
enum pipe_kind { PIPE_NOTHING, PIPE_RECORD, PIPE_LOSS };
struct pipe_message {
	enum pipe_kind kind;
	union {
		const struct record *record;
		const struct pipe_loss *loss;
	};
};
/* The oldest message, the same until it is popped. */
struct pipe_message pipe_peek(struct pipe *p);
void pipe_pop(struct pipe *p);

#endif
