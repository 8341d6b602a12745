/* One connection under test, and what feeds it. For one source file at a time. */
#ifndef EGRET_TESTS_QUIC_FEED_H
#define EGRET_TESTS_QUIC_FEED_H

#include <criterion/criterion.h>
#include <string.h>

#include "guard.h"
#include "proto/quic.h"
#include "quic_build.h"

static struct quic_state s;
static struct stats stats;
static struct tls_hello hello;
static uint8_t message[LIMIT_HELLO + 64], datagram[BUILD_MAX];
static size_t message_n;

static inline void fresh(const char *name, size_t padding)
{
	memset(&s, 0xee, sizeof s); /* quic_state_init must do */
	quic_state_init(&s);
	stats = (struct stats){0};
	message_n = build_hello(name, "h3", padding, message);
}

static inline enum parse feed(const uint8_t *p, size_t n)
{
	uint8_t *g = guard_copy(p, n);
	enum parse r = quic_client_datagram(&s, cur_of(g, n), &stats, &hello);

	guard_free(g); /* nothing may point into the datagram */
	return r;
}

static inline void feed_server(const uint8_t *p, size_t n)
{
	uint8_t *g = guard_copy(p, n);

	quic_server_datagram(&s, cur_of(g, n));
	guard_free(g);
}

/* The part of the message from..to in one CRYPTO frame of one datagram. */
static inline size_t seal_part(const struct build_initial *b, size_t from, size_t to, uint8_t *out)
{
	static uint8_t frames[BUILD_MAX];
	size_t n = build_crypto(frames, from, message + from, to - from);

	return build_seal(b, frames, n, out);
}

static inline enum parse feed_part(const struct build_initial *b, size_t from, size_t to)
{
	return feed(datagram, seal_part(b, from, to, datagram));
}

static inline enum parse feed_frames(const struct build_initial *b, const uint8_t *frames, size_t n)
{
	return feed(datagram, build_seal(b, frames, n, datagram));
}

static inline void expect_name(const char *name)
{
	cr_expect(hello.has_sni);
	cr_expect(str_eq(hello.server_name, str_of(name)), "%.*s", (int)hello.server_name.n,
		  hello.server_name.p);
	cr_expect(!hello.server_name.n || (hello.server_name.p > (char *)s.stream.data &&
					   hello.server_name.p < (char *)(&s + 1)));
}

#endif
