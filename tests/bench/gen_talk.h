/* What clients do: each makes and starts the flow of one exchange. */
#ifndef EGRET_BENCH_GEN_TALK_H
#define EGRET_BENCH_GEN_TALK_H

#include <stdint.h>

#include "gen_dns.h"

#define TALK_CLIENTS 2400

struct talk {
	uint64_t time;
	unsigned client;
	int is6;
	const char *name;
	uint32_t upload; /* bytes of a large body, or 0 */
};

/* PATH.uploads.tsv lists the large bodies. */
void talk_open(const char *path);
void talk_close(void);

/* t->is6 is for the others: resolvers are asked over either. */
void talk_dns(const struct talk *t, uint16_t type, int rcode);
void talk_tls(const struct talk *t);
void talk_quic(const struct talk *t);
void talk_http(const struct talk *t);
/* Inside the house: SNMP, NTP, remote desktops. */
void talk_other(const struct talk *t);

struct ip talk_client(unsigned client, int is6);
/* A resolver of the house, one of `resolvers` over IPv4. */
struct ip talk_resolver(int is6, unsigned resolvers);
/* The name as it is asked for: in mixed case now and then. */
void talk_spell(char *out, const char *name);

#endif
