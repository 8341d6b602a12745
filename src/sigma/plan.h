/* Rules compiled for running: leaves that rules share, what finds them, and the trees over them.
 * Internal to the engine. */
#ifndef EGRET_SIGMA_PLAN_H
#define EGRET_SIGMA_PLAN_H

#include "base/arena.h"
#include "event/fields.h"
#include "sigma/rule.h"
#include "sigma/scanner.h"

struct plan_leaf {
	const struct sigma_leaf *leaf;
	uint32_t field; /* FIELD_NONE: keyword */
	uint32_t other; /* of LEAF_FIELDREF, else FIELD_NONE */
	uint16_t cost;	/* the larger, the more events it is true for */
	bool scanned;	/* found by its field's scanner */
	bool telling;	/* worth to be told, by itself (sigma/weight.h) */
};

/* A tree in preorder: a node's children follow it, each with its own. */
struct plan_node {
	enum node_kind kind;
	uint32_t leaf; /* NODE_LEAF */
	uint32_t end;  /* one past its last descendant */
	const struct sigma_node *from;
};

struct plan_rule {
	struct plan_node *node;
	uint32_t count; /* 0: not compiled */
	bool keywords;
};

struct plan {
	struct arena arena;
	struct plan_leaf *leaf;
	uint32_t leaf_count, leaf_room;
	struct plan_rule *rule; /* by place in sigma_rules.rule */
	size_t rule_count;
	struct scanner **scanner; /* by field number, the last one is of keywords; NULL: nothing */
	uint32_t field_count;	  /* without that of keywords */
	size_t compiled;	  /* rules */
};

struct plan_options {
	bool (*wanted)(void *context, const struct sigma_rule *r);
	void *wanted_context;
	sigma_problem *problem; /* may be NULL */
	void *problem_context;
	const char *cache_folder; /* may be NULL; kept */
};

void plan_init(struct plan *p, const struct sigma_rules *rules, struct fields *fields,
	       const struct plan_options *o);
void plan_fini(struct plan *p);

/* Where the field's scanner and marks are. */
static inline uint32_t plan_slot(const struct plan *p, uint32_t field)
{
	return field == FIELD_NONE ? p->field_count : field;
}

/* Whether the leaf is about what these bits say is unknown. */
static inline bool plan_unknown(const struct plan_leaf *l, const uint64_t *unknown)
{
	return unknown &&
	       ((l->field != FIELD_NONE && (unknown[l->field / 64] >> l->field % 64 & 1)) ||
		(l->other != FIELD_NONE && (unknown[l->other / 64] >> l->other % 64 & 1)));
}

#endif
