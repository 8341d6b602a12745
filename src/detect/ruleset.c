#include "detect/ruleset.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sigma/load.h"

struct load {
	const struct ruleset_options *o;
	size_t refused;
};

typedef void take_value(void *context, struct str text);

static bool is_wanted(const struct domain_entry *e, struct str what, struct str name)
{
	if (str_eq(what, STR("service")))
		return str_ieq(name, str_of(e->service->name));
	if (str_eq(what, STR("category")))
		return str_ieq(name, str_of(e->service->category));
	return str_eq(what, STR("tier")) && str_ieq(name, str_of(tier_name(e->tier)));
}

static bool expand_services(const struct domain_set *set, struct str placeholder, size_t colon,
			    take_value *value, void *context)
{
	struct str what = {placeholder.p, colon};
	struct str name = {placeholder.p + colon + 1, placeholder.n - colon - 1};
	bool any = false;

	for (size_t i = 0; set && i < domain_set_entries(set); i++) {
		const struct domain_entry *e = domain_set_entry(set, i);
		if (!is_wanted(e, what, name) || domain_kind(e) == DOMAIN_REGEX)
			continue;
		value(context, domain_body(e));
		any = true;
	}
	return any;
}

static bool expand(void *context, struct str placeholder, take_value *value, void *value_context)
{
	const struct ruleset_options *o = ((struct load *)context)->o;
	const char *colon = memchr(placeholder.p, ':', placeholder.n);

	if (colon)
		return expand_services(o->services, placeholder, (size_t)(colon - placeholder.p),
				       value, value_context);
	for (size_t i = 0; i < o->list_count; i++) {
		const struct ruleset_list *l = &o->lists[i];
		if (!str_eq(str_of(l->name), placeholder))
			continue;
		for (size_t k = 0; k < l->count; k++)
			value(value_context, str_of(l->values[k]));
		return l->count != 0;
	}
	return false;
}

static void problem(void *context, const char *file, unsigned line, const char *rule,
		    const char *text)
{
	struct load *l = context;

	l->refused++;
	if (l->o->problem)
		l->o->problem(l->o->problem_context, file, line, rule, text);
}

struct ruleset *ruleset_new(const struct ruleset_options *o, struct error *e)
{
	struct load load = {.o = o};
	struct sigma_load_options files = {.paths = o->paths,
					   .path_count = o->path_count,
					   .problem = problem,
					   .problem_context = &load,
					   .expand = expand,
					   .expand_context = &load};
	struct sigma_engine_options engine = {.cache_folder = o->cache_folder,
					      .wire_only = o->wire_only,
					      .problem = problem,
					      .problem_context = &load};
	struct ruleset *r = mem_zalloc(sizeof *r);

	r->fields = fields_new();
	(void)fields_add(r->fields, STR("Initiated")); /* the join with hosts asks for it, too */
	r->rules = sigma_load(&files, e);
	r->engine = r->rules ? sigma_engine_new(r->rules, r->fields, &engine, e) : NULL;
	r->refused = load.refused;
	if (r->engine)
		return r;
	ruleset_free(r);
	return NULL;
}

void ruleset_free(struct ruleset *r)
{
	if (!r)
		return;
	sigma_engine_free(r->engine);
	sigma_rules_free(r->rules);
	fields_free(r->fields);
	free(r);
}
