#include "daemon/work.h"

#include <string.h>
#include <unistd.h>

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
	char *room = sink_room(w->findings, FINDING_JSON_MAX);

	sink_add(w->findings, finding_json(f, room, FINDING_JSON_MAX));
}

static void wrong(void *context, const char *file, unsigned line, const char *rule,
		  const char *text)
{
	char at[16] = "";

	(void)context;
	if (line) /* else it is the file as a whole */
		snprintf(at, sizeof at, ":%u", line);
	fprintf(stderr, "egret: %s%s: %s%s%s\n", file, at, rule ? rule : "", rule ? ": " : "",
		text);
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

static int open_outputs(struct work *w, const struct options *o, struct error *e)
{
	/* with the records on standard output, the rest goes beside it */
	bool beside = o->records && strcmp(o->records, "-") == 0;

	w->out = beside ? stderr : stdout;
	if (o->json || o->each) {
		w->findings = sink_standard(beside ? STDERR_FILENO : STDOUT_FILENO, e);
		if (!w->findings)
			return -1;
	}
	if (!o->records)
		return 0;
	w->records = sink_open(o->records, e);
	if (w->records && o->format == FORMAT_SYSMON)
		w->sysmon = sysmon_new(NULL);
	return w->records ? 0 : -1;
}

int work_open(struct work *w, const struct options *o, bool events, struct error *e)
{
	w->start = clock_steady();
	if (work_load(w, o, events, e) || open_outputs(w, o, e))
		return -1;
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

static void close_sink(struct sink *s, int *status)
{
	struct error e;

	if (s && sink_close(s, &e)) {
		work_fail(&e);
		*status = *status ? *status : EXIT_DAMAGED;
	}
}

int work_close(struct work *w, int status)
{
	sysmon_free(w->sysmon);
	close_sink(w->findings, &status);
	close_sink(w->records, &status);
	w->damage += w->now.problems;
	generation_free(&w->now);
	if (fflush(stdout) || ferror(stdout)) {
		perror("egret: standard output");
		status = status ? status : EXIT_DAMAGED;
	}
	return status ? status : w->damage ? EXIT_DAMAGED : EXIT_FINE;
}
