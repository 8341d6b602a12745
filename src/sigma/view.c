/* Which rules apply to a log source, and which leaves lead to them. */
#include <stdlib.h>

#include "base/mem.h"
#include "sigma/plan.h"

static bool agrees(const char *rule, const char *event, bool *conflict, bool *agree)
{
	if (!rule)
		return true;
	if (!event)
		return false;
	if (strcmp(rule, event) != 0)
		*conflict = true;
	else
		*agree = true;
	return true;
}

bool plan_applies(const struct logsource *rule, const struct logsource *event)
{
	bool conflict = false, agree = false;
	bool stated = agrees(rule->category, event->category, &conflict, &agree);

	stated &= agrees(rule->service, event->service, &conflict, &agree);
	(void)agrees(rule->product, event->product, &conflict, &agree);
	/* category and service say what kind of event it is: an event that states one of them is of
	 * that kind, and no other */
	if (!stated && (event->category || event->service))
		return false;
	return agree && !conflict;
}

/* A set of leaves of which one must be found; or that there is none such. */
struct leads {
	uint32_t *leaf;
	uint32_t count;
	bool any; /* false: the condition can be true without */
};

struct look {
	const struct plan *p;
	const struct plan_rule *rule;
	const struct fields *fields;
	const uint64_t *unknown;
	bool telling; /* only leaves that tell something by themselves */
};

/* Fields and values that nearly every event has: a possible match needs more to go by. */
static bool is_weak(const struct look *k, const struct plan_leaf *l)
{
	static const char *const fields[] = {
		"Initiated", "Protocol",    "EventID",		"SourceIsIpv6", "DestinationIsIpv6",
		"cs-method", "sc-status",   "network.protocol", "proto",	"action",
		"blocked",   "record_type",
	};
	static const double ports[] = {53, 80, 443};
	static const char *const port_texts[] = {"53", "80", "443"};

	if (l->field == FIELD_NONE)
		return false;
	const char *name = fields_name(k->fields, l->field).p;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(name, fields[i]) == 0)
			return true;
	for (size_t i = 0; i < 3; i++) {
		if (l->leaf->kind == LEAF_NUMBER && l->leaf->number.value == ports[i])
			return true;
		if (l->leaf->kind == LEAF_TEXT &&
		    str_eq((struct str){l->leaf->text.text, l->leaf->text.n},
			   str_of(port_texts[i])))
			return true;
	}
	return false;
}

static struct leads nothing(void)
{
	return (struct leads){.any = false};
}

static struct leads leads_of(const struct look *k, uint32_t at);

static struct leads leads_of_leaf(const struct look *k, const struct plan_node *n)
{
	const struct plan_leaf *l = &k->p->leaf[n->leaf];

	if (!l->scanned || plan_unknown(k->unknown, l->field) || (k->telling && is_weak(k, l)))
		return nothing();
	struct leads x = {.leaf = mem_alloc(sizeof *x.leaf), .count = 1, .any = true};
	x.leaf[0] = n->leaf;
	return x;
}

static struct leads leads_of_and(const struct look *k, uint32_t at)
{
	struct leads best = nothing();

	for (uint32_t i = at + 1; i < k->rule->node[at].end; i = k->rule->node[i].end) {
		struct leads x = leads_of(k, i);
		if (x.any && (!best.any || x.count < best.count)) {
			free(best.leaf);
			best = x;
		} else {
			free(x.leaf);
		}
	}
	return best;
}

static struct leads leads_of_or(const struct look *k, uint32_t at)
{
	struct leads all = {.any = true};
	const struct plan_node *node = k->rule->node;

	for (uint32_t i = at + 1; i < node[at].end; i = node[i].end) {
		struct leads x = leads_of(k, i);
		if (!x.any) {
			free(all.leaf);
			return nothing();
		}
		all.leaf = mem_resize(all.leaf, (all.count + x.count + 1) * sizeof *all.leaf);
		if (x.count)
			memcpy(all.leaf + all.count, x.leaf, x.count * sizeof *x.leaf);
		all.count += x.count;
		free(x.leaf);
	}
	return all;
}

static struct leads leads_of(const struct look *k, uint32_t at)
{
	const struct plan_node *n = &k->rule->node[at];

	switch (n->kind) {
	case NODE_LEAF:
		return leads_of_leaf(k, n);
	case NODE_AND:
		return leads_of_and(k, at);
	case NODE_OR:
		return leads_of_or(k, at);
	default:
		return nothing();
	}
}

/* Whether the node can be true (or, `wanted` false, be false) whatever the unknown fields hold. */
static bool can_be(const struct look *k, uint32_t at, bool wanted)
{
	const struct plan_node *node = k->rule->node, *n = &node[at];
	bool all = (n->kind == NODE_AND) == wanted; /* each child has to, or one of them */

	if (n->kind == NODE_LEAF) {
		const struct plan_leaf *l = &k->p->leaf[n->leaf];
		return !plan_unknown(k->unknown, l->field) && !plan_unknown(k->unknown, l->other);
	}
	if (n->kind == NODE_NOT)
		return can_be(k, at + 1, !wanted);
	for (uint32_t i = at + 1; i < n->end; i = node[i].end)
		if (can_be(k, i, wanted) != all)
			return !all;
	return all;
}

