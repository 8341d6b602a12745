#include <criterion/criterion.h>
#include <stdio.h>

#include "core/hostname.h"
#include "dns_build.h"
#include "guard.h"

static struct build m;

/* The name that stands at `at` of what was built, read right before a guard page. "" = malformed.
 * *after gets the offset behind it. */
static const char *name_at(size_t at, size_t *after)
{
	static char out[HOSTNAME_MAX];
	uint8_t *copy = guard_copy(m.b, m.n);
	struct cursor message = cur_of(copy, m.n), c = message;

	cur_skip(&c, at);
	size_t n = hostname_from_dns(message, &c, out);
	cr_assert_eq(n, strlen(out));
	cr_assert_eq(n == 0, c.bad);
	if (after)
		*after = (size_t)(c.p - copy);
	guard_free(copy);
	return out;
}

#define expect_name(at, text) cr_expect_str_eq(name_at((at), NULL), (text))

Test(hostname, from_dns_plain)
{
	size_t after;

	m.n = 0;
	build_name(&m, "wWw.eXaMpLe.CoM");
	cr_expect_str_eq(name_at(0, &after), "www.example.com");
	cr_expect_eq(after, m.n);
	m.n = 0;
	build_u8(&m, 0);
	cr_expect_str_eq(name_at(0, &after), ".");
	cr_expect_eq(after, 1);
	m.n = 0;
	build_name(&m, "_dns-sd._udp.xn--bcher-kva.example");
	expect_name(0, "_dns-sd._udp.xn--bcher-kva.example");
}

/* Every label length, near and far from the end of the message, with and without capitals. */
Test(hostname, from_dns_every_length)
{
	for (unsigned n = 1; n <= 63; n++) {
		for (unsigned behind = 0; behind < 40; behind++) {
			char label[64] = "", want[80];
			for (unsigned i = 0; i < n; i++)
				label[i] = (char)((i % 2 ? 'A' : 'a') + i % 26);
			m.n = 0;
			build_name(&m, label);
			for (unsigned i = 0; i < behind; i++)
				build_u8(&m, 0xff);
			for (unsigned i = 0; i <= n; i++)
				want[i] = ascii_lower(label[i]);
			expect_name(0, want);
		}
	}
}

/* Every byte at every place of a label, against the rule spelled out. */
Test(hostname, from_dns_every_byte)
{
	for (unsigned c = 0; c < 256; c++) {
		for (unsigned at = 0; at < 20; at++) {
			char label[21] = "abcdefghijklmnopqrst", want[64];
			label[at] = (char)c;
			m.n = 0;
			build_u8(&m, 20);
			build_bytes(&m, label, 20);
			build_lit(&m, "\3COM\0 some bytes behind it");
			size_t n = 0;
			for (unsigned i = 0; i < 20; i++) {
				uint8_t b = (uint8_t)label[i];
				if (b <= 0x20 || b >= 0x7f || b == '.' || b == '\\')
					n += (size_t)sprintf(want + n, "\\%03u", b);
				else
					want[n++] = ascii_lower((char)b);
			}
			strcpy(want + n, ".com");
			expect_name(0, want);
		}
	}
}

Test(hostname, from_dns_escapes_keep_names_apart)
{
	char dot[HOSTNAME_MAX], label[HOSTNAME_MAX];

	m.n = 0;
	build_lit(&m, "\7a.b\\c\0\xe4\0");
	expect_name(0, "a\\046b\\092c\\000\\228");
	m.n = 0;
	build_lit(&m, "\3a.b\0");
	strcpy(label, name_at(0, NULL));
	m.n = 0;
	build_name(&m, "a.b");
	strcpy(dot, name_at(0, NULL));
	cr_expect_str_neq(dot, label);
}

