/* Replays a capture through N sensors, as N workers on an interface would see it, in one thread and
 * so the same every time: packets spread by their innermost addresses, records put in order on their
 * way to the analyst. Prints findings as lines of JSON: those of one worker, whatever N is.
 *
 *	workers N DOMAINS RULES CACHE CAPTURE */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "capture/source.h"
#include "core/limits.h"
#include "daemon/generation.h"
#include "daemon/lineup.h"
#include "output/finding_json.h"
#include "sensor/sensor.h"

#define WORKERS_MAX 16
#define TICK	    (100 * NS_PER_MS) /* as often as a worker looks at the clock */
#define RING	    (64u * 1024 * 1024)

struct worker {
	struct pipe pipe;
	struct stats stats;
	struct sensor *sensor;
	struct frame batch[LIMIT_BATCH];
	size_t n;
};

static struct worker worker[WORKERS_MAX];
static unsigned workers;

static void print(void *context, const struct finding *f)
{
	static char line[FINDING_JSON_MAX];

	(void)context;
	fwrite(line, 1, finding_json(f, line, sizeof line), stdout);
}

/* Both directions give the same. */
static unsigned owner(const struct tuple *t)
{
	uint64_t x = 0;

	for (int i = 0; i < 16; i += 8)
		x ^= hash_load64(t->src.b + i) ^ hash_load64(t->dst.b + i);
	return (unsigned)(hash_fold(x, 0x9e3779b97f4a7c15) % workers);
}

/* A frame that alone is no packet may be a fragment: whoever gets the rest needs it. (A kernel puts
 * fragments together before it spreads them.) */
static void spread(struct decoder *d, const struct frame *f)
{
	struct packet p;
	bool packet = decode_frame(d, f, &p);
	unsigned first = packet ? owner(&p.tuple) : 0, last = packet ? first : workers - 1;

	while (packet && decode_more(d, &p))
		;
	for (unsigned i = first; i <= last; i++)
		worker[i].batch[worker[i].n++] = *f;
}

/* Time goes on for all workers, as it does by the clock, not only for those that get the packets. */
static void flush(uint64_t now)
{
	for (unsigned i = 0; i < workers; i++) {
		struct worker *w = &worker[i];
		sensor_take(w->sensor, w->batch, w->n);
		w->n = 0;
		sensor_tick(w->sensor, now);
		pipe_mark(&w->pipe, sensor_time(w->sensor));
	}
}

static void take_all(struct lineup *o, struct analyst *a)
{
	struct pipe_message m;

	while ((m = lineup_next(o)).kind != PIPE_NOTHING)
		if (m.kind == PIPE_RECORD)
			analyst_take(a, m.record);
}

static void replay(struct source *source, struct analyst *a)
{
	struct stats stats = {0};
	struct decoder *d = decoder_new(&stats);
	struct pipe *pipes[WORKERS_MAX];
	struct frame frames[LIMIT_BATCH];
	struct lineup o;
	uint64_t ticked = 0;
	size_t n;

	for (unsigned i = 0; i < workers; i++)
		pipes[i] = &worker[i].pipe;
	lineup_init(&o, pipes, workers);
	while ((n = source_next(source, frames, LIMIT_BATCH))) {
		for (size_t i = 0; i < n; i++) {
			if (frames[i].time > ticked + TICK) {
				ticked = frames[i].time;
				flush(ticked);
			}
			spread(d, &frames[i]);
		}
		flush(frames[n - 1].time);
		decoder_release(d, frames[n - 1].time);
		take_all(&o, a);
	}
	for (unsigned i = 0; i < workers; i++) {
		sensor_finish(worker[i].sensor);
		pipe_mark(&worker[i].pipe, UINT64_MAX);
	}
	take_all(&o, a);
	lineup_fini(&o);
	decoder_free(d);
}

int main(int argc, char **argv)
{
	struct error e;
	struct generation g;
	struct analyst_options options = {0};
	struct stats stats = {0};

	if (argc != 6 || !(workers = (unsigned)atoi(argv[1])) || workers > WORKERS_MAX)
		return 2;
	const char *domains = argv[2], *rules = argv[3], *capture = argv[5];
	struct options o = {.domains = {.path = &domains, .count = 1},
			    .rules = {.path = &rules, .count = 1},
			    .cache = argv[4]};
	struct source_files_options files = {.paths = &capture, .path_count = 1};
	struct source *source = source_open_files(&files, &stats, &e);
	if (!source || generation_load(&g, &o, false, NULL, NULL, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	generation_start(&g, &options);
	for (unsigned i = 0; i < workers; i++) {
		struct sensor_settings settings = {.flow = flow_settings_default,
						   .rare_dns = analyst_wants_dns_text(g.analyst),
						   .clock_back = LIMIT_CLOCK_BACK_LIVE,
						   .number = i};
		pipe_init(&worker[i].pipe, RING);
		worker[i].sensor =
			sensor_new(&settings, pipe_sink(&worker[i].pipe), &worker[i].stats);
	}
	replay(source, g.analyst);
	analyst_findings(g.analyst, print, NULL);
	for (unsigned i = 0; i < workers; i++) {
		sensor_free(worker[i].sensor);
		pipe_fini(&worker[i].pipe);
	}
	generation_free(&g);
	source_close(source);
	return ferror(stdout) || fflush(stdout);
}
