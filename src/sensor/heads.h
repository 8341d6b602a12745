/* The flows whose first bytes are looked into, in the order in which they began. At the bounds the
 * oldest is given up for the newest: whoever opens connections and says no more than half a hello
 * must not make the sensor blind for everybody else's. */
#ifndef EGRET_SENSOR_HEADS_H
#define EGRET_SENSOR_HEADS_H

#include <stdint.h>

#include "base/pool.h"

struct sensor;
struct flow;

/* What each object of the pool begins with. */
struct head {
	struct flow *flow;
	uint64_t since; /* packet time, ns */
	uint32_t older, newer;
};

struct heads {
	struct pool pool;
	uint32_t oldest, newest;
};

void heads_init(struct heads *h, size_t object_size, uint32_t limit);
void heads_fini(struct heads *h);

/* One for the flow, which is in none of the pool's yet; room was made for it. Its number is in
 * flow.payload_state. NULL when there is none all the same. */
void *heads_get(struct sensor *s, struct heads *h, struct flow *f);
/* Before the flow goes, or wants no more. */
void heads_put(struct heads *h, uint32_t number);

#endif