struct pair {
	uint32_t leaf, rule;
};

struct pairs {
	struct pair *pair;
	size_t count, room;
};

static void add_pairs(struct pairs *p, const struct leads *x, uint32_t rule)
{
	for (uint32_t i = 0; i < x->count; i++) {
		if (p->count == p->room) {
			p->room = p->room ? p->room * 2 : 256;
			p->pair = mem_resize(p->pair, p->room * sizeof *p->pair);
		}
		p->pair[p->count++] = (struct pair){x->leaf[i], rule};
	}
}

static int by_leaf(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	return a->leaf != b->leaf ? (a->leaf < b->leaf ? -1 : 1)
				  : (a->rule > b->rule) - (a->rule < b->rule);
}

static void settle_triggers(struct plan_view *v, struct pairs *p, const struct plan *plan)
{
	uint8_t *fields = mem_array(plan->field_count + 1, 1);

	if (p->count)
		qsort(p->pair, p->count, sizeof *p->pair, by_leaf);
	v->trigger = mem_array(p->count + 1, sizeof *v->trigger);
	v->start = mem_array(p->count + 2, sizeof *v->start);
	v->led = mem_array(p->count + 1, sizeof *v->led);
	v->scan = mem_array(plan->field_count + 1, sizeof *v->scan);
	for (size_t i = 0; i < p->count; i++) {
		if (!i || p->pair[i].leaf != p->pair[i - 1].leaf) {
			uint32_t field = plan->leaf[p->pair[i].leaf].field;
			v->trigger[v->trigger_count] = p->pair[i].leaf;
			v->start[v->trigger_count++] = (uint32_t)i;
			if (field == FIELD_NONE)
				v->scan_keywords = true;
			else if (!fields[field])
				v->scan[v->scan_count++] = field;
			if (field != FIELD_NONE)
				fields[field] = 1;
		}
		v->led[i] = p->pair[i].rule;
	}
	v->start[v->trigger_count] = (uint32_t)p->count;
	free(fields);
}

static void add_rule(struct plan_view *v, struct look *k, uint32_t number, struct pairs *pairs)
{
	k->telling = true;
	struct leads telling = leads_of(k, 0);
	k->telling = false;
	struct leads leads = leads_of(k, 0);
	uint32_t place = v->rule_count;

	/* never certain, and never told when possible: no event of this kind is worth a look */
	if (k->unknown && !telling.any && !can_be(k, 0, true)) {
		free(telling.leaf);
		free(leads.leaf);
		return;
	}
	v->rules[place] = number;
	v->telling[place] = (struct telling){telling.leaf, telling.any ? telling.count : 0};
	v->rule_count++;
	v->keywords |= k->rule->keywords;
	if (leads.any)
		add_pairs(pairs, &leads, place);
	else
		v->always[v->always_count++] = place;
	free(leads.leaf);
}

static char *copy(const char *text)
{
	return text ? mem_strndup(text, strlen(text)) : NULL;
}

struct plan_view *plan_view_new(const struct plan *p, const struct sigma_rules *rules,
				const struct fields *fields, const struct logsource *source,
				const uint64_t *unknown)
{
	struct plan_view *v = mem_zalloc(sizeof *v);
	struct look k = {.p = p, .fields = fields, .unknown = unknown};
	struct pairs pairs = {0};
	size_t words = (p->field_count + 63) / 64;

	v->source = (struct logsource){copy(source->category), copy(source->product),
				       copy(source->service)};
	if (unknown) {
		v->unknown = mem_array(words + 1, sizeof *v->unknown);
		memcpy(v->unknown, unknown, words * sizeof *unknown);
	}
	v->rules = mem_array(p->rule_count + 1, sizeof *v->rules);
	v->always = mem_array(p->rule_count + 1, sizeof *v->always);
	v->telling = mem_array(p->rule_count + 1, sizeof *v->telling);
	for (size_t i = 0; i < p->rule_count; i++) {
		k.rule = &p->rule[i];
		if (k.rule->count && plan_applies(&rules->rule[i]->logsource, source))
			add_rule(v, &k, (uint32_t)i, &pairs);
	}
	settle_triggers(v, &pairs, p);
	free(pairs.pair);
	return v;
}

void plan_view_free(struct plan_view *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i < v->rule_count; i++)
		free(v->telling[i].leaf);
	free((char *)v->source.category);
	free((char *)v->source.product);
	free((char *)v->source.service);
	free(v->unknown);
	free(v->rules);
	free(v->always);
	free(v->telling);
	free(v->trigger);
	free(v->start);
	free(v->led);
	free(v->scan);
	free(v);
}

uint32_t plan_view_place(const struct plan_view *v, size_t rule)
{
	uint32_t low = 0, high = v->rule_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (v->rules[middle] < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->rule_count && v->rules[low] == rule ? low : UINT32_MAX;
}
