#include "proto/quic_stream.h"

#include <string.h>

/* Bits from `from` up to but without `to`, 0 <= from < to <= 64. */
static uint64_t bits(unsigned from, unsigned to)
{
	return ~UINT64_C(0) >> (64 - (to - from)) << from;
}

/* Copies a word of the map at a time, and looks whether what was there already is the same. */
static void fill(struct quic_stream *s, uint32_t start, uint32_t end, const uint8_t *p)
{
	while (start < end) {
		uint32_t base = start & ~UINT32_C(63);
		uint32_t stop = end < base + 64 ? end : base + 64;
		uint64_t *seen = &s->seen[start / 64];
		uint64_t all = bits(start - base, stop - base), fresh = all & ~*seen;

		for (uint64_t old = all & ~fresh; old; old &= old - 1) {
			uint32_t at = base + (uint32_t)__builtin_ctzll(old);
			s->differs |= s->data[at] != p[at - start];
		}
		memcpy(s->data + start, p, stop - start);
		*seen |= all;
		p += stop - start;
		start = stop;
	}
}

static void advance(struct quic_stream *s)
{
	while (s->have < s->reach) {
		uint64_t missing = ~s->seen[s->have / 64] >> s->have % 64;
		if (missing) {
			s->have += (uint32_t)__builtin_ctzll(missing);
			return;
		}
		s->have += 64 - s->have % 64;
	}
}

void quic_stream_add(struct quic_stream *s, uint64_t offset, const uint8_t *p, size_t n)
{
	if (n == 0 || offset >= sizeof s->data)
		return;
	uint32_t start = (uint32_t)offset;
	uint32_t end = start + (uint32_t)(n < sizeof s->data - start ? n : sizeof s->data - start);

	if (start < s->have) {
		uint32_t old = (end < s->have ? end : s->have) - start;
		if (memcmp(s->data + start, p, old) != 0) {
			s->differs = true;
			memcpy(s->data + start, p, old);
		}
		p += old;
		start += old;
	}
	if (end <= s->have)
		return;
	if (s->reach == s->have) {
		if (start == s->have) {
			memcpy(s->data + start, p, end - start);
			s->have = s->reach = end;
			return;
		}
		memset(s->seen, 0, sizeof s->seen);
	}
	fill(s, start, end, p);
	if (end > s->reach)
		s->reach = end;
	advance(s);
}
