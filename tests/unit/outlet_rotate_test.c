/* Old files: when, what they are called, compressed, kept, and what a crash leaves. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "outlet_kit.h"
#include "output/rotate.h"

TestSuite(rotate, .fini = kit_end);

Test(rotate, an_interval_ends_once_however_the_clock_steps)
{
	struct rotate_clock c = {.interval = 100};

	rotate_clock_set(&c, 1050);
	cr_expect_not(rotate_clock_due(&c, 1099));
	cr_expect(rotate_clock_due(&c, 1100));
	rotate_clock_set(&c, 1100);
	cr_expect_not(rotate_clock_due(&c, 1150));
	/* back: nothing ends, and then the next interval is the next one by the new clock */
	cr_expect_not(rotate_clock_due(&c, 250));
	cr_expect_not(rotate_clock_due(&c, 299));
	cr_expect(rotate_clock_due(&c, 300));
	rotate_clock_set(&c, 300);
	/* far ahead, and back again */
	cr_expect(rotate_clock_due(&c, 1000000));
	rotate_clock_set(&c, 1000000);
	cr_expect_not(rotate_clock_due(&c, 310));
	cr_expect(rotate_clock_due(&c, 400));

	c = (struct rotate_clock){0};
	rotate_clock_set(&c, 5);
	cr_expect_not(rotate_clock_due(&c, UINT64_MAX));
}

static void make(const char *name, const char *text)
{
	FILE *f = fopen(kit_path(name), "w");

	fputs(text, f);
	fclose(f);
}

static bool there(const char *name)
{
	return access(kit_path(name), F_OK) == 0;
}

static const _Atomic bool never;

#define AT (1764000000 * NS_PER_S) /* 2025-11-24 16:00:00 */

Test(rotate, names_tell_the_time_and_replace_nothing)
{
	struct error e;

	make("f", "0");
	cr_assert_eq(rotate_away(kit_path("f"), AT, &e), 0, "%s", e.text);
	cr_expect(there("f.20251124-160000"));
	make("f", "1");
	cr_assert_eq(rotate_away(kit_path("f"), AT + 5, &e), 0);
	cr_expect(there("f.20251124-160000.1"));
	/* a name is taken in any of its forms */
	make("f.20251124-160000.2.zst", "");
	make("f.20251124-160000.3.zst.tmp", "");
	make("f", "2");
	cr_assert_eq(rotate_away(kit_path("f"), AT, &e), 0);
	cr_expect(there("f.20251124-160000.4"));
	char *text = kit_read(kit_path("f.20251124-160000"), NULL);
	cr_expect_str_eq(text, "0");
	free(text);
	cr_expect_eq(rotate_away(kit_path("f"), AT, &e), -1);
	cr_expect(strstr(e.text, "No such file"), "%s", e.text);
}

Test(rotate, the_oldest_go_and_others_files_stay)
{
	static const char *const others[] = {
		"f",			 "f.1",
		"f.20251124-160000.bak", "f.20251124-16000",
		"f.20251124-160000.01",	 "g.20251124-160000",
		"f.20251124.160000",	 "ff.20251124-160000",
		"f.20251124-160000.zst.tmp.x",
	};
	struct error e;
	char name[64];

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		make(others[i], "");
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "f.2025112%d-000000", i);
		make(name, "");
	}
	/* a number counts as a number, and forms of one file as one */
	make("f.20251124-000000.9", "");
	make("f.20251124-000000.10", "");
	make("f.20251124-000000.10.zst.tmp", "half");
	make("f.20251121-000000.zst", "");
	cr_assert_eq(rotate_tidy(kit_path("f"), 3, false, &never, &e), 0, "%s", e.text);
	cr_expect(there("f.20251124-000000.10"));
	cr_expect(there("f.20251124-000000.9"));
	cr_expect(there("f.20251124-000000"));
	cr_expect_not(there("f.20251124-000000.10.zst.tmp"));
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "f.2025112%d-000000", i);
		cr_expect_not(there(name), "%s", name);
	}
	cr_expect_not(there("f.20251121-000000.zst"));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect(there(others[i]), "%s", others[i]);
}

