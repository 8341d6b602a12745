/* TCP packets of one connection for the tests of flows: an upload as a kernel would send it, and
 * the views of it that a sensor may get. */
#ifndef EGRET_TESTS_TRAFFIC_H
#define EGRET_TESTS_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/packet.h"
#include "flow/table.h"

struct traffic {
	struct packet *packets;
	size_t count, room;
	uint64_t time;
	uint32_t random;
};

struct traffic *traffic_new(void);
void traffic_free(struct traffic *t);
uint32_t traffic_random(struct traffic *t, uint32_t below);

/* Appends a packet of the client (or the server) 10 µs after the one before. */
struct packet *traffic_add(struct traffic *t, bool client, uint8_t flags, uint32_t seq, uint32_t ack,
			   uint32_t length);

struct upload {
	uint64_t bytes;
	uint32_t client_isn, server_isn;
	unsigned retransmit; /* of a thousand segments */
};

/* A connection that is open: handshake done, sequence numbers 1001 and 5001 come next. */
struct traffic *traffic_opened(void);

/* SYN to the last ACK: payload in segments of 1448, acknowledged every second one. */
void traffic_upload(struct traffic *t, const struct upload *u);

/* What a flow table makes of the packets: counts of the only flow's client side when it ended. */
struct outcome {
	struct byte_count up, down;
	unsigned flows, told; /* made; ended as established */
	enum flow_end end;
	uint64_t dues;
	struct stats stats;
};

struct outcome traffic_run(const struct traffic *t);
/* The same, and frees t. */
struct outcome traffic_end(struct traffic *t);

#endif
