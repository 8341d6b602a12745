#include "sigma/scanner.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sigma/cidr.h"
#include "sigma/number.h"

struct number_leaf {
	double value;
	uint32_t leaf;
};

struct scanner {
	struct patterns *patterns;
	struct number_leaf *numbers; /* sorted by value */
	size_t number_count, number_room;
	struct cidr_set networks;
};

struct scanner *scanner_new(void)
{
	struct scanner *s = mem_zalloc(sizeof *s);

	s->patterns = patterns_new();
	return s;
}

void scanner_free(struct scanner *s)
{
	if (!s)
		return;
	patterns_free(s->patterns);
	free(s->numbers);
	cidr_fini(&s->networks);
	free(s);
}

static void add_number(struct scanner *s, double value, uint32_t leaf)
{
	if (s->number_count == s->number_room) {
		s->number_room = s->number_room ? s->number_room * 2 : 8;
		s->numbers = mem_resize(s->numbers, s->number_room * sizeof *s->numbers);
	}
	s->numbers[s->number_count++] = (struct number_leaf){value, leaf};
}

bool scanner_takes(const struct sigma_leaf *leaf)
{
	return leaf->kind == LEAF_TEXT || leaf->kind == LEAF_REGEX || leaf->kind == LEAF_CIDR ||
	       (leaf->kind == LEAF_NUMBER && leaf->number.part == PART_NONE);
}

int scanner_add(struct scanner *s, const struct sigma_leaf *leaf, uint32_t number, struct error *e)
{
	switch (leaf->kind) {
	case LEAF_NUMBER:
		add_number(s, leaf->number.value, number);
		return 0;
	case LEAF_CIDR:
		cidr_add(&s->networks, &leaf->cidr.network, leaf->cidr.bits, number);
		return 0;
	default:
		return patterns_add(s->patterns, leaf, number, e);
	}
}

static int by_value(const void *x, const void *y)
{
	const struct number_leaf *a = x, *b = y;

	return (a->value > b->value) - (a->value < b->value);
}

void scanner_build(struct scanner *s, const char *cache_folder)
{
	if (s->number_count)
		qsort(s->numbers, s->number_count, sizeof *s->numbers, by_value);
	cidr_settle(&s->networks);
	patterns_build(s->patterns, cache_folder);
}

void scanner_refused(const struct scanner *s, patterns_lost *lost, void *context)
{
	patterns_refused(s->patterns, lost, context);
}

static void find_number(const struct scanner *s, double value, leaf_found *found, void *context)
{
	size_t low = 0, high = s->number_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->numbers[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->number_count && s->numbers[low].value == value; low++)
		found(context, s->numbers[low].leaf);
}

void scanner_run(struct scanner *s, const struct event_value *v, leaf_found *found, void *context)
{
	struct addr a;
	double number;

	if (v->kind == VALUE_NULL)
		return;
	if (s->number_count && number_of(v, &number))
		find_number(s, number, found, context);
	if (s->networks.count && v->kind == VALUE_TEXT && cidr_address(v->text, &a))
		cidr_find(&s->networks, &a, found, context);
	patterns_scan(s->patterns, v->text, v->wire, found, context);
}

size_t scanner_patterns(const struct scanner *s)
{
	return patterns_count(s->patterns);
}

size_t scanner_sets(const struct scanner *s)
{
	return patterns_sets(s->patterns);
}

uint64_t scanner_limits(const struct scanner *s)
{
	return patterns_limits(s->patterns);
}
