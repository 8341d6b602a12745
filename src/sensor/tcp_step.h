/* One step of the protocol that a TCP stream was recognised as. Of this room only. */
#ifndef EGRET_SENSOR_TCP_STEP_H
#define EGRET_SENSOR_TCP_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/http_track.h"
#include "sensor/inner.h"
#include "sensor/stream.h"
#include "sensor/tls_track.h"

enum {
	STREAM_DETECT,
	STREAM_PLAIN, /* unknown so far: watched for a TLS or HTTP start at a segment's begin */
	STREAM_TLS,
	STREAM_HTTP,
	STREAM_DNS,
	STREAM_SOCKS,
};

struct stream {
	struct head head;
	struct stream_side side[2];
	uint8_t protocol;
	uint8_t client;     /* side that plays the protocol's client */
	uint8_t plain;      /* segments of unknown text so far */
	bool late;          /* what runs now began after something else */
	bool anew;          /* looked into a second time, since its head was sent again */
	bool socks_asked;
	uint8_t socks_version;
	union {
		struct tls_track tls;
		struct http_track http;
	};
};

/* Feeds a side's contiguous bytes, from its base on, to the stream's protocol. Returns how many are
 * done with, which may be more than there are; 0: it wants more of them. */
uint64_t tcp_step(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
		  struct cursor view);
/* Nothing known: what comes is only watched. */
void tcp_become_plain(struct sensor *s, struct stream *st);

#endif
