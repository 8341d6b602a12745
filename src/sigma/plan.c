#include "sigma/plan.h"

#include <stdlib.h>

#include "base/hindex.h"
#include "base/mem.h"
#include "core/limits.h"
#include "sigma/compile.h"
#include "sigma/leaves.h"
#include "sigma/weight.h"

/* While rules are compiled. */
struct build {
	struct plan *p;
	struct fields *fields;
	const struct plan_options *o;
	struct hindex index; /* of leaves */
	struct hash_key key;
	struct scanner **scanner; /* by field number */
	uint32_t scanner_room;
	struct scanner *keywords;
	const char **lost;	/* by leaf: why it could not be compiled, NULL: it was */
	struct plan_node *node; /* of the rule at hand */
	uint32_t count, room;
	const struct sigma_node *bad; /* where it went wrong */
};

static struct scanner *scanner_of(struct build *b, uint32_t field)
{
	if (field == FIELD_NONE) {
		if (!b->keywords)
			b->keywords = scanner_new();
		return b->keywords;
	}
	if (field >= b->scanner_room) {
		uint32_t room = field + 64;
		b->scanner = mem_resize(b->scanner, room * sizeof *b->scanner);
		memset(b->scanner + b->scanner_room, 0,
		       (room - b->scanner_room) * sizeof *b->scanner);
		b->scanner_room = room;
	}
	if (!b->scanner[field])
		b->scanner[field] = scanner_new();
	return b->scanner[field];
}

/* The leaf's number, HINDEX_NONE and an error when it is bad. */
static uint32_t leaf_number(struct build *b, const struct sigma_leaf *l, struct error *e)
{
	struct plan *p = b->p;
	uint64_t hash = leaves_hash(&b->key, l);

	for (struct hprobe q = hindex_probe(&b->index, hash); hindex_next(&b->index, &q);)
		if (leaves_same(p->leaf[q.ref].leaf, l))
			return q.ref;
	struct plan_leaf leaf = {.leaf = l,
				 .field = FIELD_NONE,
				 .other = FIELD_NONE,
				 .cost = weight_of(l),
				 .scanned = scanner_takes(l),
				 .telling = weight_telling(l)};
	if (!l->field && !leaf.scanned) {
		error_set(e, "needs a field");
		return HINDEX_NONE;
	}
	if (l->field)
		leaf.field = fields_add(b->fields, str_of(l->field));
	if (l->kind == LEAF_FIELDREF)
		leaf.other = fields_add(b->fields, str_of(l->ref.other));
	if (leaf.scanned && scanner_add(scanner_of(b, leaf.field), l, p->leaf_count, e))
		return HINDEX_NONE;
	if (p->leaf_count == p->leaf_room) {
		p->leaf_room = p->leaf_room ? p->leaf_room * 2 : 256;
		p->leaf = mem_resize(p->leaf, p->leaf_room * sizeof *p->leaf);
	}
	hindex_add(&b->index, hash, p->leaf_count);
	p->leaf[p->leaf_count] = leaf;
	return p->leaf_count++;
}

/* Adds the tree below; false and an error when something in it is bad. */
static bool add_node(struct build *b, const struct sigma_node *from, struct error *e)
{
	uint32_t at = b->count;

	b->bad = from;
	if (at == LIMIT_RULE_NODES) {
		error_set(e, "the rule is too large");
		return false;
	}
	if (at == b->room) {
		b->room = b->room ? b->room * 2 : 64;
		b->node = mem_resize(b->node, b->room * sizeof *b->node);
	}
	b->node[b->count++] = (struct plan_node){.kind = from->kind, .from = from};
	if (from->kind == NODE_LEAF) {
		uint32_t leaf = leaf_number(b, from->leaf, e);
		if (leaf == HINDEX_NONE)
			return false;
		b->node[at].leaf = leaf;
	}
	for (size_t i = 0; i < from->count; i++)
		if (!add_node(b, from->child[i], e))
			return false;
	b->node[at].end = b->count;
	return true;
}

static void complain(const struct build *b, const struct sigma_rule *rule,
		     const struct sigma_node *where, const char *why)
{
	const struct rule_info *i = &rule->info;
	const char *name = i->title && *i->title ? i->title : i->id ? i->id : "";
	struct error e;

	if (!b->o->problem)
		return;
	error_set(&e, where->label ? "'%.200s': %.250s" : "%s%.250s",
		  where->label ? where->label : "", why);
	b->o->problem(b->o->problem_context, i->file, where->line ? where->line : i->line, name,
		      e.text);
}

