#include <criterion/criterion.h>
#include <string.h>

#include "core/limits.h"
#include "proto/quic_crypto.h"
#include "quic_build.h"
#include "quic_vectors.h"

static const uint8_t dcid[8] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

static void expect_hex(const uint8_t *got, const char *hex)
{
	uint8_t want[64];
	size_t n = build_unhex(hex, want);

	cr_expect_eq(memcmp(got, want, n), 0, "want %s", hex);
}

Test(quic_crypto, keys_of_the_rfcs)
{
	struct quic_keys k;

	quic_keys_derive(&k, QUIC_FAMILY_1, dcid, sizeof dcid);
	expect_hex(k.key, "1f369613dd76d5467730efcbe3b1a22d");
	expect_hex(k.iv, "fa044b2f42a3fd3b46fb255c");
	expect_hex(k.hp, "9f50449e04a0e810283a1e9933adedd2");
	quic_keys_derive(&k, QUIC_FAMILY_2, dcid, sizeof dcid);
	expect_hex(k.key, "8b1a0bc121284290a29e0971b5cd045d");
	expect_hex(k.iv, "91f73e2351d8fa91660e909f");
	expect_hex(k.hp, "45b95e15235d6f45a6b19cbcb0294ba9");
}

static void opens_vector(enum quic_family family, const char *hex)
{
	static uint8_t packet[1200], scratch[1200], frame[300];
	struct quic_keys k;
	struct cursor payload;
	uint64_t pn = 0;
	size_t n = build_unhex(hex, packet), frame_n = build_unhex(vector_crypto_frame, frame);

	cr_assert_eq(n, 1200);
	quic_keys_derive(&k, family, dcid, sizeof dcid);
	cr_assert(quic_packet_open(&k, packet, n, 18, scratch, &payload, &pn));
	cr_expect_eq(pn, 2);
	cr_expect_eq(cur_left(&payload), 1162);
	cr_expect_eq(memcmp(payload.p, frame, frame_n), 0);
	for (const uint8_t *p = payload.p + frame_n; p < payload.end; p++)
		cr_assert_eq(*p, 0);
}

Test(quic_crypto, sample_packets_of_the_rfcs)
{
	opens_vector(QUIC_FAMILY_1, vector_initial_1);
	opens_vector(QUIC_FAMILY_2, vector_initial_2);
}

/* Whatever bit changes, the packet is refused and the expected number stays. */
Test(quic_crypto, every_damaged_byte_is_noticed)
{
	static uint8_t packet[1200], scratch[1200];
	struct quic_keys k;
	struct cursor payload;
	size_t n = build_unhex(vector_initial_1, packet);

	quic_keys_derive(&k, QUIC_FAMILY_1, dcid, sizeof dcid);
	for (size_t i = 0; i < n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			uint64_t pn = 7;
			packet[i] ^= (uint8_t)(1u << bit);
			cr_assert_not(quic_packet_open(&k, packet, n, 18, scratch, &payload, &pn));
			cr_assert_eq(pn, 7);
			packet[i] ^= (uint8_t)(1u << bit);
		}
	}
	for (size_t cut = 0; cut < n; cut++) {
		uint64_t pn = 0;
		cr_assert_not(quic_packet_open(&k, packet, cut, 18, scratch, &payload, &pn));
	}
}

static void opens_number(uint64_t pn, unsigned length, uint64_t expected)
{
	static uint8_t packet[BUILD_MAX], scratch[BUILD_MAX];
	struct build_initial b = build_initial(3, pn);
	struct quic_keys k;
	struct cursor payload;
	const uint8_t ping = 1;
	uint64_t got = expected;

	b.pn_length = length;
	b.size = 0;
	size_t n = build_seal(&b, &ping, 1, packet);
	/* header: ids of 8 and 5 bytes, no token, two bytes of length */
	size_t pn_at = 5 + 1 + 8 + 1 + 5 + 1 + 2; /* 23 */
	quic_keys_derive(&k, QUIC_FAMILY_1, b.key_cid.b, b.key_cid.n);
	cr_assert(quic_packet_open(&k, packet, n, pn_at, scratch, &payload, &got), "%lu in %u",
		  (unsigned long)pn, length);
	cr_expect_eq(got, pn);
	cr_expect_eq(payload.p[0], ping);
}