Test(hostname, from_dns_limits)
{
	char label[64] = {0};

	/* 63 + 1 three times, 61 + 1, root: 255 bytes, the longest name there is */
	memset(label, 0xff, 63);
	m.n = 0;
	for (int i = 0; i < 3; i++)
		build_name(&m, label), m.n--;
	label[61] = 0;
	build_name(&m, label);
	cr_assert_eq(m.n, 255);
	cr_expect_eq(strlen(name_at(0, NULL)), 250 * 4 + 3);
	/* one more */
	m.n = 0;
	label[61] = (char)0xff;
	for (int i = 0; i < 4; i++) {
		label[62] = i < 3 ? (char)0xff : 0;
		build_name(&m, label), m.n -= i < 3;
	}
	cr_assert_eq(m.n, 256);
	expect_name(0, "");
	/* 127 labels of one byte, and 128 */
	m.n = 0;
	for (int i = 0; i < 127; i++)
		build_lit(&m, "\1A");
	build_u8(&m, 0);
	cr_expect_eq(strlen(name_at(0, NULL)), 253);
	m.n--;
	build_lit(&m, "\1A\0");
	expect_name(0, "");
}

Test(hostname, from_dns_pointers)
{
	size_t after;

	m.n = 0;
	build_name(&m, "Example.com");
	size_t www = m.n;
	build_labels(&m, "www");
	build_pointer(&m, 0);
	size_t again = m.n;
	build_pointer(&m, www);
	cr_expect_str_eq(name_at(www, &after), "www.example.com");
	cr_expect_eq(after, again);
	cr_expect_str_eq(name_at(again, &after), "www.example.com");
	cr_expect_eq(after, m.n);
	/* to the root label of another name */
	m.n = 0;
	build_name(&m, "com");
	build_pointer(&m, 4);
	expect_name(5, ".");
	/* into a header, which is unwise but backwards: what a resolver does, too */
	build_header(&m, QUERY, 0, 0, 0, 0);
	m.b[0] = 1, m.b[1] = 'a', m.b[2] = 0;
	build_pointer(&m, 0);
	expect_name(12, "a");
}

Test(hostname, from_dns_pointers_that_do_not_lead_backwards)
{
	static const struct {
		const char *bytes;
		size_t n, at;
	} bad[] = {
		{"\xc0\x00", 2, 0},             /* itself */
		{"\xc0\x02\0", 3, 0},           /* forwards */
		{"\1a\xc0\x00", 4, 0},          /* the start of its own name */
		{"\1a\xc0\x02", 4, 0},          /* its own place */
		{"\1a\1b\xc0\x02\0", 7, 0},     /* a label of its own name */
		{"\xc0\x02\xc0\x00", 4, 0},     /* two that lead to each other */
		{"\xc0\x02\xc0\x00", 4, 2},
		{"\xc0", 1, 0},                 /* half of one */
		{"\xff\xff", 2, 0},             /* outside */
		{"\0\xc0", 2, 1},
		{"\1a\xc0\x00\1b\xc0\x02", 8, 4}, /* backwards, then a loop */
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		m.n = 0;
		build_bytes(&m, bad[i].bytes, bad[i].n);
		cr_expect_str_eq(name_at(bad[i].at, NULL), "", "case %zu", i);
	}
}

Test(hostname, from_dns_malformed)
{
	m.n = 0;
	cr_expect_str_eq(name_at(0, NULL), ""); /* nothing */
	for (unsigned type = 0x40; type < 0xc0; type++) { /* reserved label types */
		m.n = 0;
		build_u8(&m, type);
		build_bytes(&m, (char[200]){0}, 200);
		expect_name(0, "");
	}
	/* every prefix of a name ends too early */
	m.n = 0;
	build_name(&m, "www.example.com");
	for (size_t whole = m.n; m.n-- > 0;) {
		expect_name(0, "");
		cr_assert_lt(m.n, whole);
	}
}

/* A name may not pass the end of what the caller gave, unless a pointer leads away from it. */
Test(hostname, from_dns_stays_inside_its_cursor)
{
	char out[HOSTNAME_MAX];

	m.n = 0;
	build_name(&m, "example.com");
	struct cursor c = cur_of(m.b, 9);
	cr_expect_eq(hostname_from_dns(build_cursor(&m), &c, out), 0);
	cr_expect(c.bad);
	cr_expect_str_empty(out);
}

/* Pointers to pointers: 128 of them are followed, which is more than any name can use. */
Test(hostname, from_dns_pointer_chain)
{
	m.n = 0;
	build_name(&m, "a");
	build_pointer(&m, 0);
	for (int i = 1; i < 200; i++)
		build_pointer(&m, m.n - 2);
	expect_name(3 + 2 * 127, "a");
	expect_name(3 + 2 * 128, "");
	/* each label behind a pointer of its own, as many as there can be */
	m.n = 0;
	build_u8(&m, 0);
	for (size_t i = 0, last = 0; i < 127; i++) {
		size_t here = m.n;
		build_lit(&m, "\1x");
		build_pointer(&m, last);
		last = here;
	}
	cr_expect_eq(strlen(name_at(m.n - 4, NULL)), 253);
}

