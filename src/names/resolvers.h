/* Public resolvers that speak DNS over HTTPS, by address: what goes there on port 443 may be
 * look-ups that nobody sees. (By name they are in domains/encrypted-dns.list.) */
#ifndef EGRET_NAMES_RESOLVERS_H
#define EGRET_NAMES_RESOLVERS_H

#include <stdbool.h>

#include "core/addr.h"

bool resolvers_has(const struct addr *a);

#endif
