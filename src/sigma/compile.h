/* Scanners compiled by several threads: each field's patterns by one. */
#ifndef EGRET_SIGMA_COMPILE_H
#define EGRET_SIGMA_COMPILE_H

#include <stddef.h>

#include "sigma/scanner.h"

#define COMPILE_THREADS_MAX 8

/* Builds them all (some may be NULL). */
void compile_scanners(struct scanner **s, size_t count, const char *cache_folder);

#endif
