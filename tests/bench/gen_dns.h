/* DNS messages. */
#ifndef EGRET_BENCH_GEN_DNS_H
#define EGRET_BENCH_GEN_DNS_H

#include <stdint.h>

#include "gen_packet.h"

enum {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_HTTPS = 65
};

#define DNS_MESSAGE 2000

struct dns_exchange {
	uint16_t id, type;
	const char *name; /* as asked */
	int edns, rcode;
	unsigned aliases, answers; /* CNAMEs before the answers, where the type has any */
};

/* Each writes at most DNS_MESSAGE bytes and returns how many. */
uint32_t dns_query(uint8_t *p, const struct dns_exchange *x);
uint32_t dns_response(uint8_t *p, const struct dns_exchange *x);

/* The i-th address of a name. */
struct ip dns_address(const char *name, int is6, unsigned i);

#endif
