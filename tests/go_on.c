/* Findings of records (one a line on standard input), by an analyst that has to make room for a new
 * one every so often: `adopt` after every K-th line, or `restart`, with nothing but the state
 * between. With K = 0 it never has to. Lists and rules are loaded anew each time.
 *
 *	go_on adopt|restart|forget K DOMAINS RULES CACHE
 *
 * `forget` hands nothing on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/limits.h"
#include "detect/analyst.h"
#include "output/finding_json.h"

static char **arguments;

struct generation {
	struct domain_set *set;
	struct ruleset *rules;
	struct analyst *analyst;
	struct line_in *in;
};

static void die(const struct error *e)
{
	fprintf(stderr, "go_on: %s\n", e->text);
	exit(2);
}

static struct generation begin(void)
{
	const char *domains = arguments[3], *rules = arguments[4];
	struct generation g;
	struct error e;
	struct detector_settings detectors;

	settings_default(&detectors);
	g.set = domain_set_load(
		&(struct domain_set_options){
			.paths = &domains, .path_count = 1, .cache_dir = arguments[5]},
		&e);
	if (!g.set)
		die(&e);
	g.rules = ruleset_new(&(struct ruleset_options){.paths = &rules,
							.path_count = 1,
							.services = g.set,
							.cache_folder = arguments[5]},
			      &e);
	if (!g.rules)
		die(&e);
	g.analyst = analyst_new(&(struct analyst_options){
		.set = g.set,
		.threshold = {10000000, 100000000, 500000000, UINT64_MAX},
		.rules = g.rules,
		.detectors = &detectors,
		.hosts = true});
	g.in = line_in_new(g.rules->fields, NULL);
	return g;
}

static void end(struct generation *g)
{
	analyst_free(g->analyst);
	line_in_free(g->in);
	ruleset_free(g->rules);
	domain_set_free(g->set);
}

static void restart(struct analyst *to, struct analyst *from)
{
	struct state_section s[ANALYST_SECTIONS];
	struct bytes file;
	struct error e;

	if (state_encode(s, analyst_sections(from, ANALYST_ALL, s), &file, &e) ||
	    state_decode(s, analyst_sections(to, ANALYST_ALL, s), file.p, file.n, &e))
		die(&e);
	bytes_fini(&file);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void tell(void *context, const struct finding *f)
{
	static char text[FINDING_JSON_MAX];

	(void)context;
	/* connections that run are no part of the state: they count again when they go on */
	if (strcmp(arguments[1], "restart") == 0)
		printf("%s %s %d %d %llu %llu %llu %llu %llu\n", f->id, f->rule->title, f->level,
		       f->possible, (unsigned long long)f->first, (unsigned long long)f->last,
		       (unsigned long long)f->matches, (unsigned long long)f->up,
		       (unsigned long long)f->down);
	else
		fwrite(text, 1, finding_json(f, text, sizeof text), stdout);
}

int main(int argc, char **argv)
{
	struct error e = {{0}};
	char *line = NULL;
	size_t room = 0;
	uint64_t number = 0;
	double most = 0;
	ssize_t n;

	if (argc != 6)
		return 2;
	arguments = argv;
	uint64_t every = strtoull(argv[2], NULL, 10);
	struct generation g = begin();
	while ((n = getline(&line, &room, stdin)) > 0) {
		struct line l =
			line_in_read(g.in, (struct str){line, (size_t)n - 1}, ++number, &e);
		if (l.kind == LINE_BAD)
			die(&e);
		l.event.line = 0; /* as it is with packets */
		if (l.kind != LINE_EMPTY)
			analyst_take_line(g.analyst, &l);
		if (!every || number % every)
			continue;
		struct generation next = begin();
		double start = now_ms();
		if (strcmp(argv[1], "adopt") == 0)
			analyst_adopt(next.analyst, g.analyst);
		else if (strcmp(argv[1], "restart") == 0)
			restart(next.analyst, g.analyst);
		if (now_ms() - start > most)
			most = now_ms() - start;
		end(&g);
		g = next;
	}
	analyst_findings(g.analyst, tell, NULL);
	end(&g);
	free(line);
	if (every)
		fprintf(stderr, "%.2f ms at most\n", most);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
