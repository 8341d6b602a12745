#include "daemon/work.h"

#include <string.h>
#include <time.h>

#include "core/limits.h"
#include "daemon/paths.h"
#include "daemon/size.h"
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

static void rule_problem(void *context, const char *file, unsigned line, const char *rule,
			 const char *text)
{
	struct work *w = context;

	w->damage++;
	fprintf(stderr, "egret: %s:%u: ", file, line);
	fprintf(stderr, "%s%s%s\n", rule ? rule : "", rule && *rule ? ": " : "", text);
}

static void config_wrong(void *context, const char *file, unsigned line, const char *text)
{
	struct work *w = context;

	w->damage++;
	fprintf(stderr, "egret: %s:%u: %s\n", file, line, text);
}

static int load_config(struct work *w, const struct options *o, struct error *e)
{
	config_init(&w->config);
	networks_init(&w->home);
	if (o->config && config_read(&w->config, o->config, config_wrong, w, e) < 0)
		return -1;
	if (o->thresholds && !size_thresholds(o->thresholds, w->config.threshold))
		return error_set(e, "no threshold: %s", o->thresholds);
	for (size_t i = 0; i < w->config.home.count; i++)
		if (networks_add(&w->home, str_of(w->config.home.text[i]), e))
			config_wrong(w, o->config, w->config.home.line[i], e->text);
	return 0;
}

/* The command line wins over the configuration, and that over what is installed. */
static struct path_list choose(const struct path_list *given, const struct config_list *set,
			       const char **standard)
{
	if (given->count || given->none)
		return *given;
	if (set->set)
		return (struct path_list){.path = set->text, .count = set->count};
	return (struct path_list){.path = standard, .count = *standard != NULL};
}

int work_load(struct work *w, const struct options *o, bool events, struct error *e)
{
	char domains_room[PATH_MAX], rules_room[PATH_MAX], cache_room[PATH_MAX];
	const char *standard_domains = paths_domains(domains_room);
	const char *standard_rules = paths_rules(rules_room);
	const struct config *c = &w->config;

	w->o = o;
	if (load_config(w, o, e))
		return -1;
	const char *cache = o->cache ? o->cache : c->cache ? c->cache : paths_cache(cache_room);
	if (cache && !*cache)
		cache = NULL;
	struct path_list domains = choose(&o->domains, &c->domains, &standard_domains);
	struct domain_set_options lists = {
		.paths = domains.path, .path_count = domains.count, .cache_dir = cache};
	w->set = domain_set_load(&lists, e);
	if (!w->set)
		return -1;
	struct path_list paths = choose(&o->rules, &c->rules, &standard_rules);
	struct ruleset_options rules = {.paths = paths.path,
					.path_count = paths.count,
					.services = w->set,
					.lists = c->lists,
					.list_count = c->list_count,
					.cache_folder = cache,
					.wire_only = !events,
					.problem = rule_problem,
					.problem_context = w};
	if (!paths.count)
		return 0;
	w->rules = ruleset_new(&rules, e);
	return w->rules ? 0 : -1;
}

static void allow(struct work *w, enum allow_list list, const struct config_list *l)
{
	struct error e;

	for (size_t i = 0; i < l->count; i++)
		if (detectors_allow(analyst_detectors(w->analyst), list, str_of(l->text[i]), &e))
			config_wrong(w, w->config.file, l->line[i], e.text);
}

static void allow_all(struct work *w)
{
	const struct config *c = &w->config;

	allow(w, ALLOW_CLIENT, &c->allow_clients);
	allow(w, ALLOW_SERVER, &c->allow_servers);
	allow(w, ALLOW_SERVICE, &c->allow_services);
	allow(w, ALLOW_TENANT, &c->allow_tenants);
	allow(w, OWN_TENANT, &c->own_tenants);
}

static const char *state_folder(const struct work *w)
{
	return w->config.state && *w->config.state ? w->config.state : NULL;
}

/* What is damaged is set aside, and the start goes on empty. */
static void load_state(struct work *w)
{
	struct state_section sections[ANALYST_SECTIONS];
	size_t n = analyst_sections(w->analyst, ANALYST_LEARNED, sections);
	struct error e;

	if (state_folder(w) && state_load(state_folder(w), sections, n, &e) == STATE_REFUSED) {
		fprintf(stderr, "egret: %s\n", e.text);
		w->damage++;
	}
}

static void save_state(struct work *w)
{
	struct state_section sections[ANALYST_SECTIONS];
	size_t n = analyst_sections(w->analyst, ANALYST_LEARNED, sections);
	struct error e;

	if (state_folder(w) && state_save(state_folder(w), sections, n, &e)) {
		work_fail(&e);
		w->damage++;
	}
}

int work_open(struct work *w, const struct options *o, bool events, struct error *e)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	w->start = (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
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
	struct analyst_options a = {.set = w->set,
				    .next = {w->records ? to_file : NULL, w},
				    .rules = w->rules,
				    .hosts = events,
				    .detectors = &w->config.detectors,
				    .home = w->config.home.set ? &w->home : NULL,
				    .strict = o->strict || w->config.strict,
				    .each = o->each ? put_json : NULL,
				    .each_context = w};
	memcpy(a.threshold, w->config.threshold, sizeof a.threshold);
	w->analyst = analyst_new(&a);
	load_state(w);
	allow_all(w);
	return 0;
}

void work_tell(struct work *w)
{
	save_state(w);
	if (w->o->each)
		return;
	if (w->o->json) {
		analyst_findings(w->analyst, put_json, w);
		return;
	}
	struct findings_table *t = findings_table_new();
	analyst_findings(w->analyst, findings_table_add, t);
	findings_table_print(t, w->out);
}

int work_close(struct work *w, int status)
{
	struct error e;

	analyst_free(w->analyst);
	sysmon_free(w->sysmon);
	if (w->records && sink_close(w->records, &e)) {
		work_fail(&e);
		status = status ? status : EXIT_DAMAGED;
	}
	ruleset_free(w->rules);
	domain_set_free(w->set);
	networks_fini(&w->home);
	config_fini(&w->config);
	if (fflush(stdout) || ferror(stdout)) {
		perror("egret: standard output");
		status = status ? status : EXIT_DAMAGED;
	}
	return status ? status : w->damage ? EXIT_DAMAGED : EXIT_FINE;
}
