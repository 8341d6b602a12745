#include <criterion/criterion.h>

#include "expect.h"
#include "mutate.h"
#include "proto/socks.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static enum parse client(struct str bytes, struct socks_request *r, size_t *left)
{
	struct cursor c = cur_of(bytes.p, bytes.n);
	const enum parse state = socks_client(&c, r);
	*left = cur_left(&c);
	return state;
}

/* Each followed by the first bytes of the proxied stream. */
static const struct {
	struct str bytes;
	const char *target;
	uint8_t version;
} good[] = {
	{STR("\4\1\1\xbb\xc0\0\2\1\0" "\x16\3\1"), "192.0.2.1", 4},
	{STR("\4\1\1\xbb\xc0\0\2\1user me\0" "\x16\3\1"), "192.0.2.1", 4},
	{STR("\4\1\1\xbb\0\0\0\1\0www.example.net\0" "\x16\3\1"), "www.example.net", 4},
	{STR("\4\1\1\xbb\0\0\0\xff" "me\0x.example\0" "\x16\3\1"), "x.example", 4},
	{STR("\5\1\0\5\1\0\1\xc0\0\2\1\1\xbb" "\x16\3\1"), "192.0.2.1", 5},
	{STR("\5\2\0\2\5\1\0\3\xfwww.example.net\1\xbb" "\x16\3\1"), "www.example.net", 5},
	{STR("\5\3\0\1\2\1\2me\3pwd\5\1\0\3\1a\1\xbb" "\x16\3\1"), "a", 5},
	{STR("\5\1\2\1\0\0\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\1\xbb" "\x16\3\1"),
	 "2001:db8::1", 5},
	{STR("\5\2\x80\0\5\1\0\3\4\xc3\xbc.x\1\xbb" "\x16\3\1"), "\xc3\xbc.x", 5},
};

Test(socks, tells_the_target)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct socks_request r;
		char text[ADDR_TEXT_MAX];
		size_t left;
		cr_assert_eq(client(good[i].bytes, &r, &left), PARSE_DONE, "%zu", i);
		cr_expect_eq(left, 3, "%zu", i);
		cr_expect_eq(r.version, good[i].version);
		cr_expect_eq(r.command, 1);
		cr_expect_eq(r.port, 443);
		cr_expect_eq(r.has_address, r.name.n == 0);
		if (r.has_address)
			cr_expect_str_eq(addr_text(&r.address, text), good[i].target);
		else
			cr_expect(str_eq(r.name, str_of(good[i].target)), "%zu", i);
	}
}

static void read_client(const uint8_t *p, size_t n, bool mutated)
{
	struct socks_request r;
	struct cursor c = cur_of(p, n);
	const enum parse state = socks_client(&c, &r);
	if (!mutated)
		cr_expect_eq(state, PARSE_MORE, "prefix of %zu", n);
	cr_expect(state == PARSE_DONE || c.p == p);
}

Test(socks, every_prefix_wants_more_and_nothing_reads_beyond)
{
	for (size_t i = 0; i < COUNT(good); i++)
		mutate_all((const uint8_t *)good[i].bytes.p, good[i].bytes.n - 3, read_client);
}

Test(socks, is_strict_about_a_start)
{
	static const struct str wrong[] = {
		STR("\6"), STR("GET /"), STR("\4\0"), STR("\4\3"), STR("\4\1\0\0"),
		STR("\4\1\1\xbb\0\0\0\0"),			  /* address 0.0.0.0 */
		STR("\4\1\1\xbb\xc0\0\2\1\x1b"),		  /* control character in the user */
		STR("\4\1\1\xbb\0\0\0\1\0\0"), STR("\4\1\1\xbb\0\0\0\1\0a b"),
		STR("\5\0"), STR("\5\1\xff"), STR("\5\1\x0b"), STR("\5\1\0\4"), STR("\5\1\0\1"),
		STR("\5\1\0\5\4"), STR("\5\1\0\5\1\1"), STR("\5\1\0\5\1\0\2"),
		STR("\5\1\0\5\1\0\3\0"), STR("\5\1\0\5\1\0\3\5a\n"),
		STR("\5\1\0\5\1\0\1\1\2\3\4\0\0"),
		STR("\5\0\xb\3\x10\0\0\0"), /* the start of a DCE/RPC bind */
	};
	struct socks_request r;
	size_t left;
	for (size_t i = 0; i < COUNT(wrong); i++)
		cr_expect_eq(client(wrong[i], &r, &left), PARSE_BAD, "%zu", i);
}

