/* Allocation that cannot return NULL: out of memory at start-up or growth is fatal and says so. The
 * process ends at once, whatever its other threads do; files are as they would be after a kill.
 * Nothing on the packet path allocates per packet; tables grow to a bound and then evict. */
#ifndef EGRET_BASE_MEM_H
#define EGRET_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n);              /* uninitialised */
void *mem_zalloc(size_t n);             /* zeroed */
void *mem_array(size_t count, size_t n); /* zeroed, checked for overflow */
void *mem_resize(void *p, size_t n);
char *mem_strndup(const char *p, size_t n);

/* Zeroed, aligned to a 64-byte cache line. From some MiB on memory is taken only where it is touched,
 * in huge pages: large tables are hit at random, and a look-up misses one cache less. */
void *mem_lines(size_t n);
/* Gives it back; n as it was asked for. p may be NULL. */
void mem_lines_free(void *p, size_t n);
/* The most that it takes, rounding and the allocator's own words included. */
size_t mem_lines_memory(size_t n);
/* The same while only the first `used` bytes of it are. */
size_t mem_lines_part(size_t n, size_t used);
/* The same for any of the others. */
size_t mem_memory(size_t n);

/* The same for what a library could not get. */
_Noreturn void mem_exhausted(const char *who);

#define MEM_STATUS 71 /* the exit status: EX_OSERR of sysexits.h */

#endif
