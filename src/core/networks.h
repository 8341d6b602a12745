/* A set of networks, for allow-lists: addresses and prefixes of both families. */
#ifndef EGRET_CORE_NETWORKS_H
#define EGRET_CORE_NETWORKS_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "core/addr.h"

struct network_range {
	struct addr first, last;
};

struct networks {
	struct network_range *range; /* sorted and apart */
	size_t count, room;
};

void networks_init(struct networks *n);
void networks_fini(struct networks *n);

/* Adds "192.0.2.1", "192.0.2.0/24" or "2001:db8::/32". Bits beyond the prefix must be zero. 0, or
 * -1 and an error that quotes the text. */
int networks_add(struct networks *n, struct str text, struct error *e);
bool networks_have(const struct networks *n, const struct addr *a);

#endif
