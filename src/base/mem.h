/* Allocation that cannot return NULL: out of memory at start-up or growth is fatal and says so.
 * Nothing on the packet path allocates per packet; tables grow to a bound and then evict. */
#ifndef EGRET_BASE_MEM_H
#define EGRET_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n);              /* uninitialised */
void *mem_zalloc(size_t n);             /* zeroed */
void *mem_array(size_t count, size_t n); /* zeroed, checked for overflow */
void *mem_resize(void *p, size_t n);
void *mem_lines(size_t n); /* zeroed, aligned to a 64-byte cache line; free with free() */
char *mem_strndup(const char *p, size_t n);

#endif