static void add_rule(struct build *b, const struct sigma_rule *rule, struct plan_rule *out)
{
	struct error e;

	b->count = 0;
	if (!add_node(b, rule->tree, &e)) {
		complain(b, rule, b->bad, e.text);
		return;
	}
	out->node = arena_array(&b->p->arena, b->count, sizeof *out->node);
	memcpy(out->node, b->node, b->count * sizeof *out->node);
	out->count = b->count;
	for (uint32_t i = 0; i < b->count; i++)
		out->keywords |= b->node[i].kind == NODE_LEAF &&
				 b->p->leaf[b->node[i].leaf].field == FIELD_NONE;
	b->p->compiled++;
}

/* Names, and what each rule calls them. */
static void add_names(const char *const *names, size_t count, struct fields *fields)
{
	for (size_t i = 0; i < count; i++)
		fields_add(fields, str_of(names[i]));
}

static void add_correlation_fields(const struct sigma_rules *rules, struct fields *fields)
{
	for (size_t i = 0; i < rules->correlation_count; i++) {
		const struct sigma_correlation *c = rules->correlation[i];

		add_names(c->group, c->group_count, fields);
		add_names(c->field, c->field_count, fields);
		for (size_t r = 0; r < c->ref_count; r++) {
			if (c->group_field)
				add_names(c->group_field[r], c->group_count, fields);
			if (c->counted_field)
				add_names(c->counted_field[r], c->field_count, fields);
		}
	}
}

static void settle_scanners(struct build *b)
{
	struct plan *p = b->p;

	p->field_count = fields_count(b->fields);
	p->scanner = mem_array((size_t)p->field_count + 1, sizeof *p->scanner);
	for (uint32_t i = 0; i < p->field_count && i < b->scanner_room; i++)
		p->scanner[i] = b->scanner[i];
	p->scanner[p->field_count] = b->keywords;
	free(b->scanner);
}

static void on_lost(void *context, uint32_t leaf, const char *why)
{
	struct build *b = context;

	b->lost[leaf] = why;
}

/* Leaves out the rules of whose leaves the pattern sets could not be made. */
static void drop_lost(struct build *b, const struct sigma_rules *rules)
{
	for (uint32_t i = 0; i <= b->p->field_count; i++)
		if (b->p->scanner[i])
			scanner_refused(b->p->scanner[i], on_lost, b);
	for (size_t i = 0; i < b->p->rule_count; i++) {
		struct plan_rule *r = &b->p->rule[i];
		for (uint32_t k = 0; k < r->count; k++) {
			const struct plan_node *n = &r->node[k];
			if (n->kind != NODE_LEAF || !b->lost[n->leaf])
				continue;
			complain(b, rules->rule[i], n->from, b->lost[n->leaf]);
			r->count = 0;
			b->p->compiled--;
		}
	}
}

void plan_init(struct plan *p, const struct sigma_rules *rules, struct fields *fields,
	       const struct plan_options *o)
{
	struct build b = {.p = p, .fields = fields, .o = o};

	*p = (struct plan){.rule_count = rules->rule_count};
	arena_init(&p->arena);
	hindex_init(&b.index, 1024);
	hash_key_fixed(&b.key, 1); /* of rules, which are ours or the user's */
	p->rule = mem_array(rules->rule_count, sizeof *p->rule);
	for (size_t i = 0; i < rules->rule_count; i++)
		if (o->wanted(o->wanted_context, rules->rule[i]))
			add_rule(&b, rules->rule[i], &p->rule[i]);
	add_correlation_fields(rules, fields);
	settle_scanners(&b);
	compile_scanners(p->scanner, (size_t)p->field_count + 1, o->cache_folder);
	b.lost = mem_array(p->leaf_count, sizeof *b.lost);
	drop_lost(&b, rules);
	hindex_fini(&b.index);
	free(b.node);
	free(b.lost);
}

void plan_fini(struct plan *p)
{
	for (uint32_t i = 0; i <= p->field_count && p->scanner; i++)
		scanner_free(p->scanner[i]);
	free(p->scanner);
	free(p->leaf);
	free(p->rule);
	arena_fini(&p->arena);
}
