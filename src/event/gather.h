/* The values of one event, by field: a field's values stand together, those of nearer names only. */
#ifndef EGRET_EVENT_GATHER_H
#define EGRET_EVENT_GATHER_H

#include "event/json_in.h"
#include "event/paths.h"

#define GATHER_NODES 4096 /* values under their names, each name counted */

struct gather;

struct gather *gather_new(uint32_t fields);
void gather_free(struct gather *g);

void gather_begin(struct gather *g);
/* `item` is its place among the items, `path` tells paths apart. */
void gather_add(struct gather *g, uint32_t item, uint32_t path, const struct path_name *name);

/* The values, those of fields first, then what no rule has a name for; how many. What is beyond
 * EVENT_VALUES_MAX is added to *lost. Valid until the next gather_begin. */
uint32_t gather_end(struct gather *g, const struct json_items *items,
		    const struct event_value **values, unsigned *lost);

#endif
