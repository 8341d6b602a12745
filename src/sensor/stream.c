#include "sensor/stream.h"

#include <string.h>

#include "base/swap.h"
#include "core/limits.h"

#define FAR	     (INT32_C(16) * 1024 * 1024) /* ahead of what is wanted */
#define FAR_SEGMENTS 8				 /* of these in a row are believed */
#define SKIP_STEP (UINT32_C(1) << 30) /* so that signed distances stay right */

struct stream_buffer {
	uint32_t size; /* of the allocation */
	uint32_t room; /* of data */
	uint32_t have; /* contiguous bytes from data[0], which is at base */
	uint32_t count;
	struct piece {
		uint32_t start, end; /* offsets from base, sorted, not touching, beyond `have` */
	} piece[LIMIT_SEGMENTS];
	uint8_t data[];
};

void stream_start(struct stream_side *s, uint32_t sequence)
{
	s->base = sequence;
	s->started = true;
}

void stream_free(struct stream_side *s, struct slab *slab)
{
	if (s->buffer)
		slab_put(slab, s->buffer, s->buffer->size);
	if (s->other)
		slab_put(slab, s->other, s->other_room);
	s->buffer = NULL;
	s->other = NULL;
	s->hole = false;
}

static uint32_t reach_of(const struct stream_buffer *b)
{
	return b->count ? b->piece[b->count - 1].end : b->have;
}

/* A buffer with room for `need` bytes of data, what was waiting moved over. */
static bool reserve(struct stream_side *s, struct slab *slab, uint32_t need)
{
	struct stream_buffer *old = s->buffer;

	if (old && old->room >= need)
		return true;
	uint32_t size;
	struct stream_buffer *b = slab_get(slab, sizeof *b + need, &size);
	if (!b)
		return false;
	if (old) {
		memcpy(b, old, sizeof *b + reach_of(old));
		slab_put(slab, old, old->size);
	} else {
		b->have = b->count = 0;
	}
	b->size = size;
	b->room = size - (uint32_t)sizeof *b;
	s->buffer = b;
	return true;
}

/* Copies [start, end) except where bytes are there already; true when those differ. */
static bool fill(struct stream_buffer *b, uint32_t start, uint32_t end, const uint8_t *data)
{
	bool differs = false;
	uint32_t at = start;

	for (uint32_t i = 0; at < end; i++) {
		/* known: the prefix first, then the pieces, then nothing */
		uint32_t known_start = i == 0 ? 0 : i <= b->count ? b->piece[i - 1].start : end;
		uint32_t known_end = i == 0 ? b->have : i <= b->count ? b->piece[i - 1].end : end;
		if (known_end <= at && i <= b->count)
			continue;
		uint32_t stop = known_start < end ? known_start : end;
		if (stop > at) {
			memcpy(b->data + at, data + (at - start), stop - at);
			at = stop;
		}
		uint32_t both = known_end < end ? known_end : end;
		if (both > at) {
			differs |= i <= b->count && memcmp(b->data + at, data + (at - start), both - at);
			at = both;
		}
	}
	return differs;
}

/* Notes [start, end) as there. False when there are too many pieces. */
static bool note(struct stream_buffer *b, uint32_t start, uint32_t end)
{
	uint32_t i = 0;

	while (i < b->count && b->piece[i].end < start)
		i++;
	uint32_t last = i; /* pieces [i, last) touch the new one */
	while (last < b->count && b->piece[last].start <= end) {
		if (b->piece[last].start < start)
			start = b->piece[last].start;
		if (b->piece[last].end > end)
			end = b->piece[last].end;
		last++;
	}
	if (start <= b->have) {
		/* everything up to `last` is contiguous now */
		if (end > b->have)
			b->have = end;
		memmove(b->piece, b->piece + last, (b->count - last) * sizeof *b->piece);
		b->count -= last;
		return true;
	}
	if (last == i) {
		if (b->count == LIMIT_SEGMENTS)
			return false;
		memmove(b->piece + i + 1, b->piece + i, (b->count - i) * sizeof *b->piece);
		b->count++;
	} else {
		memmove(b->piece + i + 1, b->piece + last, (b->count - last) * sizeof *b->piece);
		b->count -= last - i - 1;
	}
	b->piece[i] = (struct piece){start, end};
	return true;
}

/* Keeps the second version of n bytes at offset `at`. */
static void keep_other(struct stream_side *s, struct slab *slab, uint32_t at, const uint8_t *data,
		       uint32_t n)
{
	uint32_t reach = reach_of(s->buffer);

	s->differs = true;
	if (!s->other) {
		s->other = slab_get(slab, LIMIT_HEAD, &s->other_room);
		if (!s->other)
			return;
		memcpy(s->other, s->buffer->data, reach > at + n ? reach : at + n);
	}
	memcpy(s->other + at, data, n);
}

