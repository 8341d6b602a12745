/* An IP address. IPv4 is kept v4-mapped (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), so that one
 * 16-byte comparison serves both families. */
#ifndef EGRET_CORE_ADDR_H
#define EGRET_CORE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"

struct addr {
	uint8_t b[16];
};

#define ADDR_TEXT_MAX 46 /* with the terminator */

static inline struct addr addr_v4(const uint8_t *four)
{
	struct addr a = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
	memcpy(a.b + 12, four, 4);
	return a;
}

static inline struct addr addr_v6(const uint8_t *sixteen)
{
	struct addr a;
	memcpy(a.b, sixteen, 16);
	return a;
}

static inline bool addr_is_v4(const struct addr *a)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	return memcmp(a->b, mapped, 12) == 0;
}

static inline bool addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, 16) == 0;
}

/* RFC 1918, RFC 6598, ULA, link-local, loopback: addresses that are somebody's own. */
bool addr_is_private(const struct addr *a);
bool addr_is_multicast(const struct addr *a); /* and the IPv4 broadcast address */

/* Canonical text: dotted quad, or RFC 5952. */
void addr_write(struct writer *w, const struct addr *a);
const char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);
/* Parses either family. False when the text is no address. */
bool addr_parse(const char *text, struct addr *out);

#endif
