#include "gen_quic.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "gen_packet.h"

#define TAG 16

struct keys {
	uint8_t key[16], iv[12], hp[16];
};

static void hmac(const uint8_t *key, int key_n, const uint8_t *data, size_t n, uint8_t *out)
{
	unsigned length = 32;

	HMAC(EVP_sha256(), key, key_n, data, n, out, &length);
}

/* HKDF-Expand-Label (RFC 8446 section 7.1) for no more than one block. */
static void expand(const uint8_t *secret, const char *label, uint8_t *out, uint32_t n)
{
	uint8_t info[80], block[32];
	uint32_t k = (uint32_t)strlen(label);
	uint8_t *p = put8(put16(info, n), 6 + k);

	p = put_bytes(put_bytes(p, "tls13 ", 6), label, k);
	p = put8(put8(p, 0), 1);
	hmac(secret, 32, info, (size_t)(p - info), block);
	memcpy(out, block, n);
}

static void derive(struct keys *k, const struct quic_initial *q)
{
	static const uint8_t salts[2][20] = {
		{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
		 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
		{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
		 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9}};
	uint8_t initial[32], secret[32];

	hmac(salts[q->v2], 20, q->first_dcid, QUIC_ID, initial);
	expand(initial, q->server ? "server in" : "client in", secret, sizeof secret);
	expand(secret, q->v2 ? "quicv2 key" : "quic key", k->key, sizeof k->key);
	expand(secret, q->v2 ? "quicv2 iv" : "quic iv", k->iv, sizeof k->iv);
	expand(secret, q->v2 ? "quicv2 hp" : "quic hp", k->hp, sizeof k->hp);
}

/* AES-128-GCM over n bytes from p on, with what lies from `packet` to p authenticated. */
static void seal(struct keys *k, uint8_t number, const uint8_t *packet, uint8_t *p,
		 const uint8_t *plain, int n)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int done;

	k->iv[11] ^= number;
	EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, k->key, k->iv);
	EVP_EncryptUpdate(c, NULL, &done, packet, (int)(p - packet));
	EVP_EncryptUpdate(c, p, &done, plain, n);
	EVP_EncryptFinal_ex(c, p + n, &done);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, p + n);
	EVP_CIPHER_CTX_free(c);
}

static void protect(const struct keys *k, uint8_t *packet, uint8_t *number)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t mask[32];
	int done;

	EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k->hp, NULL);
	EVP_CIPHER_CTX_set_padding(c, 0);
	EVP_EncryptUpdate(c, mask, &done, number + 4, 16);
	EVP_CIPHER_CTX_free(c);
	packet[0] ^= mask[0] & 0x0f;
	*number ^= mask[1];
}

static uint8_t *put_id(uint8_t *p, struct quic_id id)
{
	return put_bytes(put8(p, id.n), id.bytes, id.n);
}

uint32_t quic_initial(uint8_t *p, const struct quic_initial *q, const uint8_t *frames, uint32_t n)
{
	uint8_t *start = p, plain[2000] = {0};
	struct keys keys;

	derive(&keys, q);
	p = put32(put8(p, q->v2 ? 0xd0 : 0xc0), q->v2 ? 0x6b3343cf : 1);
	p = put_id(put_id(p, q->dcid), q->scid);
	p = put8(p, 0); /* no token */
	uint32_t head = (uint32_t)(p - start) + 2 + 1;
	uint32_t body = q->size < head + TAG + n ? n : q->size - head - TAG;
	p = put16(p, 0x4000 | (1 + body + TAG));
	uint8_t *number = p;
	p = put8(p, q->number);
	memcpy(plain, frames, n);
	seal(&keys, q->number, start, p, plain, (int)body);
	protect(&keys, start, number);
	return (uint32_t)(p - start) + body + TAG;
}

uint8_t *quic_crypto_frame(uint8_t *p, uint32_t offset, const uint8_t *data, uint32_t n)
{
	p = put32(put8(p, 6), 0x80000000 | offset);
	return put_bytes(put16(p, 0x4000 | n), data, n);
}
