#include "decode/fragment.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/mem.h"
#include "base/pool.h"
#include "core/limits.h"

#define DATAGRAM_MAX 65535
#define UNIT 8
#define UNITS ((DATAGRAM_MAX + UNIT) / UNIT)
#define PAGE_BYTES 2048
#define PAGES ((DATAGRAM_MAX + 1) / PAGE_BYTES)
#define NONE POOL_NONE

/* Buffers of datagrams given out. A frame completes one datagram, seldom one inside another, and a
 * batch has LIMIT_BATCH frames: this many are enough for the largest datagrams. */
#define BUFFER_BYTES (64 * KIB)
#define BUFFERS (2 * LIMIT_BATCH)

/* A span port may show every packet twice: for this long a fragment of a finished datagram is taken
 * for a copy, afterwards for a new datagram with the same identification. */
#define COPY_WINDOW (10 * NS_PER_MS)
#define DONE_MAX 512 /* finished datagrams remembered for that */

struct set {
	struct addr src, dst;
	uint64_t hash;
	uint64_t time; /* of the first fragment; once finished, of the last */
	uint32_t older, newer; /* in its queue */
	uint32_t id;
	uint8_t family, key_proto;
	uint8_t proto;
	bool done;
	uint32_t total;    /* bytes; 0 until the last piece came */
	uint32_t end;      /* one past the highest byte seen */
	uint32_t units;    /* held */
	uint32_t readable; /* first byte that is held but was not captured */
	uint32_t page[PAGES]; /* 1 + number in the pool, 0: none */
	uint64_t held[UNITS / 64];
};

struct queue {
	uint32_t oldest, newest, count;
};

struct fragments {
	struct stats *stats;
	struct pool sets, pages;
	struct hindex index;
	struct hash_key key;
	struct queue making, done;
	uint8_t *buffer[BUFFERS]; /* made when first needed, kept */
	uint32_t buffers_used, buffer_fill;
};

_Static_assert(UNITS % 64 == 0, "the map is whole words");

static struct set *set_at(const struct fragments *f, uint32_t n)
{
	return pool_at(&f->sets, n);
}

static void queue_add(struct fragments *f, struct queue *q, uint32_t n)
{
	struct set *s = set_at(f, n);

	s->older = q->newest;
	s->newer = NONE;
	if (q->newest == NONE)
		q->oldest = n;
	else
		set_at(f, q->newest)->newer = n;
	q->newest = n;
	q->count++;
}

static void queue_remove(struct fragments *f, struct queue *q, uint32_t n)
{
	struct set *s = set_at(f, n);

	if (s->older == NONE)
		q->oldest = s->newer;
	else
		set_at(f, s->older)->newer = s->newer;
	if (s->newer == NONE)
		q->newest = s->older;
	else
		set_at(f, s->newer)->older = s->older;
	q->count--;
}

struct fragments *fragments_new(struct stats *stats, uint32_t sets, uint32_t bytes)
{
	struct fragments *f = mem_zalloc(sizeof *f);

	f->stats = stats;
	pool_init(&f->sets, sizeof(struct set), sets + DONE_MAX);
	pool_init(&f->pages, PAGE_BYTES, bytes / PAGE_BYTES);
	hindex_init(&f->index, 64);
	hash_key_init(&f->key);
	f->making = f->done = (struct queue){NONE, NONE, 0};
	return f;
}

size_t fragments_memory(uint32_t sets, uint32_t bytes)
{
	return pool_memory(sizeof(struct set), sets + DONE_MAX) +
	       pool_memory(PAGE_BYTES, bytes / PAGE_BYTES) + hindex_memory(sets + DONE_MAX) +
	       BUFFERS * mem_memory(BUFFER_BYTES) + mem_memory(sizeof(struct fragments));
}

void fragments_free(struct fragments *f)
{
	if (!f)
		return;
	pool_fini(&f->sets);
	pool_fini(&f->pages);
	hindex_fini(&f->index);
	for (unsigned i = 0; i < BUFFERS; i++)
		free(f->buffer[i]);
	free(f);
}

static void free_pages(struct fragments *f, struct set *s)
{
	for (unsigned i = 0; i < PAGES; i++)
		if (s->page[i]) {
			pool_put(&f->pages, s->page[i] - 1);
			s->page[i] = 0;
		}
}

static void drop(struct fragments *f, uint32_t n)
{
	struct set *s = set_at(f, n);

	free_pages(f, s);
	queue_remove(f, s->done ? &f->done : &f->making, n);
	hindex_remove(&f->index, s->hash, n);
	pool_put(&f->sets, n);
}

/* Packet time may step back: then nothing is old. */
static bool is_old(const struct set *s, uint64_t now)
{
	return now > s->time && now - s->time > (s->done ? COPY_WINDOW : LIMIT_FRAGMENT_AGE);
}

static void expire_queue(struct fragments *f, struct queue *q, uint64_t now)
{
	while (q->oldest != NONE && is_old(set_at(f, q->oldest), now)) {
		f->stats->fragments_expired += q == &f->making;
		drop(f, q->oldest);
	}
}

