/* Outlets to files: whose they are, reopening under load, full disks, files that vanish. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outlet_kit.h"

TestSuite(outlet_file, .fini = kit_end);

Test(outlet_file, is_made_for_us_and_our_group)
{
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), 65536, NULL);
	struct stat st;

	umask(0);
	struct outlet *o = kit_open(&options);
	cr_assert_eq(stat(kit_path("file"), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);

	/* and is appended to */
	for (uint64_t i = 0; i < 3; i++) {
		o = kit_open(&options);
		cr_assert(kit_put(o, i));
		cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	}
	cr_expect_eq(kit_file_lines(kit_path("file"), 0), 3);
}

Test(outlet_file, a_path_that_cannot_be_is_an_error)
{
	static const char *const paths[] = {"no/such/folder", "", "file/below"};
	struct error e;

	close(open(kit_path("file"), O_CREAT | O_WRONLY, 0600));
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const char *path = kit_path(paths[i]);
		struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, NULL);
		e.text[0] = '\0';
		cr_expect_null(outlet_open(&options, &e));
		cr_expect(strstr(e.text, path), "%s", e.text);
	}
}

/* A crash of the machine left half a line: it does not spoil the next one. */
Test(outlet_file, half_a_line_is_ended_first)
{
	const char *path = kit_path("file");
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, NULL);
	FILE *f = fopen(path, "w");

	fputs("{\"half\"", f);
	fclose(f);
	struct outlet *o = kit_open(&options);
	cr_assert(kit_put(o, 0));
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	char *text = kit_read(path, NULL), *rest = strchr(text, '\n');
	cr_assert(rest);
	cr_expect_eq(strncmp(text, "{\"half\"\n", 8), 0);
	cr_expect_eq(kit_lines(rest + 1, strlen(rest + 1), 0), 1);
	free(text);
}

/* logrotate */

struct producer {
	struct outlet *o;
	_Atomic uint64_t next;
	_Atomic bool stop;
};

static void *produce(void *context)
{
	struct producer *p = context;

	while (!atomic_load(&p->stop)) {
		kit_put_surely(p->o, atomic_load(&p->next));
		atomic_fetch_add(&p->next, 1);
	}
	return NULL;
}

Test(outlet_file, reopening_under_load_loses_and_doubles_nothing)
{
	enum { TIMES = 100 };
	struct ear ear = EAR;
	char path[256], old[300];
	snprintf(path, sizeof path, "%s", kit_path("file"));
	struct outlet_options options = kit_options(OUTLET_FILE, path, MIB, &ear);
	struct producer p = {.o = kit_open(&options)};
	pthread_t thread;
	uint64_t before[TIMES], after[TIMES], next = 0;

	cr_assert_eq(pthread_create(&thread, NULL, produce, &p), 0);
	for (int i = 0; i < TIMES; i++) {
		snprintf(old, sizeof old, "%s.%d", path, i);
		kit_until(60, rename(path, old) == 0);
		before[i] = atomic_load(&p.next);
		outlet_reopen(p.o);
		after[i] = atomic_load(&p.next);
	}
	atomic_store(&p.stop, true);
	pthread_join(thread, NULL);
	cr_expect_eq(outlet_close(p.o, 60 * NS_PER_S), 0);
	for (int i = 0; i < TIMES; i++) {
		snprintf(old, sizeof old, "%s.%d", path, i);
		uint64_t end = kit_file_lines(old, next);
		/* put before the call: in the old one; put after: in the new one */
		cr_expect_geq(end, before[i], "%d", i);
		cr_expect_leq(end, after[i] + 1, "%d", i);
		next = end;
	}
	cr_expect_eq(kit_file_lines(path, next), atomic_load(&p.next));
	cr_expect_gt(atomic_load(&p.next), TIMES);
	cr_expect_eq(ear.problems, 0, "%s", ear.problem);
}