/* What zstdcat would print. */
static char *unpack(const char *path, size_t *n)
{
	size_t packed, room;
	char *p = kit_read(path, &packed), *out = NULL;
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = {p, packed, 0};
	size_t left = 1;

	*n = 0;
	for (room = 1 << 16; left != 0; room *= 2) {
		out = realloc(out, room + 1);
		ZSTD_outBuffer to = {out, room, *n};
		left = ZSTD_decompressStream(z, &to, &in);
		cr_assert_not(ZSTD_isError(left), "%s: %s", path, ZSTD_getErrorName(left));
		cr_assert(left == 0 || to.pos == room || in.pos < in.size, "%s is cut", path);
		*n = to.pos;
	}
	cr_assert_eq(in.pos, in.size);
	out[*n] = '\0';
	ZSTD_freeDStream(z);
	free(p);
	return out;
}

static void big(const char *name, uint64_t lines)
{
	FILE *f = fopen(kit_path(name), "w");
	char line[KIT_LINE];

	for (uint64_t i = 0; i < lines; i++)
		fwrite(line, 1, kit_line(i, line), f);
	fclose(f);
}

Test(rotate, a_compressed_file_keeps_mode_and_time)
{
	struct timespec times[2] = {{1700000000, 0}, {1700000000, 0}};
	struct error e;
	struct stat st;
	size_t n;

	big("f.20251124-160000", 50000);
	chmod(kit_path("f.20251124-160000"), 0640);
	utimensat(AT_FDCWD, kit_path("f.20251124-160000"), times, 0);
	cr_assert_eq(rotate_tidy(kit_path("f"), 0, true, &never, &e), 0, "%s", e.text);
	cr_expect_not(there("f.20251124-160000"));
	char *text = unpack(kit_path("f.20251124-160000.zst"), &n);
	cr_expect_eq(kit_lines(text, n, 0), 50000);
	free(text);
	cr_assert_eq(stat(kit_path("f.20251124-160000.zst"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(st.st_mtime, 1700000000);
	/* an empty one, and nothing left to do */
	make("f.20251124-160001", "");
	for (int i = 0; i < 2; i++)
		cr_assert_eq(rotate_tidy(kit_path("f"), 0, true, &never, &e), 0, "%s", e.text);
	free(unpack(kit_path("f.20251124-160001.zst"), &n));
	cr_expect_eq(n, 0);
}

/* Both are there: it died before the plain file was removed. */
Test(rotate, a_whole_compressed_file_is_believed)
{
	struct error e;

	make("f.20251124-160000", "plain");
	make("f.20251124-160000.zst", "as it was");
	cr_assert_eq(rotate_tidy(kit_path("f"), 0, true, &never, &e), 0, "%s", e.text);
	cr_expect_not(there("f.20251124-160000"));
	char *text = kit_read(kit_path("f.20251124-160000.zst"), NULL);
	cr_expect_str_eq(text, "as it was");
	free(text);
}

Test(rotate, stops_when_it_is_told_to)
{
	static const _Atomic bool stop = true;
	struct error e;

	big("f.20251124-160000", 50000);
	rotate_tidy(kit_path("f"), 0, true, &stop, &e);
	cr_expect(there("f.20251124-160000"));
	cr_expect_not(there("f.20251124-160000.zst"));
	cr_expect_not(there("f.20251124-160000.zst.tmp"));
}

/* Killed at any moment: the file is there, whole, plain or compressed, and the next try finishes. */
Test(rotate, a_crash_leaves_one_whole_file, .timeout = 300)
{
	enum { TIMES = 60, LINES = 100000 };
	unsigned plain = 0, done = 0;
	struct error e;
	size_t n;

	big("f.20251124-160000", LINES);
	uint64_t whole = kit_now();
	cr_assert_eq(rotate_tidy(kit_path("f"), 0, true, &never, &e), 0, "%s", e.text);
	whole = kit_now() - whole;
	unlink(kit_path("f.20251124-160000.zst"));
	for (unsigned i = 0; i < TIMES; i++) {
		big("f.20251124-160000", LINES);
		pid_t child = fork();
		if (child == 0) {
			rotate_tidy(kit_path("f"), 0, true, &never, &e);
			_exit(0);
		}
		kit_sleep(i * whole * 3 / 2 / TIMES);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		bool is_plain = there("f.20251124-160000"), packed = there("f.20251124-160000.zst");
		cr_assert(is_plain || packed);
		if (is_plain)
			cr_assert_eq(kit_file_lines(kit_path("f.20251124-160000"), 0), LINES);
		plain += !packed;
		done += !is_plain;
		cr_assert_eq(rotate_tidy(kit_path("f"), 0, true, &never, &e), 0, "%s", e.text);
		char *text = unpack(kit_path("f.20251124-160000.zst"), &n);
		cr_assert_eq(kit_lines(text, n, 0), LINES);
		free(text);
		cr_assert_not(there("f.20251124-160000"));
		cr_assert_not(there("f.20251124-160000.zst.tmp"));
		unlink(kit_path("f.20251124-160000.zst"));
	}
	/* some before the end, some after it */
	cr_expect_gt(plain, 0);
	fprintf(stderr, "rotate: killed %u times while compressing, %u times too late\n", plain, done);
}

/* The outlet */

/* "file.YYYYMMDD-HHMMSS[.N][.zst]": no number is number 0. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	enum { STAMPED = 20 };
	int order = strncmp((*a)->d_name, (*b)->d_name, STAMPED);

	return order ? order : atoi((*a)->d_name + STAMPED + ((*a)->d_name[STAMPED] != 0)) -
			       atoi((*b)->d_name + STAMPED + ((*b)->d_name[STAMPED] != 0));
}

static int is_old(const struct dirent *d)
{
	return strncmp(d->d_name, "file.", 5) == 0;
}

/* Old files, and of these not compressed ones. */
static int olds(int *plain)
{
	struct dirent **old;
	int count = scandir(kit_folder(), &old, is_old, by_name);

	*plain = 0;
	for (int i = 0; i < count; i++) {
		size_t n = strlen(old[i]->d_name);
		*plain += strcmp(old[i]->d_name + n - 4, ".zst") != 0;
		free(old[i]);
	}
	free(old);
	return count;
}

/* All lines from the old files, oldest first, then the present one. Returns the next number. */
static uint64_t all_lines(uint64_t first, uint64_t limit, unsigned *files)
{
	struct dirent **old;
	int count = scandir(kit_folder(), &old, is_old, by_name);
	size_t n;

	cr_assert_geq(count, 0);
	for (int i = 0; i < count; i++) {
		size_t length = strlen(old[i]->d_name);
		bool packed = length > 4 && strcmp(old[i]->d_name + length - 4, ".zst") == 0;
		char *text = packed ? unpack(kit_path(old[i]->d_name), &n) :
				      kit_read(kit_path(old[i]->d_name), &n);
		cr_expect_leq(n, limit);
		cr_expect_gt(n, 0);
		first = kit_lines(text, n, first);
		free(text);
		free(old[i]);
	}
	free(old);
	*files = (unsigned)count;
	return kit_file_lines(kit_path("file"), first);
}

Test(rotate, by_size_under_load_loses_and_doubles_nothing, .timeout = 120)
{
	enum { LINES = 200000, SIZE = 200000 };
	struct ear ear = EAR;
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), MIB, &ear);
	unsigned files;
	int plain;

	options.rotate_size = SIZE;
	options.compress = true;
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < LINES; i++)
		kit_put_surely(o, i);
	cr_expect_eq(outlet_close(o, 60 * NS_PER_S), 0);
	cr_expect_eq(all_lines(0, SIZE, &files), LINES);
	/* 44.5 bytes a line */
	cr_expect_geq(files, LINES * 44 / SIZE - 1);
	cr_expect_leq(files, LINES * 46 / SIZE + 1);
	cr_expect_eq(ear.problems, 0, "%s", ear.problem);

	/* what was not compressed when it closed is, after the next start */
	o = kit_open(&options);
	kit_until(60, olds(&plain) && plain == 0);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(all_lines(0, SIZE, &files), LINES);
}

