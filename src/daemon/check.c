#include "daemon/check.h"

#include <stdio.h>

#include "core/hostname.h"
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
	const struct ruleset *set = w->rules;
	struct findings *none = findings_new(&(struct findings_options){0});
	struct hunt *h = hunt_new(
		&(struct hunt_options){.rules = w->rules, .findings = none, .strict = false});
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

int check_run(const struct options *o)
{
	struct work w = {0};
	struct error e;

	if (work_load(&w, o, true, &e))
		return work_close(&w, work_fail(&e));
	if (w.rules)
		print_rules(&w);
	printf("services: %zu, with %zu names and expressions\n", domain_set_services(w.set),
	       domain_set_entries(w.set));
	return work_close(&w, EXIT_FINE);
}

int check_dump(const struct options *o)
{
	struct work w = {0};
	struct error e;

	if (work_load(&w, o, true, &e))
		return work_close(&w, work_fail(&e));
	config_dump(&w.config, stdout);
	return work_close(&w, EXIT_FINE);
}

static void explain_name(const struct work *w, const char *name)
{
	char canonical[HOSTNAME_MAX];
	size_t n = hostname_from_text(str_of(name), canonical);

	domain_set_explain(w->set, (struct str){canonical, n}, stdout);
}

/* The name that a record tells of, and the service that it belongs to. */
static struct hunt_subject subject_of(const struct work *w, const struct record *r)
{
	struct hunt_subject s = {0};

	if (r->kind == RECORD_DNS)
		s.name = r->dns.question;
	else if (r->kind == RECORD_HTTP)
		s.name = r->http.host;
	else if (r->kind == RECORD_TLS || r->kind == RECORD_QUIC)
		s.name = r->tls.server_name;
	else
		s.name = r->flow.name;
	if (s.name.n)
		s.entry = domain_set_match(w->set, s.name);
	return s;
}

static int explain_line(const struct work *w, const char *text, struct error *e)
{
	if (!w->rules)
		return error_set(e, "there are no rules to explain");
	struct line_in *in = line_in_new(w->rules->fields, &w->o->as);
	struct line line = line_in_read(in, str_of(text), 1, e);
	struct findings *none = findings_new(&(struct findings_options){0});
	struct hunt *h = hunt_new(&(struct hunt_options){.rules = w->rules, .findings = none});
	int failed = line.kind == LINE_BAD ? -1 : 0;

	if (line.kind == LINE_RECORD) {
		struct hunt_subject subject = subject_of(w, line.record);
		hunt_explain_record(h, line.record, &subject, stdout);
	}
	if (line.kind == LINE_EVENT)
		hunt_explain_line(h, &line, stdout);
	hunt_free(h);
	findings_free(none);
	line_in_free(in);
	return failed;
}

int check_explain(const struct options *o, const char *what)
{
	struct work w = {0};
	struct error e;
	int status = EXIT_FINE;

	if (work_load(&w, o, true, &e))
		status = work_fail(&e);
	else if (*what != '{')
		explain_name(&w, what);
	else if (explain_line(&w, what, &e))
		status = work_fail(&e);
	return work_close(&w, status);
}
