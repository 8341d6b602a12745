/* Rules compiled for running: leaves that rules share, trees over them, and for each log source the
 * leaves that have to be found before a rule is worth a look. Internal to the engine. */
#ifndef EGRET_SIGMA_PLAN_H
#define EGRET_SIGMA_PLAN_H

#include "base/arena.h"
#include "event/fields.h"
#include "sigma/rule.h"
#include "sigma/scanner.h"

/* Kleene's three values, ordered so that AND is the least and OR the greatest. */
enum truth {
	TRUTH_NO,
	TRUTH_POSSIBLE,
	TRUTH_YES,
};

struct plan_leaf {
	const struct sigma_leaf *leaf;
	uint32_t field; /* FIELD_NONE: keyword */
	uint32_t other; /* of LEAF_FIELDREF */
	bool scanned;	/* found by the field's scanner */
};

/* A tree in preorder: a node's children follow it, each with its own. */
struct plan_node {
	uint8_t kind;  /* enum node_kind */
	uint32_t leaf; /* NODE_LEAF */
	uint32_t end;  /* one past its last descendant */
	const struct sigma_node *from;
};

struct plan_rule {
	struct plan_node *node;
	uint32_t count;
	bool keywords;
};

struct plan_field {
	struct scanner *scanner; /* NULL: nothing of it is scanned for */
};

struct plan {
	struct arena arena;
	struct plan_leaf *leaf;
	uint32_t leaf_count;
	size_t leaf_room;
	struct plan_rule *rule; /* by place in sigma_rules.rule; count 0: not compiled */
	size_t rule_count;
	struct plan_field *field; /* by field number; the last one is of keywords */
	uint32_t field_count;	  /* without that of keywords */
	size_t compiled;
};

struct plan_options {
	bool (*wanted)(void *context, const struct sigma_rule *r);
	sigma_problem *problem;
	void *context;
	const char *cache_folder;
};

void plan_init(struct plan *p, const struct sigma_rules *rules, struct fields *fields,
	       const struct plan_options *o);
void plan_fini(struct plan *p);

static inline struct scanner *plan_scanner(const struct plan *p, uint32_t field)
{
	return p->field[field == FIELD_NONE ? p->field_count : field].scanner;
}

/* Which rules a log source has, and what leads to them. */
struct plan_view {
	struct logsource source; /* texts of its own */
	uint64_t *unknown;	 /* NULL: nothing */
	bool keywords;
	uint32_t rule_count;
	uint32_t *rules; /* all of them, ascending */
	/* leaf → rules, as two arrays: those of trigger[i] are led[start[i]] … */
	uint32_t trigger_count;
	uint32_t *trigger, *start, *led;
	uint32_t *always; /* rules that no leaf leads to */
	uint32_t always_count;
	uint32_t *scan; /* fields that triggers are in */
	uint32_t scan_count;
	bool scan_keywords;
	/* by place in `rules`: leaves one of which must be found to tell a possible match */
	struct telling {
		uint32_t *leaf;
		uint32_t count;
	} * telling;
};

struct plan_view *plan_view_new(const struct plan *p, const struct sigma_rules *rules,
				const struct fields *fields, const struct logsource *source,
				const uint64_t *unknown);
void plan_view_free(struct plan_view *v);

/* The place of the rule in view->rules, UINT32_MAX when it is not there. */
uint32_t plan_view_place(const struct plan_view *v, size_t rule);

/* Whether rules of `rule` are held against events of `event`: sigma_engine_view says how. */
bool plan_applies(const struct logsource *rule, const struct logsource *event);

static inline bool plan_unknown(const uint64_t *unknown, uint32_t field)
{
	return unknown && field != FIELD_NONE && (unknown[field / 64] >> field % 64 & 1);
}

#endif