static const char *text(const char *in, size_t n)
{
	static char out[HOSTNAME_MAX];
	uint8_t *copy = guard_copy(in, n);

	cr_assert_eq(hostname_from_text((struct str){(char *)copy, n}, out), strlen(out));
	guard_free(copy);
	return out;
}

Test(hostname, from_text)
{
	static const struct {
		const char *in, *out;
	} pairs[] = {
		{"", ""},
		{".", "."},
		{"Example.COM", "example.com"},
		{"example.com.", "example.com"},
		{"example.com..", "example.com."},
		{"a b", "a\\032b"},
		{"a\tb\nc", "a\\009b\\010c"},
		{"back\\slash", "back\\092slash"},
		{"b\xc3\xbc" "cher.example", "b\\195\\188cher.example"},
		{"\x7f", "\\127"},
		{"*.Example.com", "*.example.com"},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		cr_expect_str_eq(text(pairs[i].in, strlen(pairs[i].in)), pairs[i].out);
	cr_expect_str_eq(text("a\0b", 3), "a\\000b");
}

Test(hostname, from_text_is_cut_at_255)
{
	char in[400];

	memset(in, 'X', sizeof in);
	cr_expect_eq(strlen(text(in, 254)), 254);
	cr_expect_eq(strlen(text(in, 255)), 255);
	cr_expect_eq(strlen(text(in, 256)), 255);
	cr_expect_eq(strlen(text(in, 400)), 255);
	memset(in, 0xff, sizeof in);
	cr_expect_eq(strlen(text(in, 400)), 255 * 4);
}

Test(hostname, from_authority)
{
	static const struct {
		const char *in, *host;
		unsigned port;
	} pairs[] = {
		{"example.com", "example.com", 0},
		{"Example.com:8443", "example.com", 8443},
		{" example.com:80\t", "example.com", 80},
		{"example.com.:443", "example.com", 443},
		{"user@Example.com", "example.com", 0},
		{"user:pass@example.com:8080", "example.com", 8080},
		{"a@b@example.com:1", "example.com", 1},
		{"[2001:DB8::1]", "2001:db8::1", 0},
		{"[2001:db8::1]:443", "2001:db8::1", 443},
		{"u@[::1]:65535", "::1", 65535},
		{"2001:db8::1", "2001:db8::1", 0},
		{"192.0.2.1:53", "192.0.2.1", 53},
		{"[::1", "[::1", 0},
		{"[]:5", "", 5},
		{"example.com:", "example.com", 0},
		{"example.com:65536", "example.com", 0},
		{"example.com:99999999999", "example.com", 0},
		{"example.com:8o", "example.com", 0},
		{":80", "", 80},
		{"@", "", 0},
		{"", "", 0},
		{"ex\nample.com:80", "ex\\010ample.com", 80},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char out[HOSTNAME_MAX];
		uint16_t port = 7;
		size_t n = strlen(pairs[i].in);
		uint8_t *copy = guard_copy(pairs[i].in, n);
		size_t got = hostname_from_authority((struct str){(char *)copy, n}, out, &port);
		cr_expect_eq(got, strlen(out));
		cr_expect_str_eq(out, pairs[i].host, "%s", pairs[i].in);
		cr_expect_eq(port, pairs[i].port, "%s", pairs[i].in);
		guard_free(copy);
	}
}

Test(hostname, is_address)
{
	static const char *const yes[] = {"192.0.2.1", "::1", "2001:db8::1", "::ffff:192.0.2.1"};
	static const char *const no[] = {"",        "example.com", "1.2.3",   "1.2.3.4.5",
					 "1.2.3.400", "dead.beef",   "cafe.de", ":",
					 "[::1]",   "1:2:3:4:5:6:7:8:9"};

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		cr_expect(hostname_is_address(str_of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		cr_expect_not(hostname_is_address(str_of(no[i])), "%s", no[i]);
	cr_expect_not(hostname_is_address((struct str){"192.0.2.1\0.example", 18}));
}
