#include "daemon/generation.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "daemon/paths.h"
#include "daemon/size.h"

static void tell(void *context, const char *file, unsigned line, const char *rule, const char *text)
{
	struct generation *g = context;

	g->problems++;
	if (g->problem)
		g->problem(g->context, file, line, rule && *rule ? rule : NULL, text);
}

static void config_wrong(void *context, const char *file, unsigned line, const char *text)
{
	tell(context, file, line, NULL, text);
}

static int load_config(struct generation *g, const struct options *o, struct error *e)
{
	if (o->config && config_read(&g->config, o->config, config_wrong, g, e) < 0)
		return -1;
	if (o->thresholds && !size_thresholds(o->thresholds, g->config.threshold))
		return error_set(e, "no threshold: %s", o->thresholds);
	for (size_t i = 0; i < g->config.home.count; i++)
		networks_add(g->home, str_of(g->config.home.text[i]), e);
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

static int load_rules(struct generation *g, const struct options *o, bool events, const char *cache,
		      struct error *e)
{
	char room[PATH_MAX];
	const char *standard = paths_rules(room);
	struct path_list paths = choose(&o->rules, &g->config.rules, &standard);
	struct ruleset_options rules = {.paths = paths.path,
					.path_count = paths.count,
					.services = g->set,
					.lists = g->config.lists,
					.list_count = g->config.list_count,
					.cache_folder = cache,
					.wire_only = !events,
					.problem = tell,
					.problem_context = g};

	if (!paths.count)
		return 0;
	g->rules = ruleset_new(&rules, e);
	return g->rules ? 0 : -1;
}

int generation_load(struct generation *g, const struct options *o, bool events,
		    generation_problem *problem, void *context, struct error *e)
{
	char domains_room[PATH_MAX], cache_room[PATH_MAX];
	const char *standard = paths_domains(domains_room);

	*g = (struct generation){.problem = problem, .context = context};
	config_init(&g->config);
	g->home = mem_zalloc(sizeof *g->home);
	networks_init(g->home);
	if (load_config(g, o, e))
		return -1;
	const char *cache = o->cache	      ? o->cache
			    : g->config.cache ? g->config.cache
					      : paths_cache(cache_room);
	if (cache && !*cache)
		cache = NULL;
	struct path_list domains = choose(&o->domains, &g->config.domains, &standard);
	struct domain_set_options lists = {
		.paths = domains.path, .path_count = domains.count, .cache_dir = cache};
	g->set = domain_set_load(&lists, e);
	if (!g->set)
		return -1;
	return load_rules(g, o, events, cache, e);
}

/* What is wrong with one was told when the file was read. */
static void allow(struct generation *g, enum allow_list list, const struct config_list *l)
{
	struct error e;

	for (size_t i = 0; i < l->count; i++)
		detectors_allow(analyst_detectors(g->analyst), list, str_of(l->text[i]), &e);
}

void generation_start(struct generation *g, struct analyst_options *a)
{
	const struct config *c = &g->config;

	a->set = g->set;
	a->rules = g->rules;
	a->detectors = &c->detectors;
	a->home = c->home.set ? g->home : NULL;
	a->strict |= c->strict;
	memcpy(a->threshold, c->threshold, sizeof a->threshold);
	g->analyst = analyst_new(a);
	allow(g, ALLOW_CLIENT, &c->allow_clients);
	allow(g, ALLOW_SERVER, &c->allow_servers);
	allow(g, ALLOW_SERVICE, &c->allow_services);
	allow(g, ALLOW_TENANT, &c->allow_tenants);
	allow(g, OWN_TENANT, &c->own_tenants);
}

void generation_free(struct generation *g)
{
	analyst_free(g->analyst);
	ruleset_free(g->rules);
	domain_set_free(g->set);
	if (g->home)
		networks_fini(g->home);
	free(g->home);
	config_fini(&g->config);
	*g = (struct generation){0};
}
