/* Conversations: messages both ways, sent as packets in the order of time beside all others. */
#ifndef EGRET_BENCH_GEN_FLOW_H
#define EGRET_BENCH_GEN_FLOW_H

#include <stdint.h>

#include "gen_packet.h"

enum content {
	CONTENT_GIVEN, /* these bytes */
	CONTENT_TLS,   /* TLS records of random bytes */
	CONTENT_RANDOM,
};

enum flow_end { FLOW_FIN, FLOW_RST, FLOW_OPEN };

#define FLOW_MESSAGES 40

struct message {
	enum way way;
	enum content content;
	uint32_t n;
	uint8_t *given;
};

struct flow {
	uint64_t time; /* of its next packet, µs */
	struct ends ends;
	int udp, resends; /* now and then a segment twice */
	enum flow_end end;
	uint32_t gap, round_trip; /* mean time between packets of a side, and for an answer; µs */
	uint32_t seq[2], clock;	  /* next sequence numbers; of TCP time stamps */
	uint64_t payload[2];	  /* by way */
	struct message messages[FLOW_MESSAGES];
	unsigned count;
	/* where it is */
	unsigned phase, message, offset;
	unsigned unacked;
	enum way acks; /* who has to */
	uint32_t clock_seen[2];
};

/* On the heap, with no messages, at this time, between two ends. */
struct flow *flow_new(uint64_t time, const struct ends *e, int udp);
void flow_say(struct flow *f, enum way way, const void *data, uint32_t n);
void flow_fill(struct flow *f, enum way way, enum content content, uint32_t n);
/* From here on its packets come when it is time. */
void flow_start(struct flow *f);

/* Sends what is due up to and with this time; and all there is. */
void flows_run(uint64_t until);
void flows_finish(void);

#endif
