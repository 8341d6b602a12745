/* Lines to a file that takes no more. */
#include "output/sink.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LINE "{\"a line\": \"of 32 bytes .......\"}\n"

static char path[64];

static void begin(void)
{
	strcpy(path, "/tmp/egret-sink-XXXXXX");
	int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
}

static void end(void)
{
	unlink(path);
}

TestSuite(sink, .init = begin, .fini = end);

static void put(struct sink *s, int lines)
{
	for (int i = 0; i < lines; i++) {
		memcpy(sink_room(s, strlen(LINE)), LINE, strlen(LINE));
		sink_add(s, strlen(LINE));
	}
}

static size_t size_of(const char *file)
{
	FILE *f = fopen(file, "re");
	cr_assert(f);
	fseek(f, 0, SEEK_END);
	size_t n = (size_t)ftell(f);
	fclose(f);
	return n;
}

/* Files end there, as on a full disk: a write takes what still fits, and the next one nothing. */
static void end_files_at(size_t n)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = n;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(sink, a_full_disk_tears_no_line)
{
	struct error e;
	struct sink *s = sink_open(path, &e);

	cr_assert(s);
	end_files_at(10 * strlen(LINE) + 7);
	put(s, 100);
	cr_expect_neq(sink_close(s, &e), 0);
	cr_expect(strstr(e.text, path));
	cr_expect_eq(size_of(path), 10 * strlen(LINE));
}

/* `>> file`: what others wrote before stays. */
Test(sink, standard_output_may_be_a_file_with_something_in_it)
{
	struct error e;
	int fd = open(path, O_WRONLY | O_APPEND), before = dup(STDOUT_FILENO);

	cr_assert_eq(write(fd, "before", 6), 6);
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	struct sink *s = sink_open("-", &e);
	dup2(before, STDOUT_FILENO);
	cr_assert(s);
	end_files_at(6 + 3 * strlen(LINE) - 1);
	put(s, 5);
	cr_expect_neq(sink_close(s, &e), 0);
	cr_expect(strstr(e.text, "standard output: "));
	cr_expect_eq(size_of(path), 6 + 2 * strlen(LINE));
	close(fd);
	close(before);
}

/* Nothing of it can be taken back, and nothing is said twice. */
Test(sink, a_pipe_that_nobody_reads)
{
	struct error e;
	int ends[2];
	char name[32];

	cr_assert_eq(pipe(ends), 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", ends[1]);
	struct sink *s = sink_open(name, &e);
	cr_assert(s);
	close(ends[0]);
	close(ends[1]);
	signal(SIGPIPE, SIG_IGN);
	put(s, 100000);
	cr_expect_neq(sink_close(s, &e), 0);
}
