#include "core/record.h"
#include "quic_feed.h"
#include "quic_vectors.h"

Test(quic, sample_packets_of_the_rfcs)
{
	const char *hex[] = {vector_initial_1, vector_initial_2};

	for (size_t i = 0; i < 2; i++) {
		fresh("", 0);
		size_t n = build_unhex(hex[i], datagram);
		cr_expect(quic_is_client_initial(cur_of(datagram, n), n));
		cr_expect_eq(feed(datagram, n), PARSE_DONE);
		expect_name("example.com");
		cr_expect_eq(feed(datagram, n), PARSE_DONE, "done it stays");
		cr_expect_eq(stats.quic_undecryptable, 0);
	}
}

Test(quic, all_versions)
{
	static const uint32_t versions[] = {
		1,	    0x6b3343cf, 0xff000017, 0xff000018, 0xff000019, 0xff00001a,
		0xff00001b, 0xff00001c, 0xff00001d, 0xff00001e, 0xff00001f, 0xff000020,
		0xff000021, 0xff000022, 0xfaceb001, 0xfaceb002,
	};

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		struct build_initial b = build_initial((uint8_t)i, i);
		fresh("drive.example.org", 0);
		b.version = versions[i];
		cr_expect_eq(feed_part(&b, 0, message_n), PARSE_DONE, "%x", versions[i]);
		expect_name("drive.example.org");
		cr_expect(str_eq(hello.alpn.item[0], STR("h3")));
		cr_expect_eq(hello.ja4[0], 'q');
		cr_expect_str_neq(quic_version_name(versions[i]), "unknown");
	}
}

Test(quic, dns_over_quic_by_alpn)
{
	struct build_initial b = build_initial(1, 0);

	fresh("", 0);
	message_n = build_hello("dns.example", "doq", 0, message);
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_DONE);
	cr_expect(hello.hides & HIDES_DOQ);
}

/* A hello of four datagrams in each of their 24 orders, every one sent twice. */
Test(quic, split_over_datagrams_in_any_order)
{
	for (unsigned order = 0; order < 24; order++) {
		unsigned left[4] = {0, 1, 2, 3}, code = order;
		enum parse r = PARSE_BAD;
		fresh("uploads.example.net", 3900);
		for (unsigned i = 4; i > 0; i--) {
			unsigned pick = code % i, part = left[pick];
			code /= i;
			memmove(left + pick, left + pick + 1, (3 - pick) * sizeof *left);
			struct build_initial b = build_initial(9, part);
			b.pn_length = 1 + part;
			size_t to = part == 3 ? message_n : (part + 1) * 1000;
			cr_assert_eq(r == PARSE_DONE, false);
			r = feed_part(&b, part * 1000, to);
			cr_expect_eq(feed_part(&b, part * 1000, to), r, "its copy");
		}
		cr_expect_eq(r, PARSE_DONE);
		expect_name("uploads.example.net");
	}
}

/* Numbers of one byte that go on past 255, some late. */
Test(quic, short_packet_numbers)
{
	static const uint64_t numbers[] = {0, 100, 220, 300, 299, 400, 290, 500};
	struct build_initial b = build_initial(3, 0);

	fresh("numbers.example", 500);
	b.pn_length = 1;
	for (size_t i = 0; i < 8; i++) {
		b.pn = numbers[i];
		cr_expect_eq(feed_part(&b, i * 50, i * 50 + 50), PARSE_MORE);
	}
	cr_expect_eq(stats.quic_undecryptable, 0);
	cr_expect_eq(s.stream.have, 400);
}

Test(quic, the_name_shows_before_the_end)
{
	struct build_initial b = build_initial(1, 0);

	fresh("early.example", 2000);
	cr_expect_eq(feed_part(&b, 1000, 2000), PARSE_MORE);
	cr_expect_not(hello.has_sni);
	cr_expect_eq(feed_part(&b, 0, 1000), PARSE_MORE);
	expect_name("early.example");
	hello = (struct tls_hello){0};
	cr_expect_eq(quic_hello(&s, &hello), PARSE_MORE);
	expect_name("early.example");
}

/* Single bytes, the even ones first, backwards, with PADDING, PING and ACK between. */
Test(quic, scrambled_to_single_bytes)
{
	static uint8_t frames[BUILD_MAX];
	struct build_initial b = build_initial(2, 0);
	enum parse r = PARSE_MORE;

	fresh("scrambled.example", 200);
	for (int odd = 0; odd < 2; odd++) {
		for (size_t end = message_n; end > 0 && r == PARSE_MORE;) {
			size_t n = 0;
			for (; end > 0 && n < 1000; end--) {
				if ((end - 1) % 2 != (size_t)odd)
					continue;
				n += build_crypto(frames + n, end - 1, message + end - 1, 1);
				memcpy(frames + n, (uint8_t[]){0, 0, 1, 2, 9, 0, 0, 3}, 8);
				n += 8;
			}
			r = feed_frames(&b, frames, n);
			b.pn++;
		}
	}
	cr_expect_eq(r, PARSE_DONE);
	expect_name("scrambled.example");
}

