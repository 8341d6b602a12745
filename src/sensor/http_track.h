/* HTTP/1 on one connection: requests, their bodies passed over, and the responses to them. */
#ifndef EGRET_SENSOR_HTTP_TRACK_H
#define EGRET_SENSOR_HTTP_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "proto/http.h"
#include "sensor/retold.h"

struct sensor;
struct flow;

#define HTTP_PIPELINE 16 /* requests without a response that are kept */

struct http_pending;

struct http_track {
	struct http_pending *queue[HTTP_PIPELINE]; /* ring, from the sensor's slab */
	uint8_t first, count;
	struct {
		uint8_t state;
		struct http_chunks chunks;
	} side[2]; /* 0: requests, 1: responses */
	bool connecting; /* a CONNECT waits for its answer */
};

/* What becomes of the stream after a step. */
enum http_next {
	HTTP_GOES_ON,
	HTTP_TUNNEL,   /* a CONNECT was granted: both sides go on with another protocol */
	HTTP_UPGRADED, /* 101: both sides go on with something that is not HTTP */
};

/* What is there of the client's stream. */
struct http_client {
	struct cursor view;
	struct cursor other; /* the same in another version, or empty */
	uint32_t sequence;   /* of the first byte */
};

/* Takes bytes of the client. Returns how many are done with: 0 wants more; more than the view holds
 * passes over a body. */
uint64_t http_track_client(struct sensor *s, struct flow *f, unsigned side, struct http_track *t,
			   const struct http_client *client);
uint64_t http_track_server(struct sensor *s, struct flow *f, struct http_track *t,
			   struct cursor view, enum http_next *next);
/* A segment of the client from before what was used up: it may say a head anew. True: by now what it
 * says there is no HTTP. */
bool http_track_retold(struct sensor *s, struct flow *f, struct http_track *t, uint32_t sequence,
		       struct cursor segment);
/* A hole was passed over on one side (0: requests). */
void http_track_gap(struct http_track *t, unsigned requests_or_responses);
/* The connection is over: tells what waits, an incomplete request head in `client` included. */
void http_track_finish(struct sensor *s, struct flow *f, struct http_track *t,
		       struct cursor client);

#endif
