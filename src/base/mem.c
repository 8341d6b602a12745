#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *checked(void *p, size_t n)
{
	if (!p && n) {
		fprintf(stderr, "egret: out of memory (%zu bytes asked)\n", n);
		exit(71); /* EX_OSERR */
	}
	return p;
}

void *mem_alloc(size_t n)
{
	return checked(malloc(n ? n : 1), n);
}

void *mem_zalloc(size_t n)
{
	return checked(calloc(1, n ? n : 1), n);
}

void *mem_array(size_t count, size_t n)
{
	return checked(calloc(count ? count : 1, n ? n : 1), n);
}

void *mem_resize(void *p, size_t n)
{
	return checked(realloc(p, n ? n : 1), n);
}

#define HUGE_PAGE ((size_t)2 << 20)

void *mem_lines(size_t n)
{
	/* large tables are hit at random: with huge pages a look-up misses one cache less */
	size_t align = n >= 2 * HUGE_PAGE ? HUGE_PAGE : 64;
	size_t rounded = (n + align - 1) & ~(align - 1);
	void *p = checked(aligned_alloc(align, rounded ? rounded : align), n);

	if (align == HUGE_PAGE)
		madvise(p, rounded, MADV_HUGEPAGE);
	memset(p, 0, n);
	return p;
}

char *mem_strndup(const char *p, size_t n)
{
	char *copy = mem_alloc(n + 1);

	memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}
