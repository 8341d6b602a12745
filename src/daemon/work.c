#include "daemon/work.h"

#include <string.h>

#include "base/clock.h"
#include "core/limits.h"
#include "output/finding_json.h"
#include "output/findings_table.h"

int work_fail(const struct error *e)
{
	fprintf(stderr, "egret: %s\n", e->text);
	return EXIT_UNUSABLE;
}

static void to_file(void *context, const struct record *r)
{
	struct work *w = context;
	char *room = sink_room(w->records, RECORD_JSON_MAX);

	sink_add(w->records, w->sysmon ? sysmon_json(w->sysmon, r, room, RECORD_JSON_MAX)
				       : record_json(&w->json, r, room, RECORD_JSON_MAX));
}

static void put_json(void *context, const struct finding *f)
{
	struct work *w = context;
	char line[FINDING_JSON_MAX];

	fwrite(line, 1, finding_json(f, line, sizeof line), w->out);
}

static void wrong(void *context, const char *file, unsigned line, const char *rule,
		  const char *text)
{
	(void)context;
	fprintf(stderr, "egret: %s:%u: ", file, line);
	fprintf(stderr, "%s%s%s\n", rule ? rule : "", rule ? ": " : "", text);
}

int work_load(struct work *w, const struct options *o, bool events, struct error *e)
{
	w->o = o;
	return generation_load(&w->now, o, events, wrong, w, e);
}

static const char *state_folder(const struct work *w)
{
	return w->now.config.state && *w->now.config.state ? w->now.config.state : NULL;
}

/* What is damaged is set aside, and the start goes on empty. */
static void load_state(struct work *w)
{
	struct state_section sections[ANALYST_SECTIONS];
	size_t n = analyst_sections(w->now.analyst, ANALYST_LEARNED, sections);
	struct error e;

	if (state_folder(w) && state_load(state_folder(w), sections, n, &e) == STATE_REFUSED) {
		fprintf(stderr, "egret: %s\n", e.text);
		w->damage++;
	}
}

static void save_state(struct work *w)
{
	struct state_section sections[ANALYST_SECTIONS];
	size_t n = analyst_sections(w->now.analyst, ANALYST_LEARNED, sections);
	struct error e;

	if (state_folder(w) && state_save(state_folder(w), sections, n, &e)) {
		work_fail(&e);
		w->damage++;
	}
}

int work_open(struct work *w, const struct options *o, bool events, struct error *e)
{
	w->start = clock_steady();
	/* with the records on standard output, what a person reads goes beside it */
	w->out = o->records && strcmp(o->records, "-") == 0 ? stderr : stdout;
	if (work_load(w, o, events, e))
		return -1;
	if (o->records) {
		w->records = sink_open(o->records, e);
		if (!w->records)
			return -1;
		if (o->format == FORMAT_SYSMON)
			w->sysmon = sysmon_new(NULL);
	}
	struct analyst_options a = {.next = {.take = w->records ? to_file : NULL, .context = w},
				    .hosts = events,
				    .strict = o->strict,
				    .each = o->each ? put_json : NULL,
				    .each_context = w};
	generation_start(&w->now, &a);
	load_state(w);
	return 0;
}

void work_tell(struct work *w)
{
	save_state(w);
	if (w->o->each)
		return;
	if (w->o->json) {
		analyst_findings(w->now.analyst, put_json, w);
		return;
	}
	struct findings_table *t = findings_table_new();
	analyst_findings(w->now.analyst, findings_table_add, t);
	findings_table_print(t, w->out);
}

int work_close(struct work *w, int status)
{
	struct error e;

	sysmon_free(w->sysmon);
	if (w->records && sink_close(w->records, &e)) {
		work_fail(&e);
		status = status ? status : EXIT_DAMAGED;
	}
	w->damage += w->now.problems;
	generation_free(&w->now);
	if (fflush(stdout) || ferror(stdout)) {
		perror("egret: standard output");
		status = status ? status : EXIT_DAMAGED;
	}
	return status ? status : w->damage ? EXIT_DAMAGED : EXIT_FINE;
}
