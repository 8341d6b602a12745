/* Paths of the source tree and throw-away folders, for tests that read and write files. */
#ifndef EGRET_TESTS_FIXTURE_H
#define EGRET_TESTS_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of the source tree, wherever the tests are built. One static buffer: copy to keep. */
static inline const char *fixture_source(const char *file)
{
	const char *const roots[] = {getenv("srcdir"), ".", ".."};
	static char path[4096];

	for (size_t i = 0; i < 3; i++) {
		if (!roots[i])
			continue;
		snprintf(path, sizeof path, "%s/%s", roots[i], file);
		if (access(path, R_OK) == 0)
			return path;
	}
	fprintf(stderr, "%s: not found; set srcdir\n", file);
	abort();
}

/* A new folder (mode 0700); the caller removes and frees it with fixture_remove. */
static inline char *fixture_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[4096];

	snprintf(path, sizeof path, "%s/egret-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(path))
		abort();
	return strdup(path);
}

static inline void fixture_remove(char *folder)
{
	char command[4200];

	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	if (system(command))
		abort();
	free(folder);
}

static inline void fixture_write(const char *folder, const char *name, const char *text)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

#endif
