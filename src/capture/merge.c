#include "capture/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "capture/lane.h"
#include "capture/reader.h"
#include "capture/stream.h"

struct lanes {
	struct lane **at;
	size_t count, room;
};

struct merge {
	struct file_list *files;
	struct filter *filter;
	const struct report *report;
	size_t next;         /* first entry of the list that has not been opened yet */
	struct lanes heap;   /* open files, the one whose frame is due first on top */
	struct lanes spent;  /* files at their end whose frames may still be in use */
	size_t descriptors;  /* open files that may hold one */
	uint64_t batch;
	const char *current;
};

static void lanes_add(struct lanes *a, struct lane *l)
{
	if (a->count == a->room) {
		a->room = a->room ? 2 * a->room : 8;
		a->at = mem_resize(a->at, a->room * sizeof *a->at);
	}
	a->at[a->count++] = l;
}

static void lanes_close(struct lanes *a)
{
	for (size_t i = 0; i < a->count; i++) {
		lane_fini(a->at[i]);
		free(a->at[i]);
	}
	a->count = 0;
}

/* Files that begin or go on at the same time keep the order in which they were named. */
static bool before(uint64_t time_a, uint32_t order_a, uint64_t time_b, uint32_t order_b)
{
	return time_a != time_b ? time_a < time_b : order_a < order_b;
}

static bool lane_before(const struct lane *a, const struct lane *b)
{
	return before(a->due[a->head], a->order, b->due[b->head], b->order);
}

