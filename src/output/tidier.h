/* A thread of low priority that looks after the old files of an output (rotate_tidy). */
#ifndef EGRET_OUTPUT_TIDIER_H
#define EGRET_OUTPUT_TIDIER_H

#include <stdbool.h>

struct tidier;

/* `path` outlives it. `failed` is called in its thread. NULL when there can be no thread. Begins
 * with what an earlier run left. */
struct tidier *tidier_open(const char *path, unsigned keep, bool compress,
			   void (*failed)(void *context, const char *text), void *context);
/* There is an old file more. Never waits. */
void tidier_wake(struct tidier *t);
/* Breaks off what it is at: the next start finishes it. */
void tidier_close(struct tidier *t);

#endif
