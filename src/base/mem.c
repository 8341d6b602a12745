#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Not exit: what libraries do at the end of a process is not for the midst of a thread's work. */
static _Noreturn void give_up(const char *text, size_t n)
{
	ssize_t written = write(STDERR_FILENO, text, n);

	(void)written; /* nobody is left to be told */
	_exit(MEM_STATUS);
}

void mem_exhausted(const char *who)
{
	char text[128];
	int n = snprintf(text, sizeof text, "egret: out of memory (%.80s)\n", who);

	give_up(text, (size_t)n);
}

static void *checked(void *p, size_t n)
{
	char text[64];

	if (!p)
		give_up(text, (size_t)snprintf(text, sizeof text,
					       "egret: out of memory (%zu bytes asked)\n", n));
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
#define PAGE	  ((size_t)4096)

/* What is this large comes from the kernel, zeroed when it is touched, if ever. */
static bool is_mapped(size_t n)
{
	return n >= (size_t)128 << 10;
}

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) & ~(unit - 1);
}

static bool is_huge(size_t n)
{
	return n >= HUGE_PAGE;
}

static void *map(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return checked(p == MAP_FAILED ? NULL : p, n);
}

/* What is mapped beyond a whole number of huge pages is given back at once. */
static void *map_huge(size_t n)
{
	size_t room = round_up(n, HUGE_PAGE);
	char *p = map(room + HUGE_PAGE);
	size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);
	if (before)
		munmap(p, before);
	if (before < HUGE_PAGE)
		munmap(p + before + room, HUGE_PAGE - before);
	madvise(p + before, room, MADV_HUGEPAGE);
	return p + before;
}

void *mem_lines(size_t n)
{
	if (is_mapped(n))
		return is_huge(n) ? map_huge(n) : map(n);
	size_t room = round_up(n ? n : 1, 64);
	void *p = checked(aligned_alloc(64, room), n);
	memset(p, 0, room);
	return p;
}

void mem_lines_free(void *p, size_t n)
{
	if (p && is_mapped(n))
		munmap(p, is_huge(n) ? round_up(n, HUGE_PAGE) : n);
	else
		free(p);
}

size_t mem_lines_memory(size_t n)
{
	if (!is_mapped(n))
		return mem_memory(round_up(n, 64)) + 64;
	return round_up(n, is_huge(n) ? HUGE_PAGE : PAGE);
}

size_t mem_lines_part(size_t n, size_t used)
{
	size_t all = mem_lines_memory(n), part = round_up(used, is_huge(n) ? HUGE_PAGE : PAGE);

	return is_mapped(n) && part < all ? part : all;
}

/* (glibc: a word before each block, blocks of at least 32 bytes; large ones are mapped) */
size_t mem_memory(size_t n)
{
	size_t room = round_up(n + sizeof(size_t), 16);

	if (n >= 128 * 1024)
		return round_up(n + 16, PAGE);
	return room < 32 ? 32 : room;
}

char *mem_strndup(const char *p, size_t n)
{
	char *copy = mem_alloc(n + 1);

	memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}