Test(rotate, keeps_so_many, .timeout = 120)
{
	enum { LINES = 50000, SIZE = 100000, KEEP = 3 };
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), MIB, NULL);
	int plain;

	options.rotate_size = SIZE;
	options.rotate_keep = KEEP;
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < LINES; i++)
		kit_put_surely(o, i);
	kit_until(10, kit_count(o).queued == 0);
	kit_until(10, olds(&plain) == KEEP);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
}

/* Every second a new one, and none for a second without lines. */
Test(rotate, by_time, .timeout = 60)
{
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), MIB, NULL);
	uint64_t number = 0, end = kit_now() + 3300 * NS_PER_MS;
	unsigned files;

	options.rotate_interval = NS_PER_S;
	struct outlet *o = kit_open(&options);
	for (; kit_now() < end; kit_sleep(NS_PER_MS))
		kit_put_surely(o, number++);
	kit_sleep(2100 * NS_PER_MS);
	kit_put_surely(o, number++);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(all_lines(0, UINT64_MAX, &files), number);
	cr_expect_geq(files, 4);
	cr_expect_leq(files, 5);
}

/* A file of yesterday, at a start today. */
Test(rotate, by_time_counts_from_the_files_last_line)
{
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), MIB, NULL);
	struct timespec yesterday[2] = {{time(NULL) - 86400, 0}, {time(NULL) - 86400, 0}};
	unsigned files;

	options.rotate_interval = 3600 * NS_PER_S;
	big("file", 10);
	utimensat(AT_FDCWD, kit_path("file"), yesterday, 0);
	struct outlet *o = kit_open(&options);
	kit_put_surely(o, 10);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(all_lines(0, UINT64_MAX, &files), 11);
	cr_expect_eq(files, 1);
}

