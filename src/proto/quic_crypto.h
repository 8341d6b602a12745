/* Protection of QUIC Initial packets: RFC 9001 section 5, RFC 9369 section 3.3.
 *
 * Initial packets are sealed with keys that anybody can derive who saw the client's first packet;
 * the tag tells a right guess of the keys from a wrong one. The one user of nettle's AES and HKDF.
 * Nothing here allocates or keeps state.
 */
#ifndef EGRET_PROTO_QUIC_CRYPTO_H
#define EGRET_PROTO_QUIC_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "proto/quic_version.h"

#define QUIC_TAG_SIZE 16

struct quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* The keys of the client's Initial packets when it chose (or a Retry gave it) this destination
 * connection id. About a microsecond. */
void quic_keys_derive(struct quic_keys *k, enum quic_family family, const uint8_t *dcid, size_t n);

/* Takes header protection off a whole packet and decrypts it.
 *
 * `packet` runs from its first byte to the end that its Length field gives, its packet number
 * starts at pn_offset; it is left as it is. `scratch` takes n bytes or more; *payload points into
 * it. *pn goes in as the number expected next and comes out as the packet's (RFC 9000 appendix
 * A.3). False: too short, or these are not its keys, or it is damaged; *pn is then as before. */
bool quic_packet_open(const struct quic_keys *k, const uint8_t *packet, size_t n, size_t pn_offset,
		      uint8_t *scratch, struct cursor *payload, uint64_t *pn);

/* The integrity tag at the end of a Retry packet proves that its sender saw the client's Initial
 * with this destination connection id (RFC 9001 section 5.8). False before draft 29, whose Retry
 * packets had other keys or none. */
bool quic_retry_valid(enum quic_family family, const uint8_t *dcid, size_t dcid_length,
		      const uint8_t *packet, size_t n);

#endif
