/* A generation of rules: loaded, compiled, with everything that running them needs. Made off the
 * packet path; a new one takes the place of an old one as a whole. */
#ifndef EGRET_DETECT_RULESET_H
#define EGRET_DETECT_RULESET_H

#include "base/error.h"
#include "event/fields.h"
#include "services/domain_set.h"
#include "sigma/engine.h"
#include "sigma/rule.h"

/* A list of the configuration that %name% stands for. */
struct ruleset_list {
	const char *name;
	const char *const *values;
	size_t count;
};

struct ruleset_options {
	const char *const *paths; /* rule files and folders */
	size_t path_count;
	/* Placeholders: %service:NAME%, %category:NAME% and %tier:A% stand for the names of the
	 * lists (expressions are left out), %anything% for a list of the configuration. */
	const struct domain_set *services; /* NULL: none */
	const struct ruleset_list *lists;
	size_t list_count;
	const char *cache_folder; /* NULL: none */
	bool wire_only;		  /* events of hosts will not be asked about */
	sigma_problem *problem;
	void *problem_context;
};

struct ruleset {
	struct sigma_rules *rules;
	struct fields *fields;
	struct sigma_engine *engine;
	size_t refused; /* rules that were left out for an error */
};

/* NULL and an error when a path cannot be read or nothing can be compiled. */
struct ruleset *ruleset_new(const struct ruleset_options *o, struct error *e);
void ruleset_free(struct ruleset *r);

#endif
