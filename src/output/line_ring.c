#include "output/line_ring.h"

#include <stdlib.h>

#include "base/mem.h"

void line_ring_init(struct line_ring *r, uint64_t size)
{
	r->size = size;
	r->bytes = mem_alloc(size);
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
}

void line_ring_fini(struct line_ring *r)
{
	free(r->bytes);
}

static void lay(struct line_ring *r, uint64_t at, struct str s)
{
	uint64_t offset = at % r->size, first = r->size - offset;

	if (s.n == 0)
		return;
	if (first > s.n)
		first = s.n;
	memcpy(r->bytes + offset, s.p, first);
	memcpy(r->bytes, s.p + first, s.n - first);
}

bool line_ring_put(struct line_ring *r, const struct str *parts, size_t n)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	uint64_t room = r->size - (head - tail);

	for (size_t i = 0; i < n; i++) {
		if (parts[i].n > room)
			return false;
		room -= parts[i].n;
	}
	for (size_t i = 0; i < n; i++) {
		lay(r, head, parts[i]);
		head += parts[i].n;
	}
	atomic_store(&r->head, head);
	return true;
}

int line_ring_view(const struct line_ring *r, uint64_t from, uint64_t to, struct iovec out[2])
{
	uint64_t offset = from % r->size, n = to - from, first = r->size - offset;

	if (first > n)
		first = n;
	out[0] = (struct iovec){r->bytes + offset, first};
	out[1] = (struct iovec){r->bytes, n - first};
	return n > first ? 2 : 1;
}

void line_ring_copy(const struct line_ring *r, uint64_t from, void *out, size_t n)
{
	struct iovec v[2];

	line_ring_view(r, from, from + n, v);
	memcpy(out, v[0].iov_base, v[0].iov_len);
	memcpy((char *)out + v[0].iov_len, v[1].iov_base, v[1].iov_len);
}

uint64_t line_ring_first(const struct line_ring *r, uint64_t from, uint64_t to)
{
	struct iovec v[2];
	int n = line_ring_view(r, from, to, v);
	uint64_t at = from;

	for (int i = 0; i < n; i++) {
		const char *p = v[i].iov_base, *end = memchr(p, '\n', v[i].iov_len);
		if (end)
			return at + (uint64_t)(end - p) + 1;
		at += v[i].iov_len;
	}
	return from;
}

uint64_t line_ring_last(const struct line_ring *r, uint64_t from, uint64_t to)
{
	struct iovec v[2];
	int n = line_ring_view(r, from, to, v);

	for (int i = n; i-- > 0; to -= v[i].iov_len) {
		const char *p = v[i].iov_base, *end = memrchr(p, '\n', v[i].iov_len);
		if (end)
			return to - v[i].iov_len + (uint64_t)(end - p) + 1;
	}
	return from;
}

uint64_t line_ring_lines(const struct line_ring *r, uint64_t from, uint64_t to)
{
	uint64_t lines = 0;

	for (uint64_t next; from < to && (next = line_ring_first(r, from, to)) != from; from = next)
		lines++;
	return lines;
}

void line_ring_take(struct line_ring *r, uint64_t to)
{
	atomic_store(&r->tail, to);
}
