#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void *mem_lines(size_t n)
{
	size_t rounded = (n + 63) & ~(size_t)63;
	void *p = checked(aligned_alloc(64, rounded ? rounded : 64), n);

	memset(p, 0, rounded);
	return p;
}

char *mem_strndup(const char *p, size_t n)
{
	char *copy = mem_alloc(n + 1);

	memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}
