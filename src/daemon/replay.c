#include "daemon/replay.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "capture/source.h"
#include "core/limits.h"
#include "daemon/work.h"
#include "output/report.h"
#include "sensor/sensor.h"

struct replay {
	struct work work;
	struct stats stats;
	struct sensor *sensor;
	struct source *source;
	uint64_t first, last; /* packet times */
};

static void to_analyst(void *context, const struct record *r)
{
	struct replay *p = context;
	analyst_take(p->work.now.analyst, r);
}

static void expect(void *context, struct str name)
{
	struct replay *p = context;
	analyst_expect(p->work.now.analyst, name);
}

static void problem(void *context, const char *file, const char *text)
{
	(void)context;
	fprintf(stderr, "egret: %s: %s\n", file, text);
}

static int open_all(struct replay *p, const struct options *o, struct error *e)
{
	struct source_files_options files = {.paths = o->captures.path,
					     .path_count = o->captures.count,
					     .filter = o->filter,
					     .problem = problem};
	struct sensor_settings settings = {.flow = flow_settings_default};

	if (work_open(&p->work, o, false, e))
		return -1;
	settings.rare_dns = o->records || analyst_wants_dns_text(p->work.now.analyst);
	p->source = source_open_files(&files, &p->stats, e);
	if (!p->source)
		return -1;
	p->sensor = sensor_new(&settings, (struct record_sink){.take = to_analyst, .expect = expect, .context = p}, &p->stats);
	return 0;
}

static void read_all(struct replay *p)
{
	struct frame frames[LIMIT_BATCH];
	size_t n;

	while ((n = source_next(p->source, frames, LIMIT_BATCH))) {
		if (!p->first || frames[0].time < p->first)
			p->first = frames[0].time;
		if (frames[n - 1].time > p->last)
			p->last = frames[n - 1].time;
		sensor_take(p->sensor, frames, n);
	}
	sensor_finish(p->sensor);
}

static void summarise(const struct replay *p)
{
	const struct work *w = &p->work;
	struct rusage use;
	struct report_run run = {.stats = &p->stats,
				 .analyst = analyst_summary(w->now.analyst),
				 .first = p->first,
				 .last = p->last,
				 .cpu = clock_cpu(),
				 .wall = clock_steady() - w->start};
	bool json = w->o->json || w->o->each;

	getrusage(RUSAGE_SELF, &use);
	run.memory = (uint64_t)use.ru_maxrss * 1024;
	run.link_count = sensor_unknown_links(p->sensor, &run.links);
	if (!json)
		fputc('\n', w->out);
	/* JSON lines stay alone on their stream */
	report_summary(&run, json ? stderr : w->out);
}

int replay_run(const struct options *o)
{
	struct replay p = {0};
	struct error e;
	int status = EXIT_FINE;

	if (open_all(&p, o, &e)) {
		status = work_fail(&e);
	} else {
		read_all(&p);
		work_tell(&p.work);
		if (!o->quiet)
			summarise(&p);
		if (p.stats.files_damaged)
			status = EXIT_DAMAGED;
	}
	sensor_free(p.sensor);
	if (p.source)
		source_close(p.source);
	return work_close(&p.work, status);
}
