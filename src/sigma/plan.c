#include "sigma/plan.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/mem.h"
#include "core/limits.h"

/* While rules are compiled: equal leaves are one. */
struct build {
	struct plan *p;
	struct fields *fields;
	const struct plan_options *o;
	struct hindex index;
	struct hash_key key;
	uint8_t *bad;		/* by leaf: its expression is wrong */
	struct plan_node *node; /* of the rule at hand */
	uint32_t count;
	size_t room;
};

static uint64_t mix_text(const struct build *b, uint64_t h, const void *p, size_t n)
{
	return hash_fold(h ^ hash_bytes(&b->key, p, n), b->key.w[n % HASH_KEY_WORDS]);
}

static uint64_t leaf_hash(const struct build *b, const struct sigma_leaf *l)
{
	uint64_t h = (uint64_t)l->kind * 2 + l->cased + 1;

	h = mix_text(b, h, l->field ? l->field : "", l->field ? strlen(l->field) : 0);
	switch (l->kind) {
	case LEAF_TEXT:
		h = mix_text(b, h, l->text.text, l->text.n);
		return mix_text(b, h, l->text.wild, l->text.n);
	case LEAF_REGEX:
		return mix_text(b, h + l->regex.flags, l->regex.expression,
				strlen(l->regex.expression));
	case LEAF_CIDR:
		return mix_text(b, h + l->cidr.bits, l->cidr.network.b, 16);
	case LEAF_NUMBER:
	case LEAF_COMPARE:
		return mix_text(b, h + l->number.compare * 8 + l->number.part, &l->number.value,
				sizeof l->number.value);
	case LEAF_FIELDREF:
		return mix_text(b, h + l->ref.fit, l->ref.other, strlen(l->ref.other));
	default:
		return h;
	}
}

static bool same_value(const struct sigma_leaf *a, const struct sigma_leaf *b)
{
	switch (a->kind) {
	case LEAF_TEXT:
		return a->text.n == b->text.n &&
		       memcmp(a->text.text, b->text.text, a->text.n) == 0 &&
		       memcmp(a->text.wild, b->text.wild, a->text.n * sizeof *a->text.wild) == 0;
	case LEAF_REGEX:
		return a->regex.flags == b->regex.flags &&
		       strcmp(a->regex.expression, b->regex.expression) == 0;
	case LEAF_CIDR:
		return a->cidr.bits == b->cidr.bits && addr_eq(&a->cidr.network, &b->cidr.network);
	case LEAF_NUMBER:
	case LEAF_COMPARE:
		return a->number.value == b->number.value &&
		       a->number.compare == b->number.compare && a->number.part == b->number.part;
	case LEAF_FIELDREF:
		return a->ref.fit == b->ref.fit && strcmp(a->ref.other, b->ref.other) == 0;
	default:
		return true;
	}
}

static bool same_leaf(const struct sigma_leaf *a, const struct sigma_leaf *b)
{
	return a->kind == b->kind && a->cased == b->cased && !a->field == !b->field &&
	       (!a->field || strcmp(a->field, b->field) == 0) && same_value(a, b);
}

static struct scanner *scanner_of(struct build *b, uint32_t field)
{
	struct plan *p = b->p;

	if (field == FIELD_NONE) /* kept apart until all fields are counted */
		field = 0;
	else
		field++;
	if (field >= p->field_count) {
		uint32_t room = field + 64;
		p->field = mem_resize(p->field, room * sizeof *p->field);
		memset(p->field + p->field_count, 0, (room - p->field_count) * sizeof *p->field);
		p->field_count = room;
	}
	if (!p->field[field].scanner)
		p->field[field].scanner = scanner_new();
	return p->field[field].scanner;
}

static bool is_scanned(const struct sigma_leaf *l)
{
	return l->kind == LEAF_TEXT || l->kind == LEAF_REGEX || l->kind == LEAF_CIDR ||
	       (l->kind == LEAF_NUMBER && !l->number.part);
}

/* The leaf's number; -1 and an error when it is bad. */
static int64_t leaf_number(struct build *b, const struct sigma_leaf *l, struct error *e)
{
	struct plan *p = b->p;
	uint64_t hash = leaf_hash(b, l);

	for (struct hprobe q = hindex_probe(&b->index, hash); hindex_next(&b->index, &q);)
		if (same_leaf(p->leaf[q.ref].leaf, l))
			return q.ref;
	uint32_t n = p->leaf_count;
	struct plan_leaf leaf = {.leaf = l, .field = FIELD_NONE, .other = FIELD_NONE};
	if (l->field)
		leaf.field = fields_add(b->fields, str_of(l->field));
	if (l->kind == LEAF_FIELDREF)
		leaf.other = fields_add(b->fields, str_of(l->ref.other));
	leaf.scanned = is_scanned(l);
	if (leaf.scanned && scanner_add(scanner_of(b, leaf.field), l, n, e))
		return -1;
	if (n == p->leaf_room) {
		p->leaf_room = n ? n * 2 : 256;
		p->leaf = mem_resize(p->leaf, p->leaf_room * sizeof *p->leaf);
	}
	p->leaf[p->leaf_count++] = leaf;
	hindex_add(&b->index, hash, n);
	return n;
}

