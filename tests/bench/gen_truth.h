/* What a capture holds, counted while it is made. */
#ifndef EGRET_BENCH_GEN_TRUTH_H
#define EGRET_BENCH_GEN_TRUTH_H

#include <stdint.h>
#include <stdio.h>

struct truth {
	uint64_t flows, tls, tls_sni, tls12, tls_pq, quic, quic_multi, http, dns_queries,
		dns_responses, dns_cnames, other;
	/* of these, by names of the services below (names_is_service) */
	uint64_t service_dns, service_tls, service_quic, service_http;
	uint64_t uploads, retransmits, two_packets;
};

extern struct truth truth;

/* One more mention of a name; kind is D, T, Q or H. */
void truth_name(char kind, const char *name, uint64_t *of_services);

/* PATH.truth.txt and standard output get the counts, PATH.names.tsv each name's. */
void truth_write(const char *path);

#endif