Test(quic, where_pieces_differ_the_last_bytes_stay)
{
	static uint8_t frames[BUILD_MAX], other[LIMIT_HELLO];
	struct build_initial b = build_initial(2, 0);

	fresh("first.example", 600);
	build_hello("other.example", "h3", 600, other);
	cr_expect_eq(feed_part(&b, 40, 400), PARSE_MORE);
	b.pn++;
	size_t n = build_crypto(frames, 0, other, message_n);
	cr_expect_eq(feed_frames(&b, frames, n), PARSE_DONE);
	expect_name("other.example");
	cr_expect(s.stream.differs);
}

Test(quic, coalesced_packets)
{
	struct build_initial b = build_initial(4, 0);
	struct build_cid other = build_cid(99, 8);
	size_t n;

	fresh("coalesced.example", 1200);
	b.size = 0;
	n = build_other(1, &b.dcid, 333, datagram);
	n += build_other(2, &b.dcid, 44, datagram + n);
	n += seal_part(&b, 700, message_n, datagram + n);
	b.pn = 1;
	n += build_other(1, &other, 20, datagram + n); /* of another id: skipped */
	memset(datagram + n, 0, 77);
	n += 77;
	n += seal_part(&b, 0, 700, datagram + n);
	memset(datagram + n, 0x33, 50); /* garbage */
	n += 50;
	cr_expect(quic_is_long_header(cur_of(datagram, n)));
	cr_expect_eq(feed(datagram, n), PARSE_DONE);
	expect_name("coalesced.example");
	cr_expect_eq(stats.quic_undecryptable, 0);
}

Test(quic, packets_of_another_id_in_the_datagram_are_left_out)
{
	struct build_initial a = build_initial(4, 0), b = build_initial(5, 0);

	fresh("decoy.example", 0);
	size_t n = build_other(1, &a.dcid, 20, datagram);
	n += seal_part(&b, 0, message_n, datagram + n);
	cr_expect_eq(feed(datagram, n), PARSE_MORE);
	cr_expect_not(hello.has_sni);
}

Test(quic, damaged_packets_are_counted_and_no_reason_to_give_up)
{
	struct build_initial b = build_initial(12, 0);

	fresh("damaged.example", 0);
	size_t n = seal_part(&b, 0, message_n, datagram);
	datagram[n - 1] ^= 1;
	cr_expect_eq(feed(datagram, n), PARSE_MORE);
	cr_expect_eq(stats.quic_undecryptable, 1);
	datagram[n - 1] ^= 1;
	datagram[7] ^= 1; /* in the id: another, with other keys */
	cr_expect_eq(feed(datagram, n), PARSE_MORE);
	datagram[7] ^= 1;
	cr_expect_eq(feed(datagram, n), PARSE_DONE);
	cr_expect_eq(stats.quic_undecryptable, 2);
}

Test(quic, what_cannot_begin_a_connection)
{
	struct build_initial b = build_initial(13, 0);
	struct build_cid none = {0};
	uint8_t p[128] = {0x40, 1, 2, 3};

	fresh("", 0);
	cr_expect_eq(feed(p, 60), PARSE_BAD, "short header");
	fresh("", 0);
	cr_expect_eq(feed(p, build_retry(1, &b.dcid, &none, p)), PARSE_BAD, "Retry");
	fresh("", 0);
	cr_expect_eq(feed(p, build_negotiation(&b.dcid, 1, p)), PARSE_BAD, "Version Negotiation");
	fresh("", 0);
	cr_expect_eq(feed(p, build_other(2, &b.dcid, 50, p)), PARSE_BAD, "Handshake");
	fresh("", 0);
	cr_expect_eq(feed(p, build_other(1, &b.dcid, 50, p)), PARSE_MORE, "0-RTT");
	fresh("", 0);
	b.version = 0x51303436;
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_BAD, "unknown version");
	cr_expect_eq(stats.quic_version_unknown, 1);
	cr_expect_not(quic_is_long_header(cur_of(datagram, 1200)));
	b.version = 1;
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_DONE);
	fresh("", 0);
	memset(message, 2, 10);
	cr_expect_eq(feed_part(&b, 0, 10), PARSE_BAD, "no ClientHello");
}

