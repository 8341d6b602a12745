/* What is remembered of flows that records told of and that may not be over (evicted ones, reset
 * ones, those that fell silent), so that a flow that goes on stays the same: a ring of LIMIT_GHOSTS,
 * allocated when the first one comes. */
#ifndef EGRET_FLOW_GHOST_H
#define EGRET_FLOW_GHOST_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "decode/packet.h"
#include "flow/flow.h"

struct flow_table;

/* Whether a flow that ended like this may go on. */
bool ghost_may_rise(const struct flow *f, enum flow_end why);
/* Remembers a flow that is being given up; its name is the ghost's from now on. */
void ghost_keep(struct flow_table *t, struct flow *f);
/* If the packet that makes flow f goes on with a remembered one, f becomes that: id, who opened,
 * name, counts. A SYN begins anew, and so does a packet that comes longer after than LIMIT_GHOST_AGE
 * (UDP: the idle time). */
void ghost_recall(struct flow_table *t, struct flow *f, const struct packet *p, uint64_t hash);
/* The most memory that they take. */
size_t ghost_memory(void);
/* Lets go of all. */
void ghost_clear(struct flow_table *t);

#endif
