#include "proto/quic_crypto.h"

#include <string.h>

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>

/* HkdfLabel of RFC 8446 section 7.1 with an empty context, spelled out: length, label, context. */
#define LABEL(length, size, text) "\0" length size "tls13 " text

struct label {
	const char *p;
	uint8_t n;
};

#define LABEL_OF(literal) {literal, sizeof(literal)} /* the NUL is the context's length */

static const struct label label_client = LABEL_OF(LABEL("\x20", "\x0f", "client in"));

static const struct label labels_1[3] = {
	LABEL_OF(LABEL("\x10", "\x0e", "quic key")),
	LABEL_OF(LABEL("\x0c", "\x0d", "quic iv")),
	LABEL_OF(LABEL("\x10", "\x0d", "quic hp")),
};

static const struct label labels_2[3] = {
	LABEL_OF(LABEL("\x10", "\x10", "quicv2 key")),
	LABEL_OF(LABEL("\x0c", "\x0f", "quicv2 iv")),
	LABEL_OF(LABEL("\x10", "\x0f", "quicv2 hp")),
};

static const struct family {
	uint8_t salt[20];
	const struct label *labels;
	bool retry;
	uint8_t retry_key[16], retry_nonce[12];
} families[] = {
	[QUIC_FAMILY_DRAFT_22] = {
		.salt = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
			 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a},
		.labels = labels_1,
	},
	[QUIC_FAMILY_DRAFT_23] = {
		.salt = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
			 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
		.labels = labels_1,
	},
	[QUIC_FAMILY_DRAFT_29] = {
		.salt = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
			 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
		.labels = labels_1,
		.retry = true,
		.retry_key = {0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0,
			      0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1},
		.retry_nonce = {0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c,
				0x1c},
	},
	[QUIC_FAMILY_1] = {
		.salt = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
			 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
		.labels = labels_1,
		.retry = true,
		.retry_key = {0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,
			      0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e},
		.retry_nonce = {0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25,
				0xbb},
	},
	[QUIC_FAMILY_2] = {
		.salt = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
			 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
		.labels = labels_2,
		.retry = true,
		.retry_key = {0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2,
			      0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92},
		.retry_nonce = {0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0,
				0x4a},
	},
};

