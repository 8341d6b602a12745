#include "daemon/check.h"

#include <stdio.h>

#include "daemon/explain.h"
#include "daemon/memory.h"
#include "daemon/work.h"
#include "detect/hunt.h"

static const char *const reach_words[] = {
	[REACH_NOT] = "events only",
	[REACH_PART] = "in part",
	[REACH_FULL] = "wire",
};

static void print_rule(const struct ruleset *set, struct hunt *h, size_t rule, size_t count[3])
{
	const struct rule_info *info = &set->rules->rule[rule]->info;
	const char *unknown[MATCH_FIELDS_MAX];
	unsigned n = 0;
	enum sigma_reach reach = hunt_reach(h, rule, unknown, &n);

	count[reach]++;
	printf("%-12s %s  (%s:%u)", reach_words[reach], info->title, info->file, info->line);
	for (unsigned i = 0; reach == REACH_PART && i < n; i++)
		printf("%s%s", i ? ", " : "  hangs on ", unknown[i]);
	putchar('\n');
}

static void print_rules(const struct work *w)
{
	const struct ruleset *set = w->now.rules;
	struct findings *none = findings_new(&(struct findings_options){0});
	struct hunt *h = hunt_new(
		&(struct hunt_options){.rules = w->now.rules, .findings = none, .strict = false});
	size_t count[3] = {0};

	for (size_t i = 0; i < set->rules->rule_count; i++)
		print_rule(set, h, i, count);
	for (size_t i = 0; i < set->rules->correlation_count; i++) {
		const struct rule_info *info = &set->rules->correlation[i]->info;
		printf("%-12s %s  (%s:%u)\n", "correlation", info->title, info->file, info->line);
	}
	struct sigma_engine_stats s = sigma_engine_stats(set->engine);
	printf("\nrules:    %zu decided by the wire, %zu in part, %zu for events of hosts and "
	       "clouds "
	       "only; %zu correlations; %zu refused\n"
	       "patterns: %zu in %zu sets\n",
	       count[REACH_FULL], count[REACH_PART], count[REACH_NOT],
	       set->rules->correlation_count, set->refused, s.patterns, s.pattern_sets);
	hunt_free(h);
	findings_free(none);
}

/* With the tables of an analyst, which are empty. */
static void print_memory(struct work *w)
{
	struct analyst_options a = {.window = w->now.config.window, .hosts = w->o->events.count};
	struct memory_counts n = memory_counts_of(w->o, &w->now.config);
	struct budget replay = {0}, daemon = {0};

	generation_start(&w->now, &a);
	uint64_t loaded = memory_peak();
	memory_replay(&w->now, w->o->events.count, loaded, &replay);
	memory_daemon(&w->now, &n, loaded, &daemon);
	memory_print(&replay, &daemon, &n, stdout);
}

int check_run(const struct options *o)
{
	struct work w = {0};
	struct error e;

	if (work_load(&w, o, true, &e))
		return work_close(&w, work_fail(&e));
	if (o->quiet) /* what is wrong was told on the way */
		return work_close(&w, EXIT_FINE);
	if (w.now.rules)
		print_rules(&w);
	printf("services: %zu, with %zu names and expressions\n", domain_set_services(w.now.set),
	       domain_set_entries(w.now.set));
	print_memory(&w);
	return work_close(&w, EXIT_FINE);
}

int check_dump(const struct options *o)
{
	struct work w = {0};
	struct error e;

	if (work_load(&w, o, true, &e))
		return work_close(&w, work_fail(&e));
	config_dump(&w.now.config, stdout);
	return work_close(&w, EXIT_FINE);
}

int check_explain(const struct options *o, const char *what)
{
	struct work w = {0};
	struct error e;
	int status = EXIT_FINE;

	if (work_load(&w, o, true, &e) || explain(&w.now, &o->as, str_of(what), stdout, &e))
		status = work_fail(&e);
	return work_close(&w, status);
}