Test(rotate, a_line_longer_than_a_file_gets_its_own)
{
	static char line[300000];
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), MIB, NULL);
	struct stat st;

	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	options.rotate_size = 1000;
	struct outlet *o = kit_open(&options);
	kit_put_surely(o, 0);
	cr_assert(outlet_put(o, line, sizeof line, NULL));
	kit_put_surely(o, 1);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	struct dirent **old;
	int count = scandir(kit_folder(), &old, is_old, by_name);
	cr_assert_eq(count, 2);
	cr_expect_eq(kit_file_lines(kit_path(old[0]->d_name), 0), 1);
	cr_assert_eq(stat(kit_path(old[1]->d_name), &st), 0);
	cr_expect_eq(st.st_size, sizeof line);
	cr_expect_eq(kit_file_lines(kit_path("file"), 1), 2);
	free(old[0]), free(old[1]), free(old);
}

/* The name of the old file would be too long: lines go on to the present one, and it is told once. */
Test(rotate, that_cannot_be_is_told_and_costs_no_line)
{
	struct ear ear = EAR;
	char name[250];

	memset(name, 'f', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	const char *path = kit_path(name);
	struct outlet_options options = kit_options(OUTLET_FILE, path, MIB, &ear);
	options.rotate_size = 1000;
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < 1000; i++)
		kit_put_surely(o, i);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(path, 0), 1000);
	cr_expect_eq(ear.problems, 1);
	cr_expect(strstr(ear.problem, "rotation: File name too long"), "%s", ear.problem);
}
