#include "capture/source.h"

#include <stdlib.h>

#include "base/mem.h"
#include "capture/lane.h"
#include "capture/unpack.h"
#include "core/limits.h"
#include "capture/file_list.h"
#include "capture/filter.h"
#include "capture/merge.h"
#include "capture/report.h"
#include "core/limits.h"

struct source {
	struct report report;
	struct file_list files;
	struct filter *filter; /* NULL: none */
	struct merge *merge;
};

static void filter_problem(void *context, const char *text)
{
	struct source *s = context;

	report_note(&s->report, merge_current(s->merge), text);
}

static int open_all(struct source *s, const struct source_files_options *o, struct error *e)
{
	for (size_t i = 0; i < o->path_count; i++)
		if (file_list_add(&s->files, o->paths[i], &s->report, e))
			return -1;
	file_list_finish(&s->files, &s->report);
	if (o->filter)
		s->filter = filter_new(o->filter, filter_problem, s);
	s->merge = merge_new(&s->files, s->filter, &s->report);
	return s->filter ? filter_check(s->filter, e) : 0;
}

struct source *source_open_files(const struct source_files_options *o, struct stats *stats,
				 struct error *e)
{
	struct source *s = mem_zalloc(sizeof *s);

	s->report = (struct report){.problem = o->problem, .context = o->context, .stats = stats};
	file_list_init(&s->files);
	if (open_all(s, o, e)) {
		source_close(s);
		return NULL;
	}
	return s;
}

size_t source_next(struct source *s, struct frame *out, size_t room)
{
	struct stats *stats = s->report.stats;
	size_t n = room ? merge_next(s->merge, out, room < LIMIT_BATCH ? room : LIMIT_BATCH) : 0;

	stats->packets += n;
	for (size_t i = 0; i < n; i++) {
		stats->packet_bytes += out[i].length;
		stats->packets_cut += out[i].captured < out[i].length;
	}
	return n;
}

void source_close(struct source *s)
{
	if (s->merge)
		merge_free(s->merge);
	if (s->filter)
		filter_free(s->filter);
	file_list_fini(&s->files);
	free(s);
}

size_t source_memory(void)
{
	/* its window grows for a block, and is there twice then; so is what waits to be unpacked */
	return 2 * mem_lines_memory(LIMIT_BLOCK + LIMIT_WINDOW_SMALL) +
	       2 * mem_lines_memory(LIMIT_WINDOW) + mem_memory(LIMIT_PACKET) +
	       mem_memory(sizeof(struct lane)) + unpack_memory();
}
