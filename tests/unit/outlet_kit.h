/* For tests of outlets: numbered lines, a folder of their own, and somebody who hears problems. */
#ifndef EGRET_TESTS_OUTLET_KIT_H
#define EGRET_TESTS_OUTLET_KIT_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "core/limits.h"
#include "output/outlet.h"

struct ear {
	pthread_mutex_t lock;
	_Atomic unsigned problems, recoveries;
	char problem[256], recovery[256]; /* the last ones; under the lock */
};
#define EAR {.lock = PTHREAD_MUTEX_INITIALIZER}

void ear_problem(void *ear, const char *name, const char *text);
void ear_recovered(void *ear, const char *name, const char *text);

uint64_t kit_now(void);
void kit_sleep(uint64_t ns);

/* Waits for it, for so many seconds. */
#define kit_until(seconds, condition)                                                              \
	do {                                                                                       \
		uint64_t kit_end = kit_now() + (uint64_t)(seconds) * NS_PER_S;                     \
		bool kit_is;                                                                       \
		while (!(kit_is = (condition)) && kit_now() < kit_end)                             \
			kit_sleep(2 * NS_PER_MS);                                                  \
		cr_assert(kit_is, "waited %d s for " #condition, (int)(seconds));                  \
	} while (0)

/* A fresh folder, and a path in it; both last until kit_end. */
const char *kit_folder(void);
const char *kit_path(const char *name);
/* Removes the folder with what is in it. */
void kit_end(void);

/* An outlet with a queue of so many bytes whose problems `ear` hears (NULL: nobody). */
struct outlet_options kit_options(enum outlet_kind kind, const char *target, uint64_t queue,
				  struct ear *ear);
struct outlet *kit_open(const struct outlet_options *o);

#define KIT_LINE 64
/* "000000042 ....\n", 30 to 59 bytes long. Returns its length. */
size_t kit_line(uint64_t number, char out[KIT_LINE]);
bool kit_put(struct outlet *o, uint64_t number);
/* Waits until there is room in the queue. */
void kit_put_surely(struct outlet *o, uint64_t number);

/* A file's bytes, terminated; *n may be NULL. Free it. */
char *kit_read(const char *path, size_t *n);
/* These bytes are the lines from number `first` on, whole and in order. Returns the number of the
 * one that would follow. */
uint64_t kit_lines(const char *p, size_t n, uint64_t first);
/* The same of a file. */
uint64_t kit_file_lines(const char *path, uint64_t first);

struct outlet_counts kit_count(struct outlet *o);

#endif
