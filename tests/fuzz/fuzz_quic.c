/* QUIC up to the ClientHello. The first byte chooses what the rest is:
 *
 * even  datagrams as they are: direction and length (two bytes), bytes, and so on.
 * odd   payloads of Initial packets, which are sealed here, so that frames and reassembly are
 *       reached:
 *       a choice (below) and length (two bytes), frames, and so on.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/aes.h>
#include <nettle/gcm.h>

#include "base/cursor.h"
#include "proto/quic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define LENGTH_BITS 12
#define PACKET_MAX  (1u << 16)

static struct quic_state state;
static struct stats stats;
static struct tls_hello hello;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_state(enum parse r)
{
	check(state.stream.have <= state.stream.reach && state.stream.reach <= LIMIT_HELLO);
	check(state.packets <= LIMIT_QUIC_PACKETS && state.dcid_length <= QUIC_CID_MAX);
	check((r == PARSE_DONE) == (strlen(hello.ja4) == 36));
	if (hello.server_name.n) {
		const char *p = (const char *)state.stream.data;
		check(hello.server_name.p > p);
		check(hello.server_name.p + hello.server_name.n <= p + state.stream.have);
	}
}

/* A copy of its own size, so that a sanitizer sees one byte too far. */
static void feed(const uint8_t *p, size_t n, bool server)
{
	uint8_t *copy = malloc(n ? n : 1);

	memcpy(copy, p, n);
	struct cursor c = cur_of(copy, n);
	quic_is_client_initial(c, n);
	if (quic_is_long_header(c) && server)
		quic_server_datagram(&state, c);
	else
		check_state(quic_client_datagram(&state, c, &stats, &hello));
	free(copy);
}

static void raw_datagrams(struct cursor c)
{
	while (cur_left(&c) && !c.bad) {
		uint16_t head = cur_u16(&c);
		size_t n = head & ((1u << LENGTH_BITS) - 1);
		struct cursor d = cur_sub(&c, n < cur_left(&c) ? n : cur_left(&c));
		feed(d.p, cur_left(&d), head >> 15);
	}
}

static size_t put(uint8_t *out, size_t at, const void *p, size_t n)
{
	memcpy(out + at, p, n);
	return at + n;
}

/* choice: bit 0 another id in the header than that of the keys, bit 1 yet another id for both,
 * bit 2 version 2, bit 3 more is to come in the same datagram. */
static size_t seal(unsigned choice, uint8_t pn, struct cursor frames, uint8_t *out)
{
	static const uint8_t ids[4][9] = {"\x08keys-one", "\x08server's", "\x08keys-two",
					  "\x08the-next"};
	static const uint8_t version_1[4] = {0, 0, 0, 1}, version_2[4] = {0x6b, 0x33, 0x43, 0xcf};
	const uint8_t *key_id = ids[choice & 2];
	size_t n = cur_left(&frames) + 3; /* at least four bytes with the packet number */
	uint8_t *plain = calloc(1, n);
	struct quic_keys k;
	struct gcm_aes128_ctx gcm;
	struct aes128_ctx hp;
	uint8_t mask[16];

	memcpy(plain, frames.p, n - 3);
	quic_keys_derive(&k, choice & 4 ? QUIC_FAMILY_2 : QUIC_FAMILY_1, key_id + 1, 8);
	out[0] = choice & 4 ? 0xd0 : 0xc0;
	size_t at = put(out, 1, choice & 4 ? version_2 : version_1, 4);
	at = put(out, at, ids[choice & 3], 9);
	out[at++] = 0; /* source id */
	out[at++] = 0; /* token */
	out[at++] = (uint8_t)(0x40 | (1 + n + 16) >> 8);
	out[at++] = (uint8_t)(1 + n + 16);
	size_t pn_at = at;
	out[at++] = pn;

	k.iv[11] ^= pn;
	gcm_aes128_set_key(&gcm, k.key);
	gcm_aes128_set_iv(&gcm, sizeof k.iv, k.iv);
	gcm_aes128_update(&gcm, at, out);
	gcm_aes128_encrypt(&gcm, n, out + at, plain);
	gcm_aes128_digest(&gcm, 16, out + at + n);
	aes128_set_encrypt_key(&hp, k.hp);
	aes128_encrypt(&hp, sizeof mask, mask, out + pn_at + 4);
	out[0] ^= mask[0] & 0x0f;
	out[pn_at] ^= mask[1];
	free(plain);
	return at + n + 16;
}

static void sealed_payloads(struct cursor c)
{
	static uint8_t datagram[2 * PACKET_MAX];
	size_t used = 0;

	for (uint8_t pn = 0; cur_left(&c) && !c.bad; pn++) {
		uint16_t head = cur_u16(&c);
		size_t n = head & ((1u << LENGTH_BITS) - 1);
		struct cursor frames = cur_sub(&c, n < cur_left(&c) ? n : cur_left(&c));
		used += seal(head >> LENGTH_BITS, pn, frames, datagram + used);
		if (head >> 15 && used < PACKET_MAX && cur_left(&c))
			continue;
		feed(datagram, used, false);
		used = 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cursor c = cur_of(data, n);
	uint8_t mode = cur_u8(&c);

	quic_state_init(&state);
	hello = (struct tls_hello){0};
	if (mode & 1)
		sealed_payloads(c);
	else
		raw_datagrams(c);
	return 0;
}
