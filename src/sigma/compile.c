#include "sigma/compile.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

struct work {
	struct scanner **list;
	size_t count;
	atomic_size_t next;
	const char *cache_folder;
};

static void *build(void *context)
{
	struct work *w = context;
	size_t i;

	while ((i = atomic_fetch_add(&w->next, 1)) < w->count)
		scanner_build(w->list[i], w->cache_folder);
	return NULL;
}

/* The largest first, so that no thread is left alone with it at the end. */
static int by_patterns(const void *x, const void *y)
{
	size_t a = scanner_patterns(*(struct scanner *const *)x);
	size_t b = scanner_patterns(*(struct scanner *const *)y);

	return (a < b) - (a > b);
}

void compile_scanners(struct scanner **s, size_t count, const char *cache_folder)
{
	struct work w = {.list = mem_array(count, sizeof *w.list), .cache_folder = cache_folder};
	pthread_t thread[COMPILE_THREADS_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	long threads = 0;

	for (size_t i = 0; i < count; i++)
		if (s[i])
			w.list[w.count++] = s[i];
	if (w.count)
		qsort(w.list, w.count, sizeof *w.list, by_patterns);
	/* this thread works, too: where others cannot be had it does all */
	while (threads + 1 < processors && threads < COMPILE_THREADS_MAX &&
	       (size_t)threads + 1 < w.count &&
	       pthread_create(&thread[threads], NULL, build, &w) == 0)
		threads++;
	build(&w);
	while (threads > 0)
		pthread_join(thread[--threads], NULL);
	free(w.list);
}
