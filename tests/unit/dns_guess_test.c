/* dns_is_message: what it must take and what it must not. */
#include <criterion/criterion.h>

#include "dns_build.h"
#include "guard.h"
#include "proto/dns.h"

static struct build m;

static bool is_message(const void *p, size_t n)
{
	uint8_t *copy = guard_copy(p, n);
	bool yes = dns_is_message(cur_of(copy, n));
	guard_free(copy);
	return yes;
}

#define IS(literal) is_message((literal), sizeof(literal) - 1)

static bool asks(uint16_t flags, const char *name, unsigned type, unsigned class)
{
	build_header(&m, flags, 1, 0, 0, 0);
	build_name(&m, name);
	build_u16(&m, type);
	build_u16(&m, class);
	return is_message(m.b, m.n);
}

Test(dns_guess, takes_messages)
{
	cr_expect(asks(QUERY, "example.com", DNS_A, 1));
	cr_expect(asks(QUERY, "_sip._tcp.example.com", DNS_SRV, 1));
	cr_expect(asks(QUERY, "version.bind", DNS_TXT, DNS_CH));
	cr_expect(asks(QUERY, "", DNS_NS, 1));
	cr_expect(asks(0x0120, "example.com", DNS_ANY, 1)); /* AD */
	cr_expect(asks(0x8183, "example.com", DNS_A, 1));   /* NXDOMAIN */
	cr_expect(asks(0x8380, "example.com", DNS_A, 1));   /* TC */
	cr_expect(asks(DNS_NOTIFY << 11 | 0x0400, "example.com", DNS_SOA, 1));
}

Test(dns_guess, leaves_what_is_odd)
{
	cr_expect_not(asks(QUERY | 0x40, "example.com", DNS_A, 1));      /* Z */
	cr_expect_not(asks(QUERY | 0x80, "example.com", DNS_A, 1));      /* RA in a query */
	cr_expect_not(asks(QUERY | 0x02, "example.com", DNS_A, 1));      /* a status in a query */
	cr_expect_not(asks(QUERY | 3 << 11, "example.com", DNS_A, 1));   /* opcode 3 */
	cr_expect_not(asks(QUERY, "example.com", 54, 1));                /* unassigned type */
	cr_expect_not(asks(QUERY, "example.com", DNS_OPT, 1));
	cr_expect_not(asks(QUERY, "example.com", DNS_A, 2));
	cr_expect_not(asks(QUERY, "example.com\n", DNS_A, 1));
	cr_expect_not(asks(QUERY, "\xff\xfe\x80", DNS_A, 1));
	cr_expect_not(asks(QUERY, "$$$$$.!!!!", DNS_A, 1));
	/* two questions, none, and bytes behind */
	asks(QUERY, "example.com", DNS_A, 1);
	m.b[5] = 2;
	cr_expect_not(is_message(m.b, m.n));
	m.b[5] = 0;
	cr_expect_not(is_message(m.b, m.n));
	m.b[5] = 1;
	cr_expect(is_message(m.b, m.n));
	build_lit(&m, "xyz");
	cr_expect_not(is_message(m.b, m.n));
}

Test(dns_guess, leaves_other_protocols)
{
	/* NetBIOS name service: a name query, a node status, a registration */
	cr_expect_not(IS("\x12\x34\1\x10\0\1\0\0\0\0\0\0"
			 " FEEFFDFECACACACACACACACACACACAAA\0\0 \0\1"));
	cr_expect_not(IS("\x12\x34\0\0\0\1\0\0\0\0\0\0"
			 " CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0!\0\1"));
	cr_expect_not(IS("\x12\x34\x29\x10\0\1\0\0\0\0\0\1"
			 " FEEFFDFECACACACACACACACACACACAAA\0\0 \0\1"
			 "\300\14\0 \0\1\0\4\223\340\0\6\0\0\12\0\0\1"));
	/* but names of the kind that are none stay DNS: an SRV and a long label */
	cr_expect(asks(QUERY, "FEEFFDFECACACACACACACACACACACAAA.example", DNS_A, 1));
	/* NTP client, SNMP get, STUN binding, RTP, SIP, BitTorrent, TFTP, QUIC, DHCP's start */
	cr_expect_not(IS("\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
	cr_expect_not(IS("\x30\x26\2\1\1\4\6public\xa0\x19\2\1\1\2\1\0\2\1\0\x30\x0e\x30\x0c\6\x08"
			 "\x2b\6\1\2\1\1\1\0\5\0"));
	cr_expect_not(IS("\0\1\0\0\x21\x12\xa4\x42\0\0\0\0\0\0\0\0\0\0\0\1"));
	cr_expect_not(IS("\x80\0\0\1\0\0\0\xa0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0"));
	cr_expect_not(IS("OPTIONS sip:a@example.com SIP/2.0\r\n\r\n"));
	cr_expect_not(IS("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"));
	cr_expect_not(IS("\0\1file\0octet\0"));
	cr_expect_not(IS("\xc3\0\0\0\1\x08\1\2\3\4\5\6\7\x08\0\0\x44\x9e\1\2\3\4\5\6"));
	cr_expect_not(IS("\1\1\6\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
	char zeros[512] = {0};
	for (size_t n = 0; n < sizeof zeros; n++)
		cr_expect_not(is_message(zeros, n));
}

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

/* Random bytes; and random bytes behind a header that is right. */
Test(dns_guess, leaves_noise)
{
	uint64_t state = 88172645463325252u, b[16];
	unsigned hits = 0, behind_header = 0;

	for (unsigned i = 0; i < 1000000; i++) {
		for (unsigned j = 0; j < 16; j++)
			b[j] = next(&state);
		size_t n = 12 + next(&state) % 117;
		hits += dns_is_message(cur_of(b, n));
		memcpy(b, "\1\2\1\0\0\1\0\0\0\0\0\0", 12);
		behind_header += dns_is_message(cur_of(b, n));
	}
	cr_expect_eq(hits, 0);
	cr_expect_leq(behind_header, 2);
}