static int add_node(struct build *b, const struct sigma_node *from, struct error *e)
{
	uint32_t at = b->count;

	if (b->count == b->room) {
		b->room = b->room ? b->room * 2 : 64;
		b->node = mem_resize(b->node, b->room * sizeof *b->node);
	}
	if (b->count == LIMIT_RULE_NODES)
		return error_set(e, "the condition is too large");
	b->node[b->count++] = (struct plan_node){.kind = (uint8_t)from->kind, .from = from};
	if (from->kind == NODE_LEAF) {
		int64_t leaf = leaf_number(b, from->leaf, e);
		if (leaf < 0)
			return -1;
		b->node[at].leaf = (uint32_t)leaf;
	}
	for (size_t i = 0; i < from->count; i++)
		if (add_node(b, from->child[i], e))
			return -1;
	b->node[at].end = b->count;
	return 0;
}

static void complain(const struct build *b, const struct rule_info *info, const char *text)
{
	if (b->o->problem)
		b->o->problem(b->o->context, info->file, info->line, info->title, text);
}

static void add_rule(struct build *b, const struct sigma_rule *rule, struct plan_rule *out)
{
	struct error e;

	b->count = 0;
	if (add_node(b, rule->tree, &e)) {
		complain(b, &rule->info, e.text);
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

static void refused(void *context, uint32_t number, const char *text)
{
	struct build *b = context;

	(void)text;
	b->bad[number] = 1;
}

/* Leaves out the rules of whose leaves the pattern sets could not be made. */
static void drop_bad(struct build *b, const struct sigma_rules *rules)
{
	for (size_t i = 0; i < b->p->rule_count; i++) {
		struct plan_rule *r = &b->p->rule[i];
		for (uint32_t k = 0; k < r->count; k++)
			if (r->node[k].kind == NODE_LEAF && b->bad[r->node[k].leaf]) {
				complain(b, &rules->rule[i]->info,
					 "an expression cannot be compiled");
				r->count = 0;
				b->p->compiled--;
			}
	}
}

static void add_correlation_fields(const struct sigma_rules *rules, struct fields *fields)
{
	for (size_t i = 0; i < rules->correlation_count; i++) {
		const struct sigma_correlation *c = rules->correlation[i];
		for (size_t r = 0; r < c->ref_count; r++)
			for (size_t g = 0; g < c->group_count; g++)
				fields_add(fields, str_of(c->group_field ? c->group_field[r][g]
									 : c->group[g]));
		for (size_t f = 0; f < c->field_count; f++)
			fields_add(fields, str_of(c->field[f]));
	}
}

/* Scanners by field number, that of keywords last. */
static void settle_fields(struct plan *p, uint32_t count)
{
	struct plan_field *field = mem_array(count + 1, sizeof *field);

	for (uint32_t i = 0; i < p->field_count; i++)
		if (p->field[i].scanner)
			field[i ? i - 1 : count] = p->field[i];
	free(p->field);
	p->field = field;
	p->field_count = count;
}

void plan_init(struct plan *p, const struct sigma_rules *rules, struct fields *fields,
	       const struct plan_options *o)
{
	struct build b = {.p = p, .fields = fields, .o = o};

	*p = (struct plan){0};
	arena_init(&p->arena);
	hindex_init(&b.index, 1024);
	hash_key_fixed(&b.key, 1);
	p->rule_count = rules->rule_count;
	p->rule = mem_array(rules->rule_count + 1, sizeof *p->rule);
	for (size_t i = 0; i < rules->rule_count; i++)
		if (o->wanted(o->context, rules->rule[i]))
			add_rule(&b, rules->rule[i], &p->rule[i]);
	add_correlation_fields(rules, fields);
	settle_fields(p, fields_count(fields));
	b.bad = mem_array(p->leaf_count + 1, 1);
	for (uint32_t i = 0; i <= p->field_count; i++)
		if (p->field[i].scanner)
			scanner_build(p->field[i].scanner, o->cache_folder, refused, &b);
	drop_bad(&b, rules);
	hindex_fini(&b.index);
	free(b.node);
	free(b.bad);
}

void plan_fini(struct plan *p)
{
	for (uint32_t i = 0; i <= p->field_count && p->field; i++)
		scanner_free(p->field[i].scanner);
	free(p->field);
	free(p->leaf);
	free(p->rule);
	arena_fini(&p->arena);
}
