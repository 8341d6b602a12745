/* Log sources with their rules, and which leaves lead to which rule. Internal to the engine. */
#ifndef EGRET_SIGMA_VIEW_H
#define EGRET_SIGMA_VIEW_H

#include "base/hash.h"
#include "base/hindex.h"
#include "sigma/plan.h"

#define VIEW_NONE UINT32_MAX

struct view {
	struct logsource source; /* parts that no rule states are all one */
	const uint64_t *unknown; /* NULL: nothing */
	bool keywords;		 /* some rule has */
	uint32_t *rules;	 /* ascending; a rule's place in here stands for it below */
	uint32_t rule_count;
	/* leaf → places: those that trigger[i] leads to are led[start[i]] … led[start[i + 1] - 1]
	 */
	uint32_t *trigger, *start, *led;
	uint32_t trigger_count;
	uint32_t *always; /* places that no leaf leads to */
	uint32_t always_count;
	uint32_t *scan; /* fields of the triggers, FIELD_NONE for keywords */
	uint32_t scan_count;
};

struct views {
	const struct plan *plan;
	const struct sigma_rules *rules;
	struct view **v;
	uint32_t count;
	struct hindex index;
	struct hash_key key; /* sources come from anywhere */
	struct hindex names; /* parts that rules state */
	const char **name;
	uint32_t name_count;
};

/* View 0 is there at once, and has no rules. */
void views_init(struct views *s, const struct plan *p, const struct sigma_rules *rules);
void views_fini(struct views *s);

/* The number of the view, made when new; 0 when there are too many. */
uint32_t views_get(struct views *s, const struct logsource *source, const uint64_t *unknown);

/* Whether rules of `rule` are held against events of `event`: sigma/engine.h says how. */
bool view_applies(const struct logsource *rule, const struct logsource *event);
/* The rule's place in the view, VIEW_NONE when it is not there. */
uint32_t view_place(const struct view *v, size_t rule);
/* The trigger's place, VIEW_NONE when the leaf is none. */
uint32_t view_trigger(const struct view *v, uint32_t leaf);

#endif
