/* QUIC Initial packets (RFC 9000, 9001 and 9369), protected as they are on the wire. */
#ifndef EGRET_BENCH_GEN_QUIC_H
#define EGRET_BENCH_GEN_QUIC_H

#include <stdint.h>

#define QUIC_ID 8

struct quic_id {
	const uint8_t *bytes;
	uint8_t n;
};

struct quic_initial {
	const uint8_t *first_dcid; /* QUIC_ID bytes: what the client chose; the keys come from it */
	struct quic_id dcid, scid;
	int server, v2;
	uint8_t number;
	uint32_t size; /* padded to it */
};

/* Writes the packet with these frames at p; returns its length. */
uint32_t quic_initial(uint8_t *p, const struct quic_initial *q, const uint8_t *frames, uint32_t n);

/* Writes a CRYPTO frame; returns the place behind. */
uint8_t *quic_crypto_frame(uint8_t *p, uint32_t offset, const uint8_t *data, uint32_t n);

#endif
