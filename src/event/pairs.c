#include "event/pairs.h"

/* The list, and what it calls name and value; where the pair is told as if it were a key of. */
static const struct {
	struct str name, value, as;
} lists[] = {
#define LIST(list, name, value, as)                                                                \
	{{list name, sizeof(list name) - 1}, {list value, sizeof(list value) - 1}, {as, sizeof(as) - 1}},
	LIST("Event.EventData.Data.", "@Name", "#text", "Event.EventData.")
	LIST("Event.EventData.Data.", "Name", "#text", "Event.EventData.")
	LIST("Event.EventData.Data.", "Name", "Value", "Event.EventData.")
	LIST("Event.EventData.Data.", "#attributes.Name", "#text", "Event.EventData.")
	LIST("EventData.Data.", "@Name", "#text", "EventData.")
	LIST("EventData.Data.", "Name", "#text", "EventData.")
	LIST("EventData.Data.", "#attributes.Name", "#text", "EventData.")
	LIST("events.parameters.", "name", "value", "events.parameters.")
	LIST("events.parameters.", "name", "multiValue", "events.parameters.")
	LIST("events.parameters.", "name", "boolValue", "events.parameters.")
	LIST("events.parameters.", "name", "intValue", "events.parameters.")
	LIST("Parameters.", "Name", "Value", "Parameters.")
	LIST("ExtendedProperties.", "Name", "Value", "ExtendedProperties.")
	LIST("OperationProperties.", "Name", "Value", "OperationProperties.")
#undef LIST
};

#define COUNT (sizeof lists / sizeof *lists)

static void add(struct json_in *j, struct json_items *items, struct str as, struct str name,
		const struct json_item *value)
{
	size_t n = as.n + name.n;

	if (name.n == 0 || n > JSON_PATH_MAX)
		return;
	char *path = items->count < JSON_ITEMS_MAX ? json_in_room(j, n) : NULL;
	if (!path) {
		items->lost++;
		return;
	}
	memcpy(path, as.p, as.n);
	memcpy(path + as.n, name.p, name.n);
	struct json_item *new = &items->item[items->count++];
	*new = *value;
	new->path = (struct str){path, n};
}

void pairs_unfold(struct json_in *j, struct json_items *items)
{
	unsigned count = items->count;

	for (size_t l = 0; l < COUNT; l++) {
		const struct json_item *name = NULL;
		for (unsigned i = 0; i < count; i++) {
			const struct json_item *at = &items->item[i];
			if (str_eq(at->path, lists[l].name))
				name = at;
			else if (name && str_eq(at->path, lists[l].value))
				add(j, items, lists[l].as, name->text, at);
		}
	}
}