/* Keeps n bytes at offset `at` from base. */
static void keep(struct stream_side *s, struct slab *slab, struct stats *stats, uint32_t at,
		 const uint8_t *data, uint32_t n)
{
	if (at >= LIMIT_HEAD) {
		s->lost = true;
		return;
	}
	if (n > LIMIT_HEAD - at) {
		n = LIMIT_HEAD - at;
		s->lost = true;
	}
	if (!reserve(s, slab, at + n)) {
		s->lost = s->starved = true;
		stats->streams_budget++;
		return;
	}
	bool differs = fill(s->buffer, at, at + n, data);
	stats->stream_overlaps += differs;
	if (differs || s->other)
		keep_other(s, slab, at, data, n);
	if (!note(s->buffer, at, at + n))
		s->lost = true;
}

/* Moves base over bytes that are to be skipped, as far as distances allow. */
static void run_skip(struct stream_side *s, uint32_t sequence)
{
	while (s->skip && (int32_t)(sequence - s->base) >= 0) {
		uint32_t step = s->skip < SKIP_STEP ? (uint32_t)s->skip : SKIP_STEP;
		s->base += step;
		s->skip -= step;
	}
}

struct cursor stream_view(const struct stream_side *s)
{
	return s->buffer ? cur_of(s->buffer->data, s->buffer->have) : cur_of("", 0);
}

struct cursor stream_other(const struct stream_side *s)
{
	return s->other && s->buffer ? cur_of(s->other, s->buffer->have) : cur_of("", 0);
}

bool stream_swap(struct stream_side *s)
{
	if (!s->other || !s->buffer)
		return false;
	for (uint32_t i = 0; i < reach_of(s->buffer); i++)
		SWAP(s->other[i], s->buffer->data[i]);
	return true;
}

struct cursor stream_take(struct stream_side *s, struct slab *slab, struct stats *stats,
			  uint32_t sequence, const uint8_t *data, uint32_t n, uint32_t now)
{
	if (!s->started)
		stream_start(s, sequence);
	run_skip(s, sequence + n);
	int32_t at = (int32_t)(sequence - s->base);
	if (at < 0) {
		uint32_t old = 0u - (uint32_t)at;
		if (old >= n)
			return stream_view(s);
		data += old;
		n -= old;
		at = 0;
	}
	if (n == 0 || (at > FAR && ++s->far <= FAR_SEGMENTS))
		return stream_view(s);
	s->far = 0;
	if (at == 0 && !s->buffer) {
		s->hole = s->lost = false;
		return cur_of(data, n);
	}
	keep(s, slab, stats, (uint32_t)at, data, n);
	bool hole = (s->buffer && s->buffer->count) || (s->lost && at > 0);
	if (hole && !s->hole)
		s->waiting = now;
	s->hole = hole;
	return stream_view(s);
}

uint32_t stream_missing(const struct stream_side *s)
{
	return s->base + (s->buffer ? s->buffer->have : 0);
}

/* Drops the first n bytes, n <= reach; what was beyond moves down, holes included. */
static void discard(struct stream_side *s, uint32_t n)
{
	struct stream_buffer *b = s->buffer;
	uint32_t kept = 0;

	if (s->other)
		memmove(s->other, s->other + n, reach_of(b) - n);
	memmove(b->data, b->data + n, reach_of(b) - n);
	b->have = b->have > n ? b->have - n : 0;
	for (uint32_t i = 0; i < b->count; i++) {
		struct piece q = b->piece[i];
		if (q.end <= n)
			continue;
		q.start = q.start > n ? q.start - n : 0;
		q.end -= n;
		if (q.start == 0)
			b->have = q.end;
		else
			b->piece[kept++] = q;
	}
	b->count = kept;
}

/* Passes over n bytes that are not in the buffer's contiguous part. */
static void skip(struct stream_side *s, struct slab *slab, uint64_t n)
{
	struct stream_buffer *b = s->buffer;

	if (b && n < reach_of(b)) {
		s->base += (uint32_t)n;
		discard(s, (uint32_t)n);
		s->hole = b->count || s->lost;
		return;
	}
	stream_free(s, slab);
	s->lost = false;
	s->skip += n;
	run_skip(s, s->base);
}

void stream_use(struct stream_side *s, struct slab *slab, struct stats *stats, struct cursor view,
		uint64_t used)
{
	size_t n = cur_left(&view);

	if (used >= n || s->buffer) {
		skip(s, slab, used);
		return;
	}
	/* the view is the packet itself: the rest has to be copied */
	s->base += (uint32_t)used;
	keep(s, slab, stats, 0, view.p + used, (uint32_t)(n - used));
}

bool stream_pass_hole(struct stream_side *s, struct slab *slab)
{
	struct stream_buffer *b = s->buffer;

	s->lost = s->starved = s->hole = false;
	if (!b || !b->count) {
		stream_free(s, slab);
		s->started = false; /* the next segment sets it */
		return false;
	}
	uint32_t start = b->piece[0].start;
	s->base += start;
	discard(s, start);
	s->hole = b->count != 0;
	return true;
}
