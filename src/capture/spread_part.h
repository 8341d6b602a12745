/* What the parts of the spreading program share. Internal to spread.c and spread_tunnel.c. */
#ifndef EGRET_CAPTURE_SPREAD_PART_H
#define EGRET_CAPTURE_SPREAD_PART_H

#include "capture/cbpf.h"

/* Words of scratch memory. */
enum {
	SRC, /* the innermost addresses so far, folded */
	DST,
	TYPE,  /* Ethernet type of what stands at X */
	PROTO, /* IP protocol of what stands at X, or the next GTP extension header */
	TEMP,
	OFFSET, /* X, while that register is needed for something else */
	WORDS,
};

/* Where the parts of a level begin: labels. X is at the header named. */
struct level {
	unsigned guess; /* IP if it looks like that, else Ethernet */
	unsigned ethernet;
	unsigned type; /* the word TYPE says what */
	unsigned pppoe, ppp, mpls, ip4, ip6;
	unsigned upper; /* the word PROTO says what */
};

struct spread {
	struct cbpf b;
	unsigned done; /* the addresses found so far decide */
};

/* TYPE = the 16 bits at `at`, then X += n. Spoils A. */
static inline void spread_type(struct cbpf *b, uint32_t at, uint32_t n)
{
	cbpf_load16(b, at);
	cbpf_store(b, TYPE);
	cbpf_skip(b, n);
}

/* The tunnels, from the header at `place` (a label) into the next level. */
void spread_gre(struct spread *s, const struct level *next, unsigned place);
void spread_udp(struct spread *s, const struct level *next, unsigned place);

#endif
