/* Joins DNS queries with their answers into records. */
#ifndef EGRET_SENSOR_DNS_TRACK_H
#define EGRET_SENSOR_DNS_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/pool.h"
#include "core/limits.h"

struct sensor;
struct flow;
struct packet;

#define DNS_RATE_SLOTS 4096

struct dns_track {
	struct pool pending; /* struct dns_pending */
	struct hindex index;
	struct hash_key key;
	uint32_t oldest, newest; /* pending queries in order of time */
	/* Token buckets of clients for records of one-sided messages; clients may share a slot. */
	struct dns_rate {
		uint32_t second;
		uint32_t told;
	} rate[DNS_RATE_SLOTS];
};

void dns_track_init(struct dns_track *t);
void dns_track_fini(struct dns_track *t);
/* The most memory that it takes. */
size_t dns_track_memory(void);

/* One message that `side` of the flow sent: `data` as captured, `length` bytes on the wire. False
 * when it is no DNS message (counted only by the caller). Tells records. */
bool dns_track_message(struct sensor *s, struct flow *f, unsigned side, const uint8_t *data,
		       uint32_t captured, uint32_t length);

/* Tells queries that waited too long as unanswered; at the end (`all`) every one. */
void dns_track_expire(struct sensor *s, bool all);

#endif