/* RFC 9000 appendix A.3. */
Test(quic_crypto, packet_numbers)
{
	opens_number(0, 1, 0);
	opens_number(127, 1, 0);
	opens_number(256, 1, 250);
	opens_number(250, 1, 256);
	opens_number(256, 1, 128);
	opens_number(129, 1, 129 + 127);
	opens_number(255, 1, 382);
	opens_number(511, 1, 383);
	opens_number(0xa82f9b32, 2, 0xa82f30eb);
	opens_number(0xffff, 2, 0x10005);
	opens_number(0x1000000, 3, 0xfffffe);
	opens_number(0x7fffffff, 4, 0);
	opens_number((UINT64_C(1) << 62) - 1, 1, (UINT64_C(1) << 62) - 1);
}

/* Whoever gets such a packet must close the connection (RFC 9000 section 17.2). */
Test(quic_crypto, reserved_bits_are_zero)
{
	static uint8_t packet[BUILD_MAX], scratch[BUILD_MAX];

	for (unsigned reserved = 0; reserved < 4; reserved++) {
		struct build_initial b = build_initial(4, 0);
		struct quic_keys k;
		struct cursor payload;
		uint64_t pn = 0;
		b.first_xor = (uint8_t)(reserved << 2);
		size_t n = build_seal(&b, (const uint8_t *)"\1", 1, packet);
		quic_keys_derive(&k, QUIC_FAMILY_1, b.key_cid.b, b.key_cid.n);
		cr_expect_eq(quic_packet_open(&k, packet, n, 23, scratch, &payload, &pn),
			     reserved == 0);
	}
}

Test(quic_crypto, retry_of_the_rfcs)
{
	uint8_t p[36];
	const struct {
		enum quic_family family;
		const char *hex;
	} v[] = {{QUIC_FAMILY_1, vector_retry_1}, {QUIC_FAMILY_2, vector_retry_2}};

	for (size_t i = 0; i < 2; i++) {
		size_t n = build_unhex(v[i].hex, p);
		cr_expect(quic_retry_valid(v[i].family, dcid, sizeof dcid, p, n));
		cr_expect_not(quic_retry_valid(v[i].family, dcid, 7, p, n));
		cr_expect_not(quic_retry_valid(v[1 - i].family, dcid, sizeof dcid, p, n));
		for (size_t at = 0; at < n; at++) {
			p[at] ^= 0x10;
			cr_expect_not(quic_retry_valid(v[i].family, dcid, sizeof dcid, p, n));
			p[at] ^= 0x10;
			cr_expect_not(quic_retry_valid(v[i].family, dcid, sizeof dcid, p, at));
		}
	}
}

Test(quic_crypto, retry_of_every_length_of_id)
{
	static const struct {
		enum quic_family family;
		uint32_t version;
	} v[] = {{QUIC_FAMILY_1, 1},
		 {QUIC_FAMILY_1, 0xff000022},
		 {QUIC_FAMILY_2, QUIC_VERSION_2},
		 {QUIC_FAMILY_DRAFT_29, 0xff00001d}};
	uint8_t p[128];

	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		for (uint8_t a = 0; a <= 20; a++) {
			struct build_cid odcid = build_cid(1, a), scid = build_cid(2, 20 - a);
			size_t n = build_retry(v[i].version, &odcid, &scid, p);
			cr_expect(quic_retry_valid(v[i].family, odcid.b, a, p, n));
			cr_expect_not(quic_retry_valid(QUIC_FAMILY_DRAFT_23, odcid.b, a, p, n));
		}
	}
}