Test(quic, the_bounds)
{
	struct build_initial b = build_initial(14, 0);
	size_t n;

	fresh("bounds.example", 0);
	n = seal_part(&b, 0, message_n, datagram);
	datagram[n - 1] ^= 1;
	for (unsigned i = 1; i < LIMIT_QUIC_PACKETS; i++)
		cr_expect_eq(feed(datagram, n), PARSE_MORE);
	cr_expect_eq(feed(datagram, n), PARSE_BAD);

	/* as many glued into one datagram */
	fresh("bounds.example", 0);
	b.size = 0;
	n = seal_part(&b, 0, 20, datagram);
	for (unsigned i = 1; i < LIMIT_QUIC_PACKETS + 9; i++)
		memcpy(datagram + i * n, datagram, n);
	cr_expect_eq(feed(datagram, (LIMIT_QUIC_PACKETS + 9) * n), PARSE_BAD);

	/* datagrams without an Initial packet */
	fresh("bounds.example", 0);
	cr_expect_eq(feed_part(&b, 0, 20), PARSE_MORE);
	uint8_t one_rtt[50] = {0x41, 7};
	for (unsigned i = 2; i < LIMIT_QUIC_PACKETS; i++)
		cr_expect_eq(feed(one_rtt, sizeof one_rtt), PARSE_MORE);
	for (unsigned i = 0; i < 300; i++)
		cr_expect_eq(feed(one_rtt, sizeof one_rtt), PARSE_BAD, "and so it stays");

	/* the largest packet that is decrypted, and one more byte */
	fresh("bounds.example", 0);
	b.size = LIMIT_QUIC_PACKET;
	cr_expect_eq(feed_part(&b, 0, 20), PARSE_MORE);
	cr_expect_eq(stats.quic_undecryptable, 0);
	b.size++;
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_MORE);
	cr_expect_eq(stats.quic_undecryptable, 1);
}

Test(quic, a_hello_as_long_as_is_taken)
{
	for (size_t more = 0; more < 2; more++) {
		struct build_initial b = build_initial(15, 0);
		enum parse r = PARSE_MORE;
		fresh("long.example", 0);
		fresh("long.example", LIMIT_HELLO - message_n + more);
		cr_assert_eq(message_n, LIMIT_HELLO + more);
		for (size_t at = 0; at < message_n && r == PARSE_MORE; at += 1100, b.pn++) {
			size_t to = at + 1100 < message_n ? at + 1100 : message_n;
			r = feed_part(&b, at, to);
		}
		cr_expect_eq(r, more ? PARSE_BAD : PARSE_DONE);
	}
}

Test(quic, every_prefix_is_more)
{
	struct build_initial b = build_initial(16, 0);

	fresh("prefix.example", 0);
	b.token_length = 30;
	b.size = 1300;
	size_t n = seal_part(&b, 0, message_n, datagram);
	for (size_t cut = 0; cut < n; cut++) {
		quic_state_init(&s);
		cr_assert_eq(feed(datagram, cut), PARSE_MORE, "%zu", cut);
		cr_assert_not(hello.has_sni);
		cr_assert(!quic_is_client_initial(cur_of(datagram, cut), cut));
	}
	cr_expect(quic_is_client_initial(cur_of(datagram, 100), n));
	cr_expect_not(quic_is_client_initial(cur_of(datagram, 100), n - 1));
	quic_state_init(&s);
	cr_expect_eq(feed(datagram, n), PARSE_DONE);
}

/* The AEAD covers all of it: no byte may change and still be believed. */
Test(quic, no_mutation_is_believed)
{
	struct build_initial b = build_initial(17, 0);

	fresh("mutation.example", 0);
	size_t n = seal_part(&b, 0, message_n, datagram);
	for (size_t at = 0; at < n; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			datagram[at] ^= (uint8_t)(1u << bit);
			quic_state_init(&s);
			cr_assert_neq(feed(datagram, n), PARSE_DONE, "byte %zu bit %u", at, bit);
			feed_server(datagram, n);
			datagram[at] ^= (uint8_t)(1u << bit);
		}
	}
}

Test(quic, what_looks_like_quic)
{
	struct build_initial b = build_initial(18, 0);
	uint8_t rtp[40] = {0x80, 0, 0, 0, 1, 8};

	fresh("looks.example", 0);
	cr_expect_not(quic_is_long_header(cur_of(rtp, sizeof rtp)), "RTP");
	rtp[4] = 0;
	cr_expect_not(quic_is_long_header(cur_of(rtp, sizeof rtp - 1)), "RTP");
	cr_expect_not(quic_is_long_header(cur_of(rtp, 0)));

	/* the fixed bit may be cleared with a token only (RFC 9287) */
	b.first_xor = 0x40;
	size_t n = seal_part(&b, 0, message_n, datagram);
	cr_expect_not(quic_is_client_initial(cur_of(datagram, n), n));
	b.token_length = 40;
	n = seal_part(&b, 0, message_n, datagram);
	cr_expect(quic_is_client_initial(cur_of(datagram, n), n));
	cr_expect_eq(feed(datagram, n), PARSE_DONE);

	/* a server's, or a client's with an id that is too short */
	b = build_initial(18, 0);
	b.dcid.n = 7;
	n = seal_part(&b, 0, message_n, datagram);
	cr_expect_not(quic_is_client_initial(cur_of(datagram, n), n));
	cr_expect(quic_is_long_header(cur_of(datagram, n)));
	b.dcid.n = 8;
	b.size = 1199;
	n = seal_part(&b, 0, message_n, datagram);
	cr_expect_not(quic_is_client_initial(cur_of(datagram, n), n));
}
