#include "daemon/replay.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "capture/source.h"
#include "core/hostname.h"
#include "core/limits.h"
#include "detect/analyst.h"
#include "output/finding_json.h"
#include "output/record_json.h"
#include "output/report.h"
#include "output/sink.h"
#include "sensor/sensor.h"

struct replay {
	struct stats stats;
	struct domain_set *set;
	struct analyst *analyst;
	struct sensor *sensor;
	struct source *source;
	struct sink *records; /* NULL: not wanted */
	struct record_json json;
	uint64_t first, last; /* packet times */
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void to_analyst(void *context, const struct record *r)
{
	struct replay *p = context;
	analyst_take(p->analyst, r);
}

static void to_file(void *context, const struct record *r)
{
	struct replay *p = context;
	char *room = sink_room(p->records, RECORD_JSON_MAX);

	sink_add(p->records, record_json(&p->json, r, room, RECORD_JSON_MAX));
}

static void problem(void *context, const char *file, const char *text)
{
	(void)context;
	fprintf(stderr, "egret: %s: %s\n", file, text);
}

static int fail(const struct error *e)
{
	fprintf(stderr, "egret: %s\n", e->text);
	return EXIT_UNUSABLE;
}

static struct domain_set *load_lists(const struct replay_options *o, struct error *e)
{
	struct domain_set_options d = {
		.paths = o->domains, .path_count = o->domain_count, .cache_dir = o->cache_dir};

	return domain_set_load(&d, e);
}

static int open_all(struct replay *p, const struct replay_options *o, struct error *e)
{
	struct source_files_options files = {.paths = o->paths,
					     .path_count = o->path_count,
					     .filter = o->filter,
					     .problem = problem};
	struct sensor_settings settings = {.flow = flow_settings_default,
					   .rare_dns = o->records != NULL};

	p->set = load_lists(o, e);
	if (!p->set)
		return -1;
	p->source = source_open_files(&files, &p->stats, e);
	if (!p->source)
		return -1;
	if (o->records) {
		p->records = sink_open(o->records, e);
		if (!p->records)
			return -1;
	}
	p->analyst = analyst_new(p->set, o->threshold,
				 (struct record_sink){p->records ? to_file : NULL, p});
	p->sensor = sensor_new(&settings, (struct record_sink){to_analyst, p}, &p->stats);
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

static void put_json(void *context, const struct finding *f)
{
	char line[FINDING_JSON_MAX];

	fwrite(line, 1, finding_json(f, line, sizeof line), context);
}

static void tell(const struct replay *p, const struct replay_options *o, uint64_t wall)
{
	/* with the records on standard output, what a person reads goes beside it */
	bool beside = o->records && strcmp(o->records, "-") == 0;
	FILE *out = beside ? stderr : stdout;
	struct rusage use;
	struct report_run run = {.stats = &p->stats,
				 .analyst = analyst_summary(p->analyst),
				 .first = p->first,
				 .last = p->last,
				 .cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID),
				 .wall = wall};

	getrusage(RUSAGE_SELF, &use);
	run.memory = (uint64_t)use.ru_maxrss * 1024;
	run.link_count = sensor_unknown_links(p->sensor, &run.links);
	if (o->json)
		analyst_findings(p->analyst, put_json, out);
	else
		report_findings(p->analyst, out);
	if (o->quiet)
		return;
	if (!o->json)
		fputc('\n', out);
	/* JSON lines stay alone on their stream */
	report_summary(&run, o->json ? stderr : out);
}

int replay_run(const struct replay_options *o)
{
	struct replay p = {0};
	struct error e;
	uint64_t start = clock_ns(CLOCK_MONOTONIC);
	int status = EXIT_FINE;

	if (open_all(&p, o, &e)) {
		status = fail(&e);
	} else {
		read_all(&p);
		tell(&p, o, clock_ns(CLOCK_MONOTONIC) - start);
		if (p.stats.files_damaged)
			status = EXIT_DAMAGED;
	}
	sensor_free(p.sensor);
	analyst_free(p.analyst);
	if (p.records && sink_close(p.records, &e)) {
		fail(&e);
		status = EXIT_DAMAGED;
	}
	if (p.source)
		source_close(p.source);
	domain_set_free(p.set);
	if (fflush(stdout) || ferror(stdout)) {
		perror("egret: standard output");
		status = EXIT_DAMAGED;
	}
	return status;
}

int replay_explain(const struct replay_options *o, const char *name)
{
	char canonical[HOSTNAME_MAX];
	struct error e;
	struct domain_set *set = load_lists(o, &e);

	if (!set)
		return fail(&e);
	size_t n = hostname_from_text(str_of(name), canonical);
	domain_set_explain(set, (struct str){canonical, n}, stdout);
	domain_set_free(set);
	return EXIT_FINE;
}
