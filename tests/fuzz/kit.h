/* What several fuzz targets need. */
#ifndef EGRET_TESTS_FUZZ_KIT_H
#define EGRET_TESTS_FUZZ_KIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void require(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* A file without a name, for what reads files by their path: the same one is filled anew for each
 * input. */
struct kit_file {
	int fd;
	char path[32];
};

static inline const char *kit_file(struct kit_file *f, const void *p, size_t n)
{
	if (!f->path[0]) {
		f->fd = memfd_create("fuzz", 0);
		snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
	}
	require(f->fd >= 0 && ftruncate(f->fd, 0) == 0 &&
			pwrite(f->fd, p, n, 0) == (ssize_t)n,
		"a file in memory can be written");
	return f->path;
}

static inline struct str kit_rest(const uint8_t *data, size_t n)
{
	return (struct str){(const char *)data, n};
}

/* The next line of `rest`, without its newline; false at the end. */
static inline bool kit_line(struct str *rest, struct str *line)
{
	if (!rest->n)
		return false;
	const char *end = memchr(rest->p, '\n', rest->n);
	*line = (struct str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
	rest->p += line->n + (end != NULL);
	rest->n -= line->n + (end != NULL);
	return true;
}

/* One object of JSON on one line, as another reader of JSON reads it. */
static inline void kit_json_line(const char *line, size_t n)
{
	json_error_t e;

	require(n > 2 && line[n - 1] == '\n' && !memchr(line, '\n', n - 1), "it is one line");
	json_t *j = json_loadb(line, n, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		fprintf(stderr, "%s\n%.*s", e.text, (int)n, line);
	require(json_is_object(j), "it is JSON");
	json_decref(j);
}

static inline void kit_printable(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		require(((uint8_t)p[i] >= 0x20 && (uint8_t)p[i] < 0x7f) || p[i] == '\n',
			"text for people is printable");
}

#endif
