/* Connection ids, keys and versions that change while the hello is under way. */
#include "quic_feed.h"

/* The client takes up the server's id; keys stay (RFC 9001 section 5.2). */
Test(quic_change, the_client_takes_up_the_servers_id)
{
	struct build_initial b = build_initial(6, 0);

	fresh("keys-stay.example", 1500);
	cr_expect_eq(feed_part(&b, 0, 1000), PARSE_MORE);
	b.dcid = build_cid(77, 20);
	b.pn = 3;
	cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_DONE);
	expect_name("keys-stay.example");
	cr_expect_eq(stats.quic_undecryptable, 0);
}

/* Its first packet was cut by the snaplen: the id is there all the same. */
Test(quic_change, keys_from_a_cut_packet)
{
	struct build_initial b = build_initial(6, 0);

	fresh("cut.example", 300);
	seal_part(&b, 0, message_n, datagram);
	cr_expect_eq(feed(datagram, 96), PARSE_MORE);
	cr_expect_eq(stats.quic_undecryptable, 1);
	b.dcid = build_cid(77, 4);
	b.pn = 1;
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_DONE);
	expect_name("cut.example");
}

/* seen: the sensor sees the Retry; else it finds the keys by itself. */
static void retry_flow(uint32_t version, bool seen)
{
	struct build_initial b = build_initial(7, 0);
	struct build_cid next = build_cid(70, 15);
	uint8_t retry[128];

	fresh("before.example", 1500);
	b.version = version;
	cr_expect_eq(feed_part(&b, 0, 1000), PARSE_MORE);
	if (seen)
		feed_server(retry, build_retry(version, &b.key_cid, &next, retry));
	cr_expect_eq(s.retried, seen);
	message_n = build_hello("after.example", "h3", 1500, message);
	b.key_cid = b.dcid = next;
	b.token_length = 200;
	b.pn = 1;
	cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_MORE);
	b.dcid = build_cid(71, 8); /* by now the server has answered */
	b.pn = 2;
	cr_expect_eq(feed_part(&b, 0, 1000), PARSE_DONE);
	expect_name("after.example");
	cr_expect_eq(stats.quic_undecryptable, 0);
}

Test(quic_change, retry)
{
	retry_flow(1, true);
	retry_flow(1, false);
	retry_flow(QUIC_VERSION_2, true);
	retry_flow(QUIC_VERSION_2, false);
	retry_flow(0xff00001d, true);
	retry_flow(0xff00001b, false);
}

Test(quic_change, forged_and_second_retries_are_ignored)
{
	struct build_initial b = build_initial(7, 0);
	struct build_cid next = build_cid(70, 8), wrong = build_cid(8, 8);
	uint8_t retry[128];

	fresh("retry.example", 1500);
	feed_server(retry, build_retry(1, &b.key_cid, &next, retry));
	cr_expect_not(s.retried, "nothing sent yet");
	feed_part(&b, 0, 1000);
	feed_server(retry, build_retry(1, &wrong, &next, retry));
	cr_expect_not(s.retried);
	feed_server(retry, build_retry(QUIC_VERSION_2, &b.key_cid, &next, retry));
	cr_expect_not(s.retried);
	size_t n = build_retry(1, &b.key_cid, &next, retry);
	feed_server(retry, n);
	cr_expect(s.retried);
	n = build_retry(1, &next, &wrong, retry);
	feed_server(retry, n);
	b.key_cid = b.dcid = next;
	cr_expect_eq(memcmp(s.dcid, next.b, 8), 0);
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_DONE);
}

Test(quic_change, version_negotiation)
{
	struct build_initial b = build_initial(8, 0);
	uint8_t vn[64];

	/* a reserved version, then version 1 with the same id */
	fresh("negotiated.example", 0);
	b.version = 0x1a2a3a4a;
	seal_part(&b, 0, message_n, datagram);
	cr_expect(quic_is_long_header(cur_of(datagram, 1200)));
	cr_expect_not(quic_is_client_initial(cur_of(datagram, 1200), 1200));
	cr_expect_eq(feed(datagram, 1200), PARSE_MORE);
	feed_server(vn, build_negotiation(&b.dcid, 1, vn));
	b.version = 1;
	cr_expect_eq(feed_part(&b, 0, message_n), PARSE_DONE);
	cr_expect_eq(stats.quic_version_unknown, 0);

	/* version 2, then version 1, the hello beginning anew; Version Negotiation seen or not */
	for (int seen = 0; seen < 2; seen++) {
		b = build_initial(8, 300);
		b.version = QUIC_VERSION_2;
		fresh("gone.example", 1500);
		cr_expect_eq(feed_part(&b, 0, 1000), PARSE_MORE);
		size_t n = build_negotiation(&b.dcid, 1, vn);
		cr_expect(quic_is_long_header(cur_of(vn, n)));
		if (seen)
			feed_server(vn, n);
		quic_hello(&s, &hello);
		cr_expect_eq(hello.has_sni, !seen);
		message_n = build_hello("came.example", "h3", 1500, message);
		b.version = 1;
		b.pn = 0;
		b.pn_length = 1;
		cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_MORE);
		b.pn++;
		cr_expect_eq(feed_part(&b, 0, 1000), PARSE_DONE);
		expect_name("came.example");
	}
}

Test(quic_change, forged_version_negotiation_is_ignored)
{
	struct build_initial b = build_initial(8, 0);
	struct build_cid wrong = build_cid(9, 8);
	uint8_t vn[64];

	fresh("still.example", 1500);
	feed_part(&b, 0, 1000);
	feed_server(vn, build_negotiation(&wrong, QUIC_VERSION_2, vn));
	cr_expect_eq(s.version, 1);
	feed_server(vn, build_negotiation(&b.dcid, 1, vn)); /* lists the version in use */
	cr_expect_eq(s.version, 1);
	cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_DONE);
}

/* RFC 9368, RFC 9369 section 4.1: the version changes, keys of the first id, stream goes on. */
Test(quic_change, compatible_version_negotiation)
{
	struct build_initial b = build_initial(8, 0);

	fresh("compatible.example", 1500);
	cr_expect_eq(feed_part(&b, 0, 1000), PARSE_MORE);
	b.version = QUIC_VERSION_2;
	b.dcid = build_cid(9, 8);
	b.pn = 1;
	cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_DONE);
	expect_name("compatible.example");
	cr_expect_eq(s.version, QUIC_VERSION_2);
}

Test(quic_change, another_connection_on_the_same_ports)
{
	struct build_initial a = build_initial(10, 400), b = build_initial(11, 0);

	fresh("old.example", 1500);
	cr_expect_eq(feed_part(&a, 0, 1000), PARSE_MORE);
	message_n = build_hello("new.example", "h3", 1500, message);
	b.pn_length = 1;
	cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_MORE);
	cr_expect_not(hello.has_sni, "nothing of the old one is left");
	b.pn = 1;
	cr_expect_eq(feed_part(&b, 0, 1000), PARSE_DONE);
	expect_name("new.example");
	b = build_initial(12, 0);
	cr_expect_eq(feed_part(&b, 1000, message_n), PARSE_DONE, "done it stays");
	expect_name("new.example");
}
