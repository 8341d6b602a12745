#include "outlet_kit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64];
static struct path {
	struct path *next;
	char text[512];
} *paths;
static uint64_t room; /* of the queue */

void ear_problem(void *context, const char *name, const char *text)
{
	struct ear *ear = context;

	pthread_mutex_lock(&ear->lock);
	snprintf(ear->problem, sizeof ear->problem, "%s: %s", name, text);
	ear->problems++;
	pthread_mutex_unlock(&ear->lock);
}

void ear_recovered(void *context, const char *name, const char *text)
{
	struct ear *ear = context;

	pthread_mutex_lock(&ear->lock);
	snprintf(ear->recovery, sizeof ear->recovery, "%s: %s", name, text);
	ear->recoveries++;
	pthread_mutex_unlock(&ear->lock);
}

uint64_t kit_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

void kit_sleep(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

	nanosleep(&t, NULL);
}

const char *kit_folder(void)
{
	if (!*folder) {
		snprintf(folder, sizeof folder, "/tmp/egret-outlet-XXXXXX");
		cr_assert(mkdtemp(folder));
	}
	return folder;
}

const char *kit_path(const char *name)
{
	struct path *p = malloc(sizeof *p);

	p->next = paths;
	paths = p;
	snprintf(p->text, sizeof p->text, "%s/%s", kit_folder(), name);
	return p->text;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st, (void)flag, (void)f;
	remove(path);
	return 0;
}

void kit_end(void)
{
	if (*folder)
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*folder = '\0';
	for (struct path *p; (p = paths) != NULL; free(p))
		paths = p->next;
}

struct outlet_options kit_options(enum outlet_kind kind, const char *target, uint64_t queue,
				  struct ear *ear)
{
	room = queue;
	return (struct outlet_options){.kind = kind,
				       .name = "findings.test",
				       .target = target,
				       .queue = queue,
				       .problem = ear ? ear_problem : NULL,
				       .recovered = ear ? ear_recovered : NULL,
				       .context = ear};
}

struct outlet *kit_open(const struct outlet_options *options)
{
	struct error e = {""};
	struct outlet *o = outlet_open(options, &e);

	cr_assert(o, "%s", e.text);
	return o;
}

size_t kit_line(uint64_t number, char out[KIT_LINE])
{
	size_t n = (size_t)sprintf(out, "%09llu ", (unsigned long long)number);
	size_t length = 29 + number * 7 % 30;

	memset(out + n, 'a' + (int)(number % 26), length - n);
	out[length] = '\n';
	return length + 1;
}

bool kit_put(struct outlet *o, uint64_t number)
{
	char line[KIT_LINE];

	return outlet_put(o, line, kit_line(number, line), NULL);
}

void kit_put_surely(struct outlet *o, uint64_t number)
{
	while (kit_count(o).queued + KIT_LINE > room)
		kit_sleep(NS_PER_MS / 10);
	cr_assert(kit_put(o, number));
}

char *kit_read(const char *path, size_t *n)
{
	struct error e;
	size_t length;
	char *text;

	cr_assert_eq(file_read(path, 1024 * MIB, &text, &length, &e), 0, "%s", e.text);
	if (n)
		*n = length;
	return text;
}

uint64_t kit_lines(const char *p, size_t n, uint64_t first)
{
	char line[KIT_LINE];

	for (size_t length; n; p += length, n -= length) {
		length = kit_line(first, line);
		cr_assert(n >= length && memcmp(p, line, length) == 0,
			  "line %llu is not there but \"%.*s\"", (unsigned long long)first,
			  (int)(n < 60 ? n : 60), p);
		first++;
	}
	return first;
}

uint64_t kit_file_lines(const char *path, uint64_t first)
{
	size_t n;
	char *text = kit_read(path, &n);

	first = kit_lines(text, n, first);
	free(text);
	return first;
}

struct outlet_counts kit_count(struct outlet *o)
{
	struct outlet_counts n;

	outlet_count(o, &n);
	return n;
}
