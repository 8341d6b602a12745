/* Holds events against all rules at once.
 *
 * All texts and expressions of one field are compiled into one pattern set; an event scans each of
 * its fields once, and only rules of which something was found (or that can be true without) are
 * evaluated. The number of rules hardly matters.
 *
 * Three values: with fields that the wire cannot know (event_unknown), a rule is true, false, or
 * possible: true or false depending on what those fields hold.
 */
#ifndef EGRET_SIGMA_ENGINE_H
#define EGRET_SIGMA_ENGINE_H

#include <stdio.h>

#include "base/error.h"
#include "event/event.h"
#include "sigma/rule.h"

struct sigma_engine;

struct sigma_engine_options {
	const char *cache_folder; /* of compiled pattern sets; NULL: none */
	bool wire_only;		/* leave out rules that no view of the wire would be held against */
	sigma_problem *problem; /* a rule that cannot be compiled; the others still are */
	void *problem_context;
};

/* Compiles. Every field name that a rule uses (also for grouping) is added to `fields`. Rules and
 * fields outlive the engine. Slow (0.1 to 1 ms a pattern without cache): off the packet path. */
struct sigma_engine *sigma_engine_new(const struct sigma_rules *rules, struct fields *fields,
				      const struct sigma_engine_options *o, struct error *e);
void sigma_engine_free(struct sigma_engine *s);

/* The view (event.view) of events of this log source: all rules that apply to it. `unknown`: the
 * fields, one bit each, that such events cannot know; NULL for none. Kept by the engine: the same
 * log source and bits have the same number. At most SIGMA_VIEWS_MAX; then 0, the view of no rule.
 *
 * A part that a rule states and the event states too must be equal. A part that the event does not
 * state is no hindrance, as long as one part agrees; but a rule's category or service must be
 * stated by the event when it states either. */
#define SIGMA_VIEWS_MAX 4096
uint32_t sigma_engine_view(struct sigma_engine *s, const struct logsource *source,
			   const uint64_t *unknown);
/* How many rules are in a view; 0: its events need not be made at all. */
size_t sigma_view_rules(const struct sigma_engine *s, uint32_t view);
/* Whether some rule of the view has keywords, so that an event must hold all of its values. */
bool sigma_view_keywords(const struct sigma_engine *s, uint32_t view);

/* Calls lead() with each field in which something has to be found before a rule of the view can be
 * true; with none when there are rules that need no such thing. */
typedef void sigma_lead(void *context, uint32_t field);
void sigma_view_leads(const struct sigma_engine *s, uint32_t view, sigma_lead *lead, void *context);

/* Whether the rule is one of the view's. */
bool sigma_engine_applies(const struct sigma_engine *s, uint32_t view, size_t rule);

#define MATCH_FIELDS_MAX 8

struct sigma_match {
	size_t rule;   /* its place in sigma_rules.rule */
	bool possible; /* hangs on fields that are unknown: */
	const char *hangs_on[MATCH_FIELDS_MAX];
	unsigned hangs_on_count;
	/* labels of some leaves that were found, in the order of the rule: why it matched */
	const char *because[MATCH_FIELDS_MAX];
	unsigned because_count;
};

/* Calls found() for each rule that is true or possible, in the order of the rules. A possible match
 * is only told if something telling that the wire does know was found: a text, an address that is
 * not private, or a port other than 53, 80 and 443 (sigma/weight.h); rules without such a thing are
 * for events from hosts. Keywords look at the values that are there: what is unknown holds none.
 * The engine holds scratch space: one thread at a time. */
typedef void sigma_found(void *context, const struct event *e, const struct sigma_match *m);
void sigma_engine_run(struct sigma_engine *s, const struct event *e, sigma_found *found,
		      void *context);

/* Whether some rule has to be evaluated for the event, of which only the fields that sigma_view_leads
 * tells need to be there. If not, sigma_engine_run would find nothing. */
bool sigma_engine_touches(struct sigma_engine *s, const struct event *e);

/* What the view decides of a rule. */
enum sigma_reach {
	REACH_NOT,  /* not in the view, or nothing telling is known */
	REACH_PART, /* hangs on unknown fields */
	REACH_FULL,
};
enum sigma_reach sigma_engine_reach(const struct sigma_engine *s, uint32_t view, size_t rule,
				    const char *unknown[MATCH_FIELDS_MAX], unsigned *count);

/* Prints, condition by condition, why the rule is true, possible or false for the event. */
void sigma_engine_explain(struct sigma_engine *s, const struct event *e, size_t rule, FILE *out);

/* Losses, for counters. */
struct sigma_engine_stats {
	uint64_t events, evaluated, matched, possible;
	uint64_t regex_limit; /* expressions that reached their match or depth limit */
	size_t patterns, pattern_sets, rules;
};
struct sigma_engine_stats sigma_engine_stats(const struct sigma_engine *s);

#endif