/* One block is all that any of these outputs needs. The context is ready for the next call. */
static void expand(struct hmac_sha256_ctx *secret, const struct label *l, size_t n, uint8_t *out)
{
	hkdf_expand(secret, (nettle_hash_update_func *)hmac_sha256_update,
		    (nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE, l->n,
		    (const uint8_t *)l->p, n, out);
}

void quic_keys_derive(struct quic_keys *k, enum quic_family family, const uint8_t *dcid, size_t n)
{
	const struct family *f = &families[family];
	struct hmac_sha256_ctx h;
	uint8_t secret[SHA256_DIGEST_SIZE];

	hmac_sha256_set_key(&h, sizeof f->salt, f->salt);
	hkdf_extract(&h, (nettle_hash_update_func *)hmac_sha256_update,
		     (nettle_hash_digest_func *)hmac_sha256_digest, sizeof secret, n, dcid, secret);
	hmac_sha256_set_key(&h, sizeof secret, secret);
	expand(&h, &label_client, sizeof secret, secret);
	hmac_sha256_set_key(&h, sizeof secret, secret);
	expand(&h, &f->labels[0], sizeof k->key, k->key);
	expand(&h, &f->labels[1], sizeof k->iv, k->iv);
	expand(&h, &f->labels[2], sizeof k->hp, k->hp);
}

/* RFC 9000 appendix A.3: the number nearest to the expected one that ends in these bits. */
static uint64_t number_decode(uint64_t expected, uint64_t truncated, unsigned bytes)
{
	uint64_t window = UINT64_C(1) << 8 * bytes;
	uint64_t candidate = (expected & ~(window - 1)) | truncated;

	if (candidate + window / 2 <= expected && candidate < (UINT64_C(1) << 62) - window)
		return candidate + window;
	if (candidate > expected + window / 2 && candidate >= window)
		return candidate - window;
	return candidate;
}

static bool gcm_open(const struct quic_keys *k, uint64_t pn, const uint8_t *header, size_t header_n,
		     const uint8_t *sealed, size_t n, uint8_t *out)
{
	struct gcm_aes128_ctx gcm;
	uint8_t nonce[GCM_IV_SIZE], tag[QUIC_TAG_SIZE];

	memcpy(nonce, k->iv, sizeof nonce);
	for (unsigned i = 0; i < 8; i++)
		nonce[sizeof nonce - 1 - i] ^= (uint8_t)(pn >> 8 * i);
	gcm_aes128_set_key(&gcm, k->key);
	gcm_aes128_set_iv(&gcm, sizeof nonce, nonce);
	gcm_aes128_update(&gcm, header_n, header);
	gcm_aes128_decrypt(&gcm, n, out, sealed);
	gcm_aes128_digest(&gcm, sizeof tag, tag);
	return memcmp(tag, sealed + n, sizeof tag) == 0;
}

bool quic_packet_open(const struct quic_keys *k, const uint8_t *packet, size_t n, size_t pn_offset,
		      uint8_t *scratch, struct cursor *payload, uint64_t *pn)
{
	struct aes128_ctx hp;
	uint8_t mask[AES_BLOCK_SIZE];

	/* the sample starts where the longest packet number would end (section 5.4.2) */
	if (pn_offset > n || n - pn_offset < 4 + sizeof mask)
		return false;
	aes128_set_encrypt_key(&hp, k->hp);
	aes128_encrypt(&hp, sizeof mask, mask, packet + pn_offset + 4);

	uint8_t first = packet[0] ^ (mask[0] & 0x0f);
	/* Reserved bits must be zero (RFC 9000 section 17.2): tells three of four wrong keys. */
	if (first & 0x0c)
		return false;
	unsigned pn_length = (first & 3) + 1u;
	size_t header_n = pn_offset + pn_length;
	uint64_t truncated = 0;

	memcpy(scratch, packet, header_n);
	scratch[0] = first;
	for (unsigned i = 0; i < pn_length; i++) {
		scratch[pn_offset + i] ^= mask[1 + i];
		truncated = truncated << 8 | scratch[pn_offset + i];
	}
	uint64_t number = number_decode(*pn, truncated, pn_length);
	size_t sealed_n = n - header_n - QUIC_TAG_SIZE;
	uint8_t *plain = scratch + header_n;
	if (!gcm_open(k, number, scratch, header_n, packet + header_n, sealed_n, plain))
		return false;
	*pn = number;
	*payload = cur_of(plain, sealed_n);
	return true;
}

bool quic_retry_valid(enum quic_family family, const uint8_t *dcid, size_t dcid_length,
		      const uint8_t *packet, size_t n)
{
	const struct family *f = &families[family];
	/* The Retry Pseudo-Packet is the old connection id, then the packet. nettle wants whole
	 * blocks but for the last piece, so the packet's first bytes go with the id. */
	uint8_t head[3 * GCM_BLOCK_SIZE], tag[QUIC_TAG_SIZE];
	struct gcm_aes128_ctx gcm;

	if (!f->retry || n < QUIC_TAG_SIZE || dcid_length >= sizeof head)
		return false;
	n -= QUIC_TAG_SIZE;
	head[0] = (uint8_t)dcid_length;
	memcpy(head + 1, dcid, dcid_length);
	size_t used = 1 + dcid_length;
	size_t fill = n < sizeof head - used ? n : sizeof head - used;
	memcpy(head + used, packet, fill);

	gcm_aes128_set_key(&gcm, f->retry_key);
	gcm_aes128_set_iv(&gcm, sizeof f->retry_nonce, f->retry_nonce);
	gcm_aes128_update(&gcm, used + fill, head);
	if (n > fill)
		gcm_aes128_update(&gcm, n - fill, packet + fill);
	gcm_aes128_digest(&gcm, sizeof tag, tag);
	return memcmp(tag, packet + n, sizeof tag) == 0;
}
