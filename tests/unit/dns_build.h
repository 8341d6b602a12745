/* Builds DNS messages by hand, for the tests. */
#ifndef EGRET_TESTS_DNS_BUILD_H
#define EGRET_TESTS_DNS_BUILD_H

#include <stdint.h>
#include <string.h>

#include "base/cursor.h"

#define BUILD_ROOM 65535
#define QUERY 0x0100  /* recursion desired */
#define ANSWER 0x8180 /* and available */

struct build {
	uint8_t b[BUILD_ROOM];
	size_t n;
};

static inline void build_bytes(struct build *m, const void *p, size_t n)
{
	if (n > BUILD_ROOM - m->n)
		n = BUILD_ROOM - m->n;
	memcpy(m->b + m->n, p, n);
	m->n += n;
}

#define build_lit(m, literal) build_bytes((m), (literal), sizeof(literal) - 1)

static inline void build_u8(struct build *m, unsigned v)
{
	build_bytes(m, &(uint8_t){(uint8_t)v}, 1);
}

static inline void build_u16(struct build *m, unsigned v)
{
	build_u8(m, v >> 8);
	build_u8(m, v);
}

static inline void build_u32(struct build *m, uint32_t v)
{
	build_u16(m, v >> 16);
	build_u16(m, v);
}

/* The labels between dots, without the end. */
static inline void build_labels(struct build *m, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		build_u8(m, (unsigned)n);
		build_bytes(m, name, n);
		name += n + (name[n] == '.');
	}
}

static inline void build_name(struct build *m, const char *name)
{
	build_labels(m, name);
	build_u8(m, 0);
}

static inline void build_pointer(struct build *m, size_t to)
{
	build_u16(m, 0xc000 | (unsigned)to);
}

static inline void build_header(struct build *m, uint16_t flags, unsigned questions,
				unsigned answers, unsigned authority, unsigned additional)
{
	m->n = 0;
	build_u16(m, 0x1234);
	build_u16(m, flags);
	build_u16(m, questions);
	build_u16(m, answers);
	build_u16(m, authority);
	build_u16(m, additional);
}

static inline void build_question(struct build *m, const char *name, unsigned type)
{
	build_name(m, name);
	build_u16(m, type);
	build_u16(m, 1);
}

/* Type to length of a record whose owner was just built. Returns where the length stands. */
static inline size_t build_fixed(struct build *m, unsigned type, unsigned class, uint32_t ttl)
{
	build_u16(m, type);
	build_u16(m, class);
	build_u32(m, ttl);
	build_u16(m, 0);
	return m->n - 2;
}

/* A record of the first question's name, in class IN, TTL 300. */
static inline size_t build_record(struct build *m, unsigned type)
{
	build_pointer(m, 12);
	return build_fixed(m, type, 1, 300);
}

/* Ends the rdata begun at `length`. */
static inline void build_end(struct build *m, size_t length)
{
	size_t n = m->n - length - 2;
	m->b[length] = (uint8_t)(n >> 8);
	m->b[length + 1] = (uint8_t)n;
}

static inline struct cursor build_cursor(const struct build *m)
{
	return cur_of(m->b, m->n);
}

#endif
