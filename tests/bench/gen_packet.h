/* Packets: Ethernet, IPv4 or IPv6, a transport header by the caller, into a pcap file. */
#ifndef EGRET_BENCH_GEN_PACKET_H
#define EGRET_BENCH_GEN_PACKET_H

#include <stdint.h>

struct ip {
	uint8_t b[16]; /* IPv4 in the first four */
};

struct ends {
	int is6;
	struct ip client, server;
	uint16_t client_port, server_port;
};

enum way { UP, DOWN }; /* by the client, by the server */

/* Big-endian numbers; each returns the place behind. */
static inline uint8_t *put8(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	return p + 1;
}

static inline uint8_t *put16(uint8_t *p, uint32_t v)
{
	return put8(put8(p, v >> 8), v);
}

static inline uint8_t *put24(uint8_t *p, uint32_t v)
{
	return put16(put8(p, v >> 16), v);
}

static inline uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

uint8_t *put_bytes(uint8_t *p, const void *data, uint32_t n);

void packet_open(const char *path);
void packet_close(void);

/* Room for a TCP or UDP header and its payload, `n` bytes together, in the one packet that is made
 * at a time; packet_end fills its checksum and writes it at `time` (µs). */
uint8_t *packet_begin(const struct ends *e, enum way way, uint8_t proto, uint32_t n);
void packet_end(const struct ends *e, uint8_t proto, uint64_t time);

/* The ports, as the first two fields of either header. */
uint8_t *put_ports(uint8_t *p, const struct ends *e, enum way way);

/* A UDP header for n bytes of payload; returns where they go. */
uint8_t *packet_udp(const struct ends *e, enum way way, uint32_t n);

/* What was written. */
extern uint64_t packets, packet_wire_bytes, packet_file_bytes;

#endif
