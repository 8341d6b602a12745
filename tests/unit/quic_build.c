#include "quic_build.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#define VERSION_2 0x6b3343cfu

static void must(int ok)
{
	if (ok <= 0)
		abort();
}

size_t build_unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

struct build_cid build_cid(uint8_t seed, uint8_t n)
{
	struct build_cid c = {.n = n};

	for (uint8_t i = 0; i < n; i++)
		c.b[i] = (uint8_t)(seed * 31 + i * 57 + 1);
	return c;
}

struct build_initial build_initial(uint8_t seed, uint64_t pn)
{
	struct build_cid c = build_cid(seed, 8);

	return (struct build_initial){
		.version = 1,
		.key_cid = c,
		.dcid = c,
		.scid = build_cid((uint8_t)(seed + 1), 5),
		.pn = pn,
		.pn_length = 4,
		.size = 1200,
	};
}

static const char *salt_of(uint32_t version)
{
	if (version == VERSION_2)
		return "0dede3def700a6db819381be6e269dcbf9bd2ed9";
	if (version == 0xfaceb001)
		return "7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a";
	if (version == 0xfaceb002 || (version >= 0xff000017 && version <= 0xff00001c))
		return "c3eef712c72ebb5a11a7d2432bb46365bef9f502";
	if (version >= 0xff00001d && version <= 0xff000020)
		return "afbfec289993d24c9e9786f19c6111e04390a899";
	return "38762cf7f55934b34d179ae6a4c80cadccbb7f0a";
}

static void kdf(const char *name, int mode, OSSL_PARAM *p, uint8_t *out, size_t n)
{
	EVP_KDF *k = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(k);
	OSSL_PARAM set[8] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode)};

	for (int i = 0; i < 6 && p[i].key; i++)
		set[i + 1] = p[i];
	must(EVP_KDF_derive(c, out, n, set));
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(k);
}

static void extract(uint32_t version, const struct build_cid *cid, uint8_t secret[32])
{
	uint8_t salt[20], empty = 0;
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						  cid->n ? (void *)cid->b : &empty, cid->n),
		OSSL_PARAM_construct_end(),
	};

	build_unhex(salt_of(version), salt);
	kdf("HKDF", EVP_KDF_HKDF_MODE_EXTRACT_ONLY, p, secret, 32);
}

static void expand(const uint8_t secret[32], const char *label, uint8_t *out, size_t n)
{
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, (void *)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, (void *)label,
						  strlen(label)),
		OSSL_PARAM_construct_end(),
	};

	kdf("TLS13-KDF", EVP_KDF_HKDF_MODE_EXPAND_ONLY, p, out, n);
}

static void expand_quic(uint32_t version, const uint8_t secret[32], const char *what, uint8_t *out,
			size_t n)
{
	char label[16] = "quic ";

	if (version == VERSION_2)
		strcpy(label, "quicv2 ");
	expand(secret, strcat(label, what), out, n);
}

static void gcm(const uint8_t key[16], const uint8_t nonce[12], const uint8_t *aad, size_t aad_n,
		const uint8_t *plain, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;

	must(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, nonce));
	must(EVP_EncryptUpdate(c, NULL, &len, aad, (int)aad_n));
	if (n)
		must(EVP_EncryptUpdate(c, out, &len, plain, (int)n));
	must(EVP_EncryptFinal_ex(c, out + n, &len));
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, out + n));
	EVP_CIPHER_CTX_free(c);
}

static void header_mask(const uint8_t hp[16], const uint8_t *sample, uint8_t mask[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;

	must(EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, hp, NULL));
	must(EVP_CIPHER_CTX_set_padding(c, 0));
	must(EVP_EncryptUpdate(c, mask, &len, sample, 16));
	EVP_CIPHER_CTX_free(c);
}

size_t build_varint(uint8_t *out, uint64_t v)
{
	unsigned log = v < 0x40 ? 0 : v < 0x4000 ? 1 : v < 0x40000000 ? 2 : 3;
	size_t n = (size_t)1 << log;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	out[0] |= (uint8_t)(log << 6);
	return n;
}

size_t build_crypto(uint8_t *out, uint64_t offset, const uint8_t *data, size_t n)
{
	size_t at = 0;

	out[at++] = 0x06;
	at += build_varint(out + at, offset);
	at += build_varint(out + at, n);
	memcpy(out + at, data, n);
	return at + n;
}