Test(outlet_file, the_old_file_goes_on_when_there_can_be_no_new_one)
{
	struct ear ear = EAR;
	char folder[256], moved[256], path[300], old[300];

	snprintf(folder, sizeof folder, "%s", kit_path("logs"));
	snprintf(moved, sizeof moved, "%s", kit_path("moved"));
	snprintf(path, sizeof path, "%s/file", folder);
	snprintf(old, sizeof old, "%s/file", moved);
	mkdir(folder, 0700);
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, &ear);
	struct outlet *o = kit_open(&options);
	cr_assert(kit_put(o, 0));
	cr_assert_eq(rename(folder, moved), 0);
	outlet_reopen(o);
	cr_expect(kit_count(o).reopening || kit_count(o).errors);
	kit_until(5, ear.problems == 1);
	cr_expect_not(kit_count(o).reopening);
	cr_assert(kit_put(o, 1));
	kit_until(5, kit_count(o).lines == 2);
	cr_expect_eq(kit_file_lines(old, 0), 2);
	/* it is opened as soon as it can be */
	mkdir(folder, 0700);
	uint64_t number = 2;
	kit_until(15, kit_put(o, number++) && access(path, F_OK) == 0);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(path, kit_file_lines(old, 0)), number);
}

/* A file that somebody removed or replaced */

Test(outlet_file, a_removed_file_is_missed)
{
	struct ear ear = EAR;
	const char *path = kit_path("file");
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, &ear);
	struct outlet *o = kit_open(&options);

	kit_put_surely(o, 0);
	kit_until(5, kit_count(o).lines == 1);
	kit_sleep(1100 * NS_PER_MS); /* it looks once a second */
	unlink(path);
	kit_put_surely(o, 1);
	kit_sleep(500 * NS_PER_MS);
	cr_expect_eq(kit_count(o).lines, 1); /* a reopening may be on its way */
	kit_until(20, kit_count(o).lines == 2);
	cr_expect_eq(kit_file_lines(path, 1), 2);
	cr_expect_eq(ear.problems, 1);
	cr_expect(strstr(ear.problem, "removed or replaced"), "%s", ear.problem);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
}

/* With much to write there is no waiting for a reopening, and closing does not wait for one. */
Test(outlet_file, a_removed_file_costs_no_line_of_later)
{
	const char *path = kit_path("file");
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, NULL);
	struct outlet *o = kit_open(&options);

	kit_put_surely(o, 0);
	kit_until(5, kit_count(o).lines == 1);
	kit_sleep(1100 * NS_PER_MS);
	unlink(path);
	for (uint64_t i = 1; i < 10000; i++)
		kit_put_surely(o, i);
	kit_until(5, kit_count(o).queued < 32768);
	cr_expect_eq(outlet_close(o, 5 * NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(path, 1), 10000);
}

Test(outlet_file, lines_of_before_the_word_go_to_the_renamed_file)
{
	char path[256];
	snprintf(path, sizeof path, "%s", kit_path("file"));
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, NULL);
	struct outlet *o = kit_open(&options);

	kit_put_surely(o, 0);
	kit_until(5, kit_count(o).lines == 1);
	kit_sleep(1100 * NS_PER_MS);
	rename(path, kit_path("old"));
	kit_put_surely(o, 1);
	kit_sleep(200 * NS_PER_MS);
	outlet_reopen(o);
	kit_put_surely(o, 2);
	kit_until(5, kit_count(o).lines == 3);
	cr_expect_eq(kit_file_lines(kit_path("old"), 0), 2);
	cr_expect_eq(kit_file_lines(path, 2), 3);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
}

static int descriptor_of(const char *path)
{
	char link[32], to[256];

	for (int fd = 3; fd < 64; fd++) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, to, sizeof to - 1);
		if (n > 0 && (to[n] = '\0', strcmp(to, path) == 0))
			return fd;
	}
	return -1;
}