Test(socks, bounds_the_texts_of_version_4)
{
	char b[8 + 300] = "\4\1\1\xbb\xc0\0\2\1";
	struct socks_request r;
	size_t left;
	memset(b + 8, 'u', sizeof b - 8);
	cr_expect_eq(client((struct str){b, 8 + 255}, &r, &left), PARSE_MORE);
	cr_expect_eq(client((struct str){b, 8 + 256}, &r, &left), PARSE_BAD);
	b[8 + 255] = '\0';
	cr_expect_eq(client((struct str){b, 8 + 256}, &r, &left), PARSE_DONE);
}

Test(socks, takes_the_other_commands)
{
	struct socks_request r;
	size_t left;
	cr_assert_eq(client(STR("\5\1\0\5\3\0\1\0\0\0\0\0\0"), &r, &left), PARSE_DONE);
	cr_expect_eq(r.command, 3);
	cr_assert_eq(client(STR("\4\2\0\0\xc0\0\2\1\0"), &r, &left), PARSE_DONE);
	cr_expect_eq(r.command, 2);
}

static const struct {
	struct str bytes;
	uint8_t version;
	bool granted;
} replies[] = {
	{STR("\0\x5a\0\0\0\0\0\0"), 4, true},
	{STR("\4\x5a\0\0\0\0\0\0"), 4, true},
	{STR("\0\x5b\0\0\0\0\0\0"), 4, false},
	{STR("\5\0\5\0\0\1\0\0\0\0\0\0"), 5, true},
	{STR("\5\2\1\0\5\0\0\3\1a\0\0"), 5, true},
	{STR("\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 5, true},
	{STR("\5\0\5\2"), 5, false},
	{STR("\5\2\1\1"), 5, false},
	{STR("\5\xff"), 5, false},
};

static uint8_t reply_version;

static void read_server(const uint8_t *p, size_t n, bool mutated)
{
	bool granted;
	struct cursor c = cur_of(p, n);
	const enum parse state = socks_server(&c, reply_version, &granted);
	if (!mutated)
		cr_expect_eq(state, PARSE_MORE, "prefix of %zu", n);
	if (state != PARSE_DONE)
		cr_expect_not(granted);
}

Test(socks, tells_whether_the_stream_follows)
{
	for (size_t i = 0; i < COUNT(replies); i++) {
		bool granted;
		struct cursor c = cur_of(replies[i].bytes.p, replies[i].bytes.n);
		cr_expect_eq(socks_server(&c, replies[i].version, &granted), PARSE_DONE, "%zu", i);
		cr_expect_eq(granted, replies[i].granted, "%zu", i);
		cr_expect_eq(cur_left(&c), 0);
		reply_version = replies[i].version;
		mutate_all((const uint8_t *)replies[i].bytes.p, replies[i].bytes.n, read_server);
	}
	static const struct {
		struct str bytes;
		uint8_t version;
	} wrong[] = {{STR("\1"), 4}, {STR("\0\x59"), 4}, {STR("\0\x5e"), 4}, {STR("\4"), 5},
		     {STR("\5\1"), 5}, {STR("\5\2\5"), 5}, {STR("\5\0\4"), 5}, {STR("\5\0\5\0\0\2"), 5}};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		bool granted = true;
		struct cursor c = cur_of(wrong[i].bytes.p, wrong[i].bytes.n);
		cr_expect_eq(socks_server(&c, wrong[i].version, &granted), PARSE_BAD, "%zu", i);
		cr_expect_not(granted);
	}
}