static size_t put_ids(uint8_t *out, uint8_t first, uint32_t version, const struct build_cid *dcid,
		      const struct build_cid *scid)
{
	size_t at = 5;

	out[0] = first;
	for (unsigned i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(version >> (24 - 8 * i));
	out[at++] = dcid->n;
	memcpy(out + at, dcid->b, dcid->n);
	at += dcid->n;
	out[at++] = scid->n;
	memcpy(out + at, scid->b, scid->n);
	return at + scid->n;
}

static void seal(const struct build_initial *b, uint8_t *packet, size_t pn_at, const uint8_t *plain,
		 size_t n)
{
	uint8_t secret[32], key[16], nonce[12], hp[16], mask[16];

	extract(b->version, &b->key_cid, secret);
	expand(secret, "client in", secret, sizeof secret);
	expand_quic(b->version, secret, "key", key, sizeof key);
	expand_quic(b->version, secret, "iv", nonce, sizeof nonce);
	expand_quic(b->version, secret, "hp", hp, sizeof hp);
	for (unsigned i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(b->pn >> 8 * i);
	gcm(key, nonce, packet, pn_at + b->pn_length, plain, n, packet + pn_at + b->pn_length);
	header_mask(hp, packet + pn_at + 4, mask);
	packet[0] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < b->pn_length; i++)
		packet[pn_at + i] ^= mask[1 + i];
}

size_t build_seal(const struct build_initial *b, const uint8_t *frames, size_t n, uint8_t *out)
{
	uint8_t *plain = calloc(1, BUILD_MAX);
	unsigned type = b->version == VERSION_2 ? 0xd0 : 0xc0;
	size_t at = put_ids(out, (uint8_t)((type | (b->pn_length - 1)) ^ b->first_xor), b->version,
			    &b->dcid, &b->scid);

	memcpy(plain, frames, n);
	at += build_varint(out + at, b->token_length);
	memset(out + at, 0x7e, b->token_length);
	at += b->token_length;
	/* a length field of two bytes or four, as the packet needs */
	size_t head = at + (b->size > 16000 || n > 16000 ? 4 : 2) + b->pn_length + 16;
	if (head + n < b->size)
		n = b->size - head;
	if (n < 4)
		n = 4;
	size_t length = b->pn_length + n + 16;
	if (head - at - b->pn_length - 16 == 4) {
		out[at++] = 0x80;
		out[at++] = (uint8_t)(length >> 16);
		out[at++] = (uint8_t)(length >> 8);
		out[at++] = (uint8_t)length;
	} else {
		out[at++] = (uint8_t)(0x40 | length >> 8);
		out[at++] = (uint8_t)length;
	}
	for (unsigned i = 0; i < b->pn_length; i++)
		out[at + i] = (uint8_t)(b->pn >> 8 * (b->pn_length - 1 - i));
	seal(b, out, at, plain, n);
	free(plain);
	return at + length;
}

static const char *retry_secret(uint32_t version)
{
	if (version == VERSION_2)
		return "c4dd2484d681aefa4ff4d69c2c20299984a765a5d3c31982f38fc74162155e9f";
	if (version >= 0xff00001d && version <= 0xff000020)
		return "8b0d37eb8535022ebc8d76a207d80df22646ec06dc809642c30a8baa2baaff4c";
	return "d9c9943e6101fd200021506bcc02814c73030f25c79d71ce876eca876e6fca8e";
}

size_t build_retry(uint32_t version, const struct build_cid *odcid, const struct build_cid *scid,
		   uint8_t *out)
{
	const struct build_cid none = {0};
	uint8_t pseudo[128], secret[32], key[16], nonce[12];
	size_t n = put_ids(out, version == VERSION_2 ? 0xcf : 0xff, version, &none, scid);

	memcpy(out + n, "token", 5);
	n += 5;
	pseudo[0] = odcid->n;
	memcpy(pseudo + 1, odcid->b, odcid->n);
	memcpy(pseudo + 1 + odcid->n, out, n);
	build_unhex(retry_secret(version), secret);
	expand_quic(version, secret, "key", key, sizeof key);
	expand_quic(version, secret, "iv", nonce, sizeof nonce);
	gcm(key, nonce, pseudo, 1 + odcid->n + n, NULL, 0, out + n);
	return n + 16;
}

size_t build_negotiation(const struct build_cid *client_dcid, uint32_t offered, uint8_t *out)
{
	size_t n = 0;

	out[n++] = 0x9c;
	memset(out + n, 0, 4);
	n += 4;
	out[n++] = 0;
	out[n++] = client_dcid->n;
	memcpy(out + n, client_dcid->b, client_dcid->n);
	n += client_dcid->n;
	for (unsigned i = 0; i < 4; i++)
		out[n++] = (uint8_t)(offered >> (24 - 8 * i));
	memcpy(out + n, (uint8_t[]){0x4a, 0x5a, 0x6a, 0x7a}, 4);
	return n + 4;
}

size_t build_other(unsigned bits, const struct build_cid *dcid, size_t n, uint8_t *out)
{
	size_t at = put_ids(out, (uint8_t)(0xc0 | bits << 4), 1, dcid, dcid);

	at += build_varint(out + at, n);
	memset(out + at, 0x5a, n);
	return at + n;
}

static size_t put16(uint8_t *out, size_t v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
	return 2;
}

size_t build_hello(const char *name, const char *alpn, size_t padding, uint8_t *out)
{
	size_t name_n = strlen(name), alpn_n = strlen(alpn), at = 4;

	at += put16(out + at, 0x0303);
	memset(out + at, 0x42, 32);
	at += 32;
	out[at++] = 0; /* session id */
	at += put16(out + at, 2);
	at += put16(out + at, 0x1301);
	at += put16(out + at, 0x0100); /* compression: null */
	at += put16(out + at, 9 + name_n + 7 + alpn_n + 4 + padding + 7);
	at += put16(out + at, 0);
	at += put16(out + at, name_n + 5);
	at += put16(out + at, name_n + 3);
	out[at++] = 0;
	at += put16(out + at, name_n);
	memcpy(out + at, name, name_n);
	at += name_n;
	at += put16(out + at, 16);
	at += put16(out + at, alpn_n + 3);
	at += put16(out + at, alpn_n + 1);
	out[at++] = (uint8_t)alpn_n;
	memcpy(out + at, alpn, alpn_n);
	at += alpn_n;
	at += put16(out + at, 21);
	at += put16(out + at, padding);
	for (size_t i = 0; i < padding; i++)
		out[at++] = (uint8_t)(i * 7 + i / 256);
	at += put16(out + at, 43);
	at += put16(out + at, 3);
	out[at++] = 2;
	at += put16(out + at, 0x0304);
	out[0] = 1;
	out[1] = (uint8_t)((at - 4) >> 16);
	put16(out + 2, at - 4);
	return at;
}
