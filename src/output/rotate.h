/* Old files of an output: when the present one becomes one, what it is called then (PATH.YYYYMMDD-
 * HHMMSS[.N], UTC), and what happens to it (compressed to ….zst, removed when too many). */
#ifndef EGRET_OUTPUT_ROTATE_H
#define EGRET_OUTPUT_ROTATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Intervals of wall clock, counted from 1970. */
struct rotate_clock {
	uint64_t interval; /* ns; 0: never due */
	uint64_t period;   /* the one the present file belongs to */
};

/* The present file has lines of this time, or begins now. */
void rotate_clock_set(struct rotate_clock *c, uint64_t time);
/* A new interval has begun. A clock set back begins none: the file then belongs to the earlier
 * one, so that a wrong date in the future does not put rotation off until it comes true. */
bool rotate_clock_due(struct rotate_clock *c, uint64_t now);

/* Renames the file. Never replaces one. */
int rotate_away(const char *path, uint64_t now, struct error *e);

/* Compresses old files, removes what a crash left half done, and the oldest beyond `keep` (0: none
 * is removed). Safe to be interrupted at any point: done again, it finishes. Gives up soon after
 * *stop is set. */
int rotate_tidy(const char *path, unsigned keep, bool compress, const _Atomic bool *stop,
		struct error *e);

#endif