void fragments_expire(struct fragments *f, uint64_t now)
{
	expire_queue(f, &f->making, now);
	expire_queue(f, &f->done, now);
}

static uint64_t hash_of(const struct fragments *f, const struct fragment *in, uint8_t key_proto)
{
	uint64_t h = hash_step(&f->key, 0, (uint64_t)in->id << 16 | in->family << 8 | key_proto,
			       hash_load64(in->src.b), hash_load64(in->src.b + 8));

	return hash_step(&f->key, 2, h, hash_load64(in->dst.b), hash_load64(in->dst.b + 8));
}

static uint32_t find(const struct fragments *f, const struct fragment *in, uint8_t key_proto,
		     uint64_t hash)
{
	for (struct hprobe q = hindex_probe(&f->index, hash); hindex_next(&f->index, &q);) {
		const struct set *s = set_at(f, q.ref);
		if (s->id == in->id && s->family == in->family && s->key_proto == key_proto &&
		    addr_eq(&s->src, &in->src) && addr_eq(&s->dst, &in->dst))
			return q.ref;
	}
	return NONE;
}

static uint32_t begin(struct fragments *f, const struct fragment *in, uint8_t key_proto,
		      uint64_t hash, uint64_t now)
{
	/* the pool has room for this many and the finished ones */
	if (f->making.count >= f->sets.limit - DONE_MAX) {
		f->stats->fragments_evicted++;
		drop(f, f->making.oldest);
	}
	uint32_t n = pool_get(&f->sets);
	struct set *s = set_at(f, n);

	s->src = in->src;
	s->dst = in->dst;
	s->id = in->id;
	s->family = in->family;
	s->key_proto = key_proto;
	s->proto = in->proto;
	s->hash = hash;
	s->time = now;
	s->readable = DATAGRAM_MAX + 1;
	hindex_add(&f->index, hash, n);
	queue_add(f, &f->making, n);
	return n;
}

static bool possible(const struct fragment *in)
{
	return in->length && in->offset % UNIT == 0 && in->captured <= in->length &&
	       in->length <= DATAGRAM_MAX && in->offset + in->length <= DATAGRAM_MAX &&
	       !(in->more && in->length % UNIT);
}

/* Whether the piece goes with what is known of the datagram's end. */
static bool fits(const struct set *s, const struct fragment *in)
{
	uint32_t end = in->offset + in->length;

	if (!in->more)
		return s->total ? end == s->total : end >= s->end;
	return !s->total || end <= s->total;
}

/* The page for the bytes at `offset`, made when missing by giving up the oldest datagram. NULL when
 * that would be the very one that asks. */
static uint8_t *page_for(struct fragments *f, struct set *s, uint32_t offset)
{
	uint32_t *page = &s->page[offset / PAGE_BYTES];

	if (!*page) {
		uint32_t n;
		while ((n = pool_get(&f->pages)) == NONE) {
			if (set_at(f, f->making.oldest) == s)
				return NULL;
			f->stats->fragments_evicted++;
			drop(f, f->making.oldest);
		}
		*page = n + 1;
	}
	return pool_at(&f->pages, *page - 1);
}

static bool copy_in(struct fragments *f, struct set *s, uint32_t offset, const uint8_t *p,
		    uint32_t n)
{
	while (n) {
		uint8_t *page = page_for(f, s, offset);
		uint32_t at = offset % PAGE_BYTES;
		uint32_t part = n < PAGE_BYTES - at ? n : PAGE_BYTES - at;

		if (!page)
			return false;
		memcpy(page + at, p, part);
		offset += part;
		p += part;
		n -= part;
	}
	return true;
}

static bool unit_held(const struct set *s, uint32_t u)
{
	return s->held[u / 64] >> (u % 64) & 1;
}

/* Units of [first, last) that are held. */
static uint32_t held_in(const struct set *s, uint32_t first, uint32_t last)
{
	uint32_t n = 0;

	for (uint32_t word = first / 64; word * 64 < last; word++) {
		uint64_t bits = s->held[word];
		if (word == first / 64)
			bits &= UINT64_MAX << (first % 64);
		if (last - word * 64 < 64)
			bits &= ~(UINT64_MAX << (last - word * 64));
		n += (uint32_t)__builtin_popcountll(bits);
	}
	return n;
}

/* Adds bytes [from, from + n) of the piece, none of which is held. */
static bool put_new(struct fragments *f, struct set *s, const struct fragment *in, uint32_t from,
		    uint32_t n)
{
	uint32_t here = in->captured > from ? in->captured - from : 0;
	uint32_t offset = in->offset + from;

	if (here < n) {
		if (offset + here < s->readable)
			s->readable = offset + here;
	} else {
		here = n;
	}
	if (here && !copy_in(f, s, offset, in->data + from, here))
		return false;
	for (uint32_t u = offset / UNIT; u * UNIT < offset + n; u++)
		s->held[u / 64] |= UINT64_C(1) << (u % 64);
	s->units += (n + UNIT - 1) / UNIT;
	return true;
}

