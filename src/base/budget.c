#include "base/budget.h"

#include <string.h>

void budget_add(struct budget *b, const char *part, const char *set_by, uint64_t bytes)
{
	unsigned i = 0;

	while (i < b->count && strcmp(b->line[i].part, part) != 0)
		i++;
	if (i == b->count) {
		if (i == BUDGET_LINES_MAX)
			i--; /* the sum stays right */
		else
			b->line[b->count++] = (struct budget_line){.part = part, .set_by = set_by};
	}
	b->line[i].bytes += bytes;
}

void budget_join(struct budget *b, const struct budget *more, uint64_t times)
{
	for (unsigned i = 0; i < more->count; i++)
		budget_add(b, more->line[i].part, more->line[i].set_by,
			   more->line[i].bytes * times);
}

uint64_t budget_total(const struct budget *b)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < b->count; i++)
		sum += b->line[i].bytes;
	return sum;
}
