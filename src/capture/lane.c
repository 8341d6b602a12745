#include "capture/lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void lane_init(struct lane *l, struct reader *reader, struct filter *filter, struct stats *stats)
{
	memset(l, 0, sizeof *l);
	l->reader = reader;
	l->filter = filter;
	l->stats = stats;
}

void lane_fini(struct lane *l)
{
	reader_close(l->reader);
	free(l->held);
}

/* Closes the gaps that frames leave which do not pass. */
static size_t filtered(struct lane *l, struct frame *f, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (filter_pass(l->filter, &f[i]))
			f[kept++] = f[i];
	l->stats->packets_filtered += n - kept;
	return kept;
}

size_t lane_read(struct lane *l, struct frame *out, size_t room, bool refill)
{
	for (;;) {
		size_t n = reader_next(l->reader, out, room, refill);
		size_t kept = l->filter ? filtered(l, out, n) : n;
		if (kept || !n)
			return kept;
	}
}

/* The one frame that waits is the first of the queue again, and outlives its window. */
static void hold(struct lane *l)
{
	struct frame *f = &l->queue[0];

	if (f->captured > l->held_room) {
		free(l->held);
		l->held = mem_alloc(f->captured);
		l->held_room = f->captured;
	}
	if (f->captured)
		memcpy(l->held, f->data, f->captured);
	f->data = l->held;
}

static void set_due(struct lane *l)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = l->count; i-- > 0;) {
		if (l->queue[i].time < least)
			least = l->queue[i].time;
		l->due[i] = least;
	}
}

bool lane_begin(struct lane *l, uint64_t *first)
{
	uint32_t n = (uint32_t)reader_next(l->reader, l->queue, LIMIT_BATCH, true);

	*first = UINT64_MAX;
	for (uint32_t i = 0; i < n; i++) {
		if (l->queue[i].time < *first)
			*first = l->queue[i].time;
		if (l->filter)
			filter_prepare(l->filter, &l->queue[i]);
	}
	l->count = n;
	return n > 0;
}

void lane_resume(struct lane *l)
{
	if (l->filter)
		l->count = (uint32_t)filtered(l, l->queue, l->count);
	set_due(l);
}

bool lane_look_ahead(struct lane *l, bool refill)
{
	if (l->count > 1 || lane_ended(l))
		return true;
	if (l->count)
		l->queue[0] = l->queue[l->head];
	l->head = 0;
	for (;;) {
		uint32_t before = l->count;
		l->count += (uint32_t)lane_read(l, l->queue + before, LIMIT_BATCH - before, false);
		if (l->count == before && refill && !lane_ended(l)) {
			if (before)
				hold(l);
			l->count += (uint32_t)lane_read(l, l->queue + before, LIMIT_BATCH - before,
							true);
		}
		if (!refill || l->count > 1 || lane_ended(l))
			break;
	}
	set_due(l);
	return l->count > 1 || lane_ended(l);
}

size_t lane_take(struct lane *l, struct frame *out, size_t room, uint64_t time, bool inclusive)
{
	size_t n = 0;

	while (n < room && n < l->count) {
		uint64_t due = l->due[l->head + n];
		if (due > time || (due == time && !inclusive))
			break;
		out[n] = l->queue[l->head + n];
		n++;
	}
	l->head += (uint32_t)n;
	l->count -= (uint32_t)n;
	return n;
}
