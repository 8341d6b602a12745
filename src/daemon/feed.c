#include "daemon/feed.h"

#include <string.h>

#include "capture/stream.h"
#include "core/limits.h"
#include "daemon/work.h"
#include "event/line_in.h"
#include "output/report.h"

#define COMPLAINTS_MAX 10 /* bad lines that are told one by one */

struct feed {
	struct work work;
	struct fields *none; /* when there are no rules */
	struct line_in *in;
	struct report_lines lines;
	uint64_t number; /* of the line, over all files */
};

static void complain(struct feed *f, const char *file, uint64_t in_file, const char *text)
{
	if (++f->lines.bad <= COMPLAINTS_MAX)
		fprintf(stderr, "egret: %s:%llu: %s\n", file, (unsigned long long)in_file, text);
	if (f->lines.bad == COMPLAINTS_MAX)
		fputs("egret: further lines that cannot be read are only counted\n", stderr);
}

static void take(struct feed *f, const char *file, uint64_t in_file, struct str text)
{
	struct error e = {0};
	struct line line = line_in_read(f->in, text, f->number, &e);

	f->lines.values_lost += line.values_lost;
	switch (line.kind) {
	case LINE_BAD:
		complain(f, file, in_file, e.text);
		return;
	case LINE_EMPTY:
		return;
	case LINE_RECORD:
		f->lines.records++;
		break;
	case LINE_EVENT:
		break;
	}
	do { /* a line may be a list of them */
		line.event.line = f->number;
		f->lines.events += line.kind == LINE_EVENT;
		f->lines.unsourced += line.kind == LINE_EVENT && !line.sources;
		analyst_take_line(f->work.now.analyst, &line);
	} while (line_in_next(f->in, &line));
}

/* The bytes up to the next newline, which stays in the window; false at the end. `cut`: the line is
 * longer than the bound, and what lies there is but its start. */
static bool next_line(struct stream *s, struct str *line, bool *cut)
{
	size_t seen = 0;

	*cut = false;
	while (stream_fill(s, seen + 1) || stream_left(s) > seen) {
		const uint8_t *newline = memchr(s->p + seen, '\n', stream_left(s) - seen);
		*line = (struct str){(const char *)s->p, stream_left(s)};
		if (newline) {
			line->n = (size_t)(newline - s->p);
			return true;
		}
		seen = stream_left(s);
		if (seen > LIMIT_EVENT_LINE) {
			*cut = true;
			return true;
		}
	}
	*line = (struct str){(const char *)s->p, stream_left(s)};
	return line->n != 0; /* the last one may have no newline */
}

static void skip(struct stream *s, struct str line, bool *inside)
{
	s->p += line.n;
	*inside = s->p == s->end && !stream_fill(s, 1) ? false : *s->p != '\n';
	if (!*inside && stream_left(s))
		s->p++;
}

static void read_file(struct feed *f, const char *file, struct stream *s)
{
	bool cut, inside = false;
	struct str line;
	uint64_t in_file = 0;

	while (next_line(s, &line, &cut)) {
		bool rest = inside; /* of a line that was too long */
		if (!rest) {
			f->number++;
			in_file++;
		}
		if (!rest && cut)
			complain(f, file, in_file, "the line is too long");
		else if (!rest)
			take(f, file, in_file, line);
		skip(s, line, &inside);
	}
	if (s->damage.text[0]) {
		fprintf(stderr, "egret: %s: %s\n", file, s->damage.text);
		f->work.damage++;
	}
}

static int open_all(struct feed *f, const struct options *o, struct error *e)
{
	if (work_open(&f->work, o, true, e))
		return -1;
	if (!f->work.now.rules)
		f->none = fields_new();
	f->in = line_in_new(f->work.now.rules ? f->work.now.rules->fields : f->none, &o->as);
	return 0;
}

static void tell(struct feed *f)
{
	struct work *w = &f->work;
	bool json = w->o->json || w->o->each;
	struct analyst_summary summary = analyst_summary(w->now.analyst);

	work_tell(w);
	if (w->o->quiet)
		return;
	if (!json)
		fputc('\n', w->out);
	report_lines(&f->lines, &summary, json ? stderr : w->out);
}

int feed_run(const struct options *o)
{
	struct feed f = {0};
	struct error e;
	int status = EXIT_FINE;

	if (open_all(&f, o, &e)) {
		status = work_fail(&e);
	} else {
		for (size_t i = 0; i < o->events.count; i++) {
			struct stream *s = stream_open(o->events.path[i], STREAM_READ, &e);
			if (!s) {
				fprintf(stderr, "egret: %s: %s\n", o->events.path[i], e.text);
				f.work.damage++;
				continue;
			}
			read_file(&f, o->events.path[i], s);
			stream_close(s);
		}
		f.work.damage += f.lines.bad;
		tell(&f);
	}
	line_in_free(f.in);
	fields_free(f.none);
	return work_close(&f.work, status);
}
