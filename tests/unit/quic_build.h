/* Builds QUIC packets for tests, with OpenSSL's HKDF, AES and GCM: nothing of it is shared with the
 * code under test. */
#ifndef EGRET_TESTS_QUIC_BUILD_H
#define EGRET_TESTS_QUIC_BUILD_H

#include <stddef.h>
#include <stdint.h>

#define BUILD_MAX 65536

struct build_cid {
	uint8_t n;
	uint8_t b[20];
};

/* An Initial packet of a client. */
struct build_initial {
	uint32_t version;
	struct build_cid key_cid;    /* that keys come from */
	struct build_cid dcid, scid; /* in the header */
	size_t token_length;
	uint64_t pn;
	unsigned pn_length; /* 1 to 4 */
	size_t size;        /* PADDING frames fill the packet up to it */
	uint8_t first_xor;  /* changes the first byte before it is sealed */
};

/* n random-looking bytes from a seed. */
struct build_cid build_cid(uint8_t seed, uint8_t n);
/* Version 1, an id of 8 bytes, packet number pn in 4 bytes, 1200 bytes. */
struct build_initial build_initial(uint8_t seed, uint64_t pn);

/* Each returns what it has written to `out`. */
size_t build_varint(uint8_t *out, uint64_t v);
size_t build_crypto(uint8_t *out, uint64_t offset, const uint8_t *data, size_t n);
size_t build_seal(const struct build_initial *b, const uint8_t *frames, size_t n, uint8_t *out);
/* Token "token", tag over the id that the client has chosen. */
size_t build_retry(uint32_t version, const struct build_cid *odcid, const struct build_cid *scid,
		   uint8_t *out);
/* Version Negotiation that offers a version and a reserved one. */
size_t build_negotiation(const struct build_cid *client_dcid, uint32_t offered, uint8_t *out);
/* 0-RTT (bits 1) or Handshake (bits 2) of version 1 with n bytes behind Length. */
size_t build_other(unsigned bits, const struct build_cid *dcid, size_t n, uint8_t *out);
/* A ClientHello message; `padding` bytes in an extension make it longer. */
size_t build_hello(const char *name, const char *alpn, size_t padding, uint8_t *out);

size_t build_unhex(const char *hex, uint8_t *out);

#endif
