/* What memory the parts of a program may take at most, put together line by line.
 *
 * Each room says so of its own structures, beside them (the functions called …_memory), so that the
 * sum cannot drift away from what it is of. */
#ifndef EGRET_BASE_BUDGET_H
#define EGRET_BASE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#define BUDGET_LINES_MAX 48

struct budget {
	struct budget_line {
		const char *part, *set_by; /* static texts; set_by: a key, or "fixed" */
		uint64_t bytes;
	} line[BUDGET_LINES_MAX];
	unsigned count;
};

/* Adds to the line of this part, or a new one. */
void budget_add(struct budget *b, const char *part, const char *set_by, uint64_t bytes);
/* All lines of `more`, each so many times. */
void budget_join(struct budget *b, const struct budget *more, uint64_t times);
uint64_t budget_total(const struct budget *b);

#endif
