#include "event/gather.h"

#include <stdlib.h>

#include "base/mem.h"

#define NONE UINT32_MAX

struct node {
	uint32_t item, next;
};

/* Of a field; not of this event unless the stamp is. */
struct slot {
	uint64_t stamp;
	uint32_t path, head, tail;
	uint8_t rank;
};

struct gather {
	uint32_t fields;
	uint64_t stamp;
	struct slot *slot;
	uint32_t *touched; /* fields in the order of the line */
	uint32_t touched_count;
	struct node node[GATHER_NODES];
	uint32_t nodes, lost;
	struct event_value value[EVENT_VALUES_MAX];
	bool told[JSON_ITEMS_MAX];
};

struct gather *gather_new(uint32_t fields)
{
	struct gather *g = mem_zalloc(sizeof *g);

	g->fields = fields;
	g->slot = mem_array(fields + 1, sizeof *g->slot);
	g->touched = mem_array(fields + 1, sizeof *g->touched);
	return g;
}

void gather_free(struct gather *g)
{
	if (!g)
		return;
	free(g->slot);
	free(g->touched);
	free(g);
}

void gather_begin(struct gather *g)
{
	g->stamp++;
	g->touched_count = g->nodes = g->lost = 0;
}

void gather_add(struct gather *g, uint32_t item, uint32_t path, const struct path_name *name)
{
	struct slot *s = &g->slot[name->field];
	bool begun = s->stamp == g->stamp;
	bool nearer = begun && name->rank < s->rank;
	bool beside = begun && name->rank == s->rank && path != s->path;

	if (begun && (name->rank > s->rank || (beside && !name->more)))
		return;
	if (g->nodes == GATHER_NODES) {
		g->lost++;
		return;
	}
	uint32_t n = g->nodes++;
	g->node[n] = (struct node){item, NONE};
	if (!begun)
		g->touched[g->touched_count++] = name->field;
	if (!begun || nearer)
		*s = (struct slot){g->stamp, path, n, n, name->rank};
	else
		g->node[s->tail].next = n;
	s->tail = n;
}

static uint32_t put(struct gather *g, uint32_t count, uint32_t field, const struct json_item *i)
{
	if (count == EVENT_VALUES_MAX) {
		g->lost++;
		return count;
	}
	g->value[count] = (struct event_value){
		.field = field, .kind = i->kind, .number = i->number, .text = i->text};
	return count + 1;
}

uint32_t gather_end(struct gather *g, const struct json_items *items,
		    const struct event_value **values, unsigned *lost)
{
	uint32_t count = 0;

	memset(g->told, 0, items->count);
	for (uint32_t t = 0; t < g->touched_count; t++) {
		uint32_t field = g->touched[t];
		for (uint32_t n = g->slot[field].head; n != NONE; n = g->node[n].next) {
			count = put(g, count, field, &items->item[g->node[n].item]);
			g->told[g->node[n].item] = true;
		}
	}
	for (uint32_t i = 0; i < items->count; i++)
		if (!g->told[i])
			count = put(g, count, FIELD_NONE, &items->item[i]);
	*values = g->value;
	*lost += g->lost;
	return count;
}
