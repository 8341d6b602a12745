/* A set of numbers that is taken out in order and is empty then: a bit each, and a bit for each
 * word of those that has some. */
#ifndef EGRET_SIGMA_MARKS_H
#define EGRET_SIGMA_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

struct marks {
	uint64_t *word, *summary;
	size_t summary_count;
	size_t from; /* summary words before this one are 0 */
};

static inline void marks_init(struct marks *m, size_t numbers)
{
	size_t words = numbers / 64 + 1;

	m->summary_count = words / 64 + 1;
	m->word = mem_array(words, sizeof *m->word);
	m->summary = mem_array(m->summary_count, sizeof *m->summary);
	m->from = m->summary_count;
}

static inline void marks_fini(struct marks *m)
{
	free(m->word);
	free(m->summary);
}

static inline void marks_set(struct marks *m, uint32_t number)
{
	size_t word = number / 64;

	m->word[word] |= UINT64_C(1) << number % 64;
	m->summary[word / 64] |= UINT64_C(1) << word % 64;
	if (word / 64 < m->from)
		m->from = word / 64;
}

/* The least of them; false when there is none. */
static inline bool marks_take(struct marks *m, uint32_t *number)
{
	while (m->from < m->summary_count && !m->summary[m->from])
		m->from++;
	if (m->from == m->summary_count)
		return false;
	size_t word = m->from * 64 + (size_t)__builtin_ctzll(m->summary[m->from]);
	*number = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(m->word[word]));
	m->word[word] &= m->word[word] - 1;
	if (!m->word[word])
		m->summary[m->from] &= m->summary[m->from] - 1;
	return true;
}

#endif