/* Whether the unit holds other bytes than the piece has for it, as far as both were captured. */
static bool differs(const struct fragments *f, const struct set *s, const struct fragment *in,
		    uint32_t from, uint32_t n)
{
	uint32_t offset = in->offset + from;

	if (in->captured < from + n || s->readable < offset + n)
		return false;
	uint32_t page = s->page[offset / PAGE_BYTES];
	return page && memcmp((uint8_t *)pool_at(&f->pages, page - 1) + offset % PAGE_BYTES,
			      in->data + from, n) != 0;
}

/* The slow way, unit by unit, for a piece of which something is there already. */
static bool put_over(struct fragments *f, struct set *s, const struct fragment *in)
{
	bool conflict = false, news = false;

	for (uint32_t from = 0; from < in->length; from += UNIT) {
		uint32_t n = in->length - from < UNIT ? in->length - from : UNIT;
		if (unit_held(s, (in->offset + from) / UNIT)) {
			conflict |= differs(f, s, in, from, n);
		} else {
			news = true;
			if (!put_new(f, s, in, from, n))
				return false;
		}
	}
	if (news || conflict)
		f->stats->fragments_overlapped++;
	else
		f->stats->fragments_duplicated++;
	return true;
}

/* False when memory ran out for this datagram. */
static bool put(struct fragments *f, struct set *s, const struct fragment *in)
{
	uint32_t end = in->offset + in->length;

	if (in->offset == 0 && !unit_held(s, 0))
		s->proto = in->proto;
	if (!in->more)
		s->total = end;
	if (end > s->end)
		s->end = end;
	if (held_in(s, in->offset / UNIT, (end + UNIT - 1) / UNIT))
		return put_over(f, s, in);
	return put_new(f, s, in, 0, in->length);
}

/* Room for n bytes until the next release; NULL when it was not called for too long. */
static uint8_t *out_room(struct fragments *f, uint32_t n)
{
	if (!f->buffers_used || BUFFER_BYTES - f->buffer_fill < n) {
		if (f->buffers_used == BUFFERS)
			return NULL;
		if (!f->buffer[f->buffers_used])
			f->buffer[f->buffers_used] = mem_alloc(BUFFER_BYTES);
		f->buffers_used++;
		f->buffer_fill = 0;
	}
	uint8_t *p = f->buffer[f->buffers_used - 1] + f->buffer_fill;
	f->buffer_fill += n;
	return p;
}

static bool join(struct fragments *f, const struct set *s, struct datagram *out)
{
	uint32_t n = s->readable < s->total ? s->readable : s->total;
	uint8_t *p = out_room(f, n);

	if (!p)
		return false;
	*out = (struct datagram){.data = p, .captured = n, .length = s->total, .proto = s->proto};
	for (uint32_t at = 0; at < n; at += PAGE_BYTES)
		memcpy(p + at, pool_at(&f->pages, s->page[at / PAGE_BYTES] - 1),
		       n - at < PAGE_BYTES ? n - at : PAGE_BYTES);
	return true;
}

/* Keeps the finished datagram's name for a while, without its bytes. */
static void finish(struct fragments *f, uint32_t n, uint64_t now)
{
	struct set *s = set_at(f, n);

	free_pages(f, s);
	queue_remove(f, &f->making, n);
	if (f->done.count == DONE_MAX)
		drop(f, f->done.oldest);
	s->done = true;
	s->time = now;
	queue_add(f, &f->done, n);
}

enum fragment_result fragments_add(struct fragments *f, const struct fragment *in, uint64_t now,
				   struct datagram *out)
{
	uint8_t key_proto = in->family == 4 ? in->proto : 0;
	uint64_t hash = hash_of(f, in, key_proto);

	f->stats->fragments++;
	if (!possible(in)) {
		f->stats->fragments_malformed++;
		return FRAGMENT_BAD;
	}
	uint32_t n = find(f, in, key_proto, hash);
	if (n != NONE && is_old(set_at(f, n), now)) {
		f->stats->fragments_expired += !set_at(f, n)->done;
		drop(f, n);
		n = NONE;
	}
	if (n == NONE)
		n = begin(f, in, key_proto, hash, now);
	struct set *s = set_at(f, n);
	if (s->done) {
		f->stats->fragments_duplicated++;
		return FRAGMENT_KEPT;
	}
	if (!fits(s, in)) {
		f->stats->fragments_malformed++;
		return FRAGMENT_BAD;
	}
	bool kept = put(f, s, in);
	if (kept && (!s->total || s->units * UNIT < s->total))
		return FRAGMENT_KEPT;
	if (!kept || !join(f, s, out)) {
		f->stats->fragments_evicted++;
		drop(f, n);
		return FRAGMENT_KEPT;
	}
	f->stats->fragments_joined++;
	finish(f, n, now);
	return FRAGMENT_WHOLE;
}

void fragments_release(struct fragments *f)
{
	f->buffers_used = 0;
	f->buffer_fill = 0;
}

uint32_t fragments_waiting(const struct fragments *f)
{
	return f->making.count;
}
