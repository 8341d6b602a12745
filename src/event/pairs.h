/* Lists of name and value, which some tools write instead of keys:
 * {"Data": [{"@Name": "Image", "#text": "…"}, …]} */
#ifndef EGRET_EVENT_PAIRS_H
#define EGRET_EVENT_PAIRS_H

#include "event/json_in.h"

/* Adds an item for each such pair, as if the name were a key where the list stands. */
void pairs_unfold(struct json_in *j, struct json_items *items);

#endif