/* Somebody else's mistake, which must not end it. */
Test(outlet_file, a_descriptor_that_was_closed_is_replaced)
{
	struct ear ear = EAR;
	const char *path = kit_path("file");
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, &ear);
	struct outlet *o = kit_open(&options);

	kit_put_surely(o, 0);
	kit_until(5, kit_count(o).lines == 1);
	int fd = descriptor_of(path);
	cr_assert_geq(fd, 0);
	close(fd);
	kit_put_surely(o, 1);
	kit_until(10, kit_count(o).lines == 2);
	cr_expect_eq(kit_file_lines(path, 0), 2);
	cr_expect(strstr(ear.problem, "Bad file descriptor"), "%s", ear.problem);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
}

/* Full disks: a file system of our own, seen by this process alone. */

static bool small_disk(const char *at, const char *size)
{
	char data[64];

	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	snprintf(data, sizeof data, "size=%s,mode=700", size);
	mkdir(at, 0700);
	return mount("egret-test", at, "tmpfs", 0, data) == 0;
}

static bool ends_with_newline(const char *path)
{
	size_t n;
	char *text = kit_read(path, &n);
	bool ends = n == 0 || text[n - 1] == '\n';

	free(text);
	return ends;
}

Test(outlet_file, a_full_disk_is_survived)
{
	enum { QUEUE = 256 * 1024 };
	struct ear ear = EAR;
	char disk[256], path[300], ballast[300];

	snprintf(disk, sizeof disk, "%s", kit_path("disk"));
	snprintf(path, sizeof path, "%s/file", disk);
	snprintf(ballast, sizeof ballast, "%s/ballast", disk);
	if (!small_disk(disk, "2m"))
		cr_skip_test("no file system can be mounted here");
	int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
	cr_assert_eq(fallocate(fd, 0, 0, 1 << 20), 0);
	close(fd);

	struct outlet_options options = kit_options(OUTLET_FILE, path, QUEUE, &ear);
	struct outlet *o = kit_open(&options);
	uint64_t in = 0;
	/* more than there is room for, on the disk and then in the queue */
	while (in < 100000 && !kit_count(o).failing)
		kit_put_surely(o, in++);
	kit_until(10, kit_count(o).failing);
	while (kit_count(o).lost < 1000)
		in += kit_put(o, in);
	struct outlet_counts n = kit_count(o);
	cr_expect(strstr(n.problem, "No space left"), "%s", n.problem);
	cr_expect_gt(n.lost, 0);
	cr_expect_gt(n.queued, QUEUE - KIT_LINE);
	kit_sleep(1500 * NS_PER_MS); /* several tries */
	cr_expect(ends_with_newline(path), "a torn line is left on the disk");
	uint64_t there = kit_file_lines(path, 0);
	cr_expect_eq(there, kit_count(o).lines);
	cr_expect_geq(kit_count(o).errors, 3);
	cr_expect_eq(ear.problems, 1, "%s", ear.problem);

	/* room again: it goes on where it was, by itself */
	cr_assert_eq(unlink(ballast), 0);
	kit_until(20, kit_count(o).queued == 0);
	kit_until(5, ear.recoveries == 1);
	cr_expect(strstr(ear.recovery, "lines were lost"), "%s", ear.recovery);
	cr_expect_eq(kit_count(o).lines, in);
	cr_assert(kit_put(o, in));
	cr_expect_eq(outlet_close(o, 5 * NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(path, 0), in + 1);
	cr_expect_eq(ear.problems, 1);
	umount(disk);
}

/* Full when it closes: what does not fit is lost and counted, and no half line stays. */
Test(outlet_file, a_full_disk_keeps_whole_lines_at_the_end)
{
	char disk[256], path[300];

	snprintf(disk, sizeof disk, "%s", kit_path("disk"));
	snprintf(path, sizeof path, "%s/file", disk);
	if (!small_disk(disk, "64k"))
		cr_skip_test("no file system can be mounted here");
	struct outlet_options options = kit_options(OUTLET_FILE, path, MIB, NULL);
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < 5000; i++)
		cr_assert(kit_put(o, i));
	uint64_t lost = outlet_close(o, 300 * NS_PER_MS);
	cr_expect_gt(lost, 0);
	cr_expect(ends_with_newline(path));
	cr_expect_eq(kit_file_lines(path, 0), 5000 - lost);
	umount(disk);
}
