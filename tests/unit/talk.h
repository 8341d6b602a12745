/* A conversation heard by a sensor: frames built from what each side says, records kept as they
 * come. */
#ifndef EGRET_TESTS_TALK_H
#define EGRET_TESTS_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/record.h"
#include "core/stats.h"
#include "sensor/sensor.h"

#define TALK_RECORDS 4096
#define TALK_CLIENT  0
#define TALK_SERVER  1

struct talk {
	struct sensor *sensor;
	struct stats stats;
	struct sensor_settings settings;
	uint64_t time; /* of the next frame; each is 1 ms later than the one before */
	/* the flow that talk_tcp and talk_udp speak on */
	uint8_t ends[2]; /* last byte of 10.0.0.x and of 203.0.113.x */
	uint16_t port[2];
	uint32_t seq[2];  /* next to be sent by each side */
	uint32_t snaplen; /* 0: whole frames */
	bool deaf;	  /* records are dropped */
	/* what was heard; texts are copies */
	struct record record[TALK_RECORDS];
	unsigned count;
	char *text;
	size_t text_used;
};

struct talk *talk_new(void);
/* Ends the capture if that was not done, and checks that nothing is left over in the sensor. */
void talk_free(struct talk *t);
void talk_finish(struct talk *t);

/* Another flow from here on: client port and server port. */
void talk_flow(struct talk *t, uint16_t client_port, uint16_t server_port);
/* SYN, SYN-ACK, ACK. */
void talk_open(struct talk *t);
/* FIN both ways. */
void talk_close(struct talk *t);
/* The next bytes of a side, acknowledged by nobody yet, in one segment. */
void talk_say(struct talk *t, unsigned side, const void *data, size_t n);
/* The same in segments of `size` bytes, each acknowledged. */
void talk_say_in(struct talk *t, unsigned side, const void *data, size_t n, size_t size);
/* A segment that lies `ahead` bytes after what was said so far; nothing moves. */
void talk_say_at(struct talk *t, unsigned side, int64_t ahead, const void *data, size_t n);
/* Moves past bytes that the sensor does not hear. */
void talk_lose(struct talk *t, unsigned side, size_t n);
/* An acknowledgement of all the other side has said. */
void talk_ack(struct talk *t, unsigned side);
void talk_flags(struct talk *t, unsigned side, uint8_t flags);
void talk_udp(struct talk *t, unsigned side, const void *data, size_t n);

#define talk_text(t, side, literal) talk_say((t), (side), (literal), sizeof(literal) - 1)

/* The i-th record of that kind, NULL when there are not so many. */
const struct record *talk_record(const struct talk *t, enum record_kind kind, unsigned i);
unsigned talk_records(const struct talk *t, enum record_kind kind);
/* The last conn record. */
const struct record_flow *talk_end(const struct talk *t);
bool talk_is(struct str text, const char *wanted);

/* A ClientHello in TLS records of at most `record` payload bytes; returns its length. */
size_t talk_hello(const char *name, size_t record, uint8_t *out, size_t room);
/* A TLS 1.3 ServerHello and some application data. */
size_t talk_server_hello(uint8_t *out);
/* A DNS message with one question, and one A record with 203.0.113.x when x is not 0. */
size_t talk_dns(uint16_t id, const char *name, bool response, uint8_t x, uint8_t *out);

#endif
