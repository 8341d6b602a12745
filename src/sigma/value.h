/* Fields and their values: "field|modifier|…: value" as a tree.
 *
 * Values become leaves; a list is an OR of them, with `all` an AND, with `neq` the NOT of either.
 * What a modifier makes several texts of (base64offset, windash, expand) is an OR as well, inside
 * of that. */
#ifndef EGRET_SIGMA_VALUE_H
#define EGRET_SIGMA_VALUE_H

#include "sigma/reader.h"

/* `key` is the field with its modifiers; one that begins with "|" is for keywords. NULL and an
 * error in `r` when it cannot be read. */
struct sigma_node *value_read(struct reader *r, const struct yaml_node *key,
			      const struct yaml_node *value);
/* A text, number or list of them that stands without a key: any of them anywhere in the event. */
struct sigma_node *value_read_keywords(struct reader *r, const struct yaml_node *value);

#endif
