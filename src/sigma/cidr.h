/* Networks that rules look for: all those that an address lies in, by one search. */
#ifndef EGRET_SIGMA_CIDR_H
#define EGRET_SIGMA_CIDR_H

#include <stddef.h>

#include "base/str.h"
#include "core/addr.h"
#include "sigma/found.h"

struct cidr_network;

struct cidr_set {
	struct cidr_network *v;
	uint32_t count, room;
};

void cidr_fini(struct cidr_set *s);
/* `bits` of all 128: an IPv4 /8 is 104. */
void cidr_add(struct cidr_set *s, const struct addr *network, unsigned bits, uint32_t leaf);
/* Once, after the last. */
void cidr_settle(struct cidr_set *s);

/* The text as an address: either family, IPv4 also as ::ffff:a.b.c.d, IPv6 also with a zone
 * ("fe80::1%eth0"). False when it is none. */
bool cidr_address(struct str text, struct addr *out);
/* An IPv4 address lies in no IPv6 network, not even in ::/0. */
void cidr_find(const struct cidr_set *s, const struct addr *a, leaf_found *found, void *context);

#endif