static void sift_up(struct lanes *h, size_t i)
{
	struct lane *l = h->at[i];

	for (; i && lane_before(l, h->at[(i - 1) / 2]); i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = l;
}

/* Puts the top where it belongs after its key has changed. */
static void sift_down(struct lanes *h)
{
	struct lane *l = h->at[0];
	size_t i = 0;

	for (size_t child = 1; child < h->count; child = 2 * i + 1) {
		if (child + 1 < h->count && lane_before(h->at[child + 1], h->at[child]))
			child++;
		if (!lane_before(h->at[child], l))
			break;
		h->at[i] = h->at[child];
		i = child;
	}
	h->at[i] = l;
}

/* A file that gives nothing more: its frames may be in use until the batch is over. */
static void finish(struct merge *m, struct lane *l)
{
	const char *problem = reader_problem(l->reader);

	if (problem)
		report_damage(m->report, l->path, problem);
	m->descriptors -= !l->frugal;
	lanes_add(&m->spent, l);
}

static void finish_top(struct merge *m)
{
	struct lane *l = m->heap.at[0];

	m->heap.at[0] = m->heap.at[--m->heap.count];
	if (m->heap.count)
		sift_down(&m->heap);
	finish(m, l);
}

/* Only a file that was named, or that looks like one that should be a capture, counts as lost. */
static void refuse(struct merge *m, const struct file_entry *f, enum reader_refusal why,
		   const struct error *e)
{
	const char *slash = strrchr(f->path, '/');
	bool expected = !f->in_folder || why == READER_BROKEN ||
			(why == READER_UNTOLD && strstr(slash ? slash : f->path, "cap"));
	struct error note;

	if (expected) {
		m->report->stats->files++;
		report_damage(m->report, f->path, e->text);
	} else {
		error_set(&note, "%s: skipped", e->text);
		report_note(m->report, f->path, note.text);
	}
}

static struct lane *open_lane(struct merge *m, const struct file_entry *f, enum stream_use use)
{
	enum reader_refusal why = READER_BROKEN;
	struct error e = {""};
	struct stream *s = stream_open(f->path, use, &e);
	struct reader *r = s ? reader_open(s, &why, &e) : NULL;

	if (!r) {
		refuse(m, f, why, &e);
		return NULL;
	}
	struct lane *l = mem_alloc(sizeof *l);
	lane_init(l, r, m->filter, m->report->stats);
	l->path = f->path;
	l->order = f->order;
	l->frugal = use == STREAM_FRUGAL;
	m->descriptors += !l->frugal;
	return l;
}

/* A look at the head of a file. False when it has no frame, which has been dealt with then. What
 * cannot be opened twice, and a file that is alone, stays open. */
static bool glance(struct merge *m, struct file_entry *f, bool alone)
{
	bool keep = alone || !f->regular;

	m->current = f->path;
	struct lane *l = open_lane(m, f, keep ? STREAM_READ : STREAM_GLANCE);
	if (!l)
		return false;
	bool any = lane_begin(l, &f->first);
	if (any && keep) {
		f->lane = l;
		return true;
	}
	if (any) {
		m->descriptors--;
		lanes_add(&m->spent, l);
	} else {
		m->report->stats->files++;
		finish(m, l);
	}
	lanes_close(&m->spent);
	return any;
}

static int by_first(const void *va, const void *vb)
{
	const struct file_entry *a = va, *b = vb;

	return before(a->first, a->order, b->first, b->order) ? -1 : 1;
}

struct merge *merge_new(struct file_list *files, struct filter *filter,
			const struct report *report)
{
	struct merge *m = mem_zalloc(sizeof *m);
	size_t kept = 0, count = files->count;

	m->files = files;
	m->filter = filter;
	m->report = report;
	for (size_t i = 0; i < count; i++) {
		struct file_entry *f = &files->entries[i];
		if (glance(m, f, count == 1))
			files->entries[kept++] = *f;
		else
			free(f->path);
	}
	files->count = kept;
	if (kept)
		qsort(files->entries, kept, sizeof *files->entries, by_first);
	return m;
}

void merge_free(struct merge *m)
{
	for (size_t i = m->next; i < m->files->count; i++)
		if (m->files->entries[i].lane)
			lanes_add(&m->spent, m->files->entries[i].lane);
	lanes_close(&m->heap);
	lanes_close(&m->spent);
	free(m->heap.at);
	free(m->spent.at);
	free(m);
}

static bool all_opened(const struct merge *m)
{
	return m->next == m->files->count;
}

static void open_next(struct merge *m)
{
	const struct file_entry *f = &m->files->entries[m->next++];
	bool frugal = m->descriptors >= LIMIT_OPEN_FILES;
	struct lane *l = f->lane;

	m->current = f->path;
	if (l)
		lane_resume(l);
	else if (!(l = open_lane(m, f, frugal ? STREAM_FRUGAL : STREAM_READ)))
		return;
	m->report->stats->files++;
	if (all_opened(m) && !m->heap.count) { /* alone: nothing to look ahead for */
		lanes_add(&m->heap, l);
		return;
	}
	lane_look_ahead(l, true);
	if (!l->count) {
		finish(m, l);
		return;
	}
	lanes_add(&m->heap, l);
	sift_up(&m->heap, m->heap.count - 1);
}

/* Whether the next file begins before the frame on top is due. */
static bool open_is_due(const struct merge *m, const struct lane *top)
{
	if (all_opened(m))
		return false;
	const struct file_entry *f = &m->files->entries[m->next];
	return before(f->first, f->order, top->due[top->head], top->order);
}

/* Frames of the top up to where another file is due. */
static size_t take_top(struct merge *m, struct frame *out, size_t room)
{
	struct lane *l = m->heap.at[0];
	uint64_t time = UINT64_MAX;
	uint32_t order = UINT32_MAX;

	for (size_t i = 1; i < m->heap.count && i < 3; i++) {
		const struct lane *rival = m->heap.at[i];
		if (before(rival->due[rival->head], rival->order, time, order)) {
			time = rival->due[rival->head];
			order = rival->order;
		}
	}
	if (!all_opened(m)) {
		const struct file_entry *f = &m->files->entries[m->next];
		if (before(f->first, f->order, time, order)) {
			time = f->first;
			order = f->order;
		}
	}
	l->batch = m->batch;
	return lane_take(l, out, room, time, l->order < order);
}

/* The same when only one file is left. */
static size_t take_alone(struct merge *m, struct frame *out, size_t room)
{
	struct lane *l = m->heap.at[0];
	bool refill = l->batch != m->batch;
	size_t n = l->count ? lane_take(l, out, room, UINT64_MAX, true)
			    : lane_read(l, out, room, refill);

	l->batch = m->batch;
	if (!n && lane_ended(l))
		finish_top(m);
	return n;
}

size_t merge_next(struct merge *m, struct frame *out, size_t room)
{
	size_t n = 0;

	lanes_close(&m->spent);
	m->batch++;
	while (n < room && (m->heap.count || !all_opened(m))) {
		if (!m->heap.count) {
			open_next(m);
			continue;
		}
		struct lane *top = m->heap.at[0];
		m->current = top->path;
		if (m->heap.count == 1 && all_opened(m)) {
			size_t got = take_alone(m, out + n, room - n);
			n += got;
			if (!got)
				break;
			continue;
		}
		/* a window with frames of this batch must stay: the batch ends here */
		if (!lane_look_ahead(top, top->batch != m->batch))
			break;
		if (!top->count) {
			finish_top(m);
			continue;
		}
		sift_down(&m->heap);
		if (open_is_due(m, m->heap.at[0]))
			open_next(m);
		else
			n += take_top(m, out + n, room - n);
	}
	return n;
}

const char *merge_current(const struct merge *m)
{
	return m->current;
}
