/* What can be exchanged while running: configuration, lists, rules, and the analyst under them. A
 * generation is loaded off the packet path and takes the place of the one before as a whole. */
#ifndef EGRET_DAEMON_GENERATION_H
#define EGRET_DAEMON_GENERATION_H

#include "base/error.h"
#include "daemon/config.h"
#include "daemon/options.h"
#include "detect/analyst.h"

/* Something in a file that is wrong and left out. `rule`: NULL when it is about none. */
typedef void generation_problem(void *context, const char *file, unsigned line, const char *rule,
				const char *text);

struct generation {
	struct config config;
	struct networks *home; /* owned; apart, so that a generation can be moved */
	struct domain_set *set;
	struct ruleset *rules;	 /* NULL: there are none */
	struct analyst *analyst; /* NULL before generation_start */
	uint64_t problems;	 /* that were told */
	generation_problem *problem;
	void *context;
};

/* Reads configuration, lists and rules; what the command line says wins. `events`: rules for which
 * the wire has nothing are wanted too. -1 and an error when nothing can be done with it. Call
 * generation_free in any case. */
int generation_load(struct generation *g, const struct options *o, bool events,
		    generation_problem *problem, void *context, struct error *e);

/* Makes the analyst. Of `a`, what the configuration says is filled in. */
void generation_start(struct generation *g, struct analyst_options *a);

void generation_free(struct generation *g);

#endif
