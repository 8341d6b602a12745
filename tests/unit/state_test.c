/* The state folder: nothing is lost, nothing damaged is taken, whenever the writer dies. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/state.h"
#include "guard.h"

static char folder[64], path[128];

static void begin(void)
{
	strcpy(folder, "/tmp/egret-state-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/" STATE_FILE, folder);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	cr_expect_eq(system(command), 0);
}

TestSuite(state, .init = begin, .fini = end);

/* A section of n words that are all the same. */
struct words {
	uint32_t count, value;
	unsigned loads, resets;
	bool refuse;
};

static void save_words(const void *owner, struct bytes *out)
{
	const struct words *w = owner;

	for (uint32_t i = 0; i < w->count; i++)
		bytes_u32le(out, w->value);
}

static int load_words(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	struct words *w = owner;

	if (w->refuse || version > 2)
		return error_set(e, "not today");
	w->loads++;
	w->count = 0;
	while (cur_left(in) >= 4) {
		uint32_t v = cur_u32le(in);
		if (w->count++ && v != w->value)
			return error_set(e, "half old, half new");
		w->value = v;
	}
	return 0;
}

static void reset_words(void *owner)
{
	struct words *w = owner;

	w->resets++;
	w->count = w->value = 0;
}

static struct state_section section(const char *name, struct words *w)
{
	return (struct state_section){name, 2, w, save_words, load_words, reset_words};
}

static bool exists(const char *name)
{
	char p[192];

	snprintf(p, sizeof p, "%s/%s", folder, name);
	return access(p, F_OK) == 0;
}

Test(state, round_trip)
{
	struct words a = {1000, 7, 0, 0, false}, b = {0, 0, 0, 0, false}, c = {5, 9, 0, 0, false};
	struct state_section s[] = {section("names", &a), section("empty", &b),
				    section("sixteen-letters!", &c)};
	struct error e = {""};

	cr_expect_eq(state_load(folder, s, 3, &e), STATE_EMPTY);
	cr_assert_eq(state_save(folder, s, 3, &e), 0, "%s", e.text);
	a = b = c = (struct words){0};
	cr_assert_eq(state_load(folder, s, 3, &e), STATE_LOADED, "%s", e.text);
	cr_expect(a.count == 1000 && a.value == 7 && b.loads == 1 && c.count == 5 && c.value == 9);
	/* another part that was not there yet, and one that is gone */
	struct words d = {3, 3, 0, 0, false};
	struct state_section other[] = {section("new", &d), section("names", &a)};
	cr_expect_eq(state_load(folder, other, 2, &e), STATE_LOADED);
	cr_expect(d.loads == 0 && d.count == 3 && d.resets == 0);
	cr_expect_eq(a.loads, 2);
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(state, folder_is_made)
{
	struct words a = {1, 7, 0, 0, false};
	struct state_section s[] = {section("names", &a)};
	struct error e = {""};
	char below[96];

	snprintf(below, sizeof below, "%s/deep", folder);
	cr_expect_eq(state_load(below, s, 1, &e), STATE_EMPTY);
	cr_expect_eq(state_save(below, s, 1, &e), 0);
	cr_expect_eq(state_load(below, s, 1, &e), STATE_LOADED);
	snprintf(below, sizeof below, "%s/a/b", folder);
	cr_expect_eq(state_save(below, s, 1, &e), -1);
	cr_expect_neq(e.text[0], 0);
}

static void write_file(const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	cr_assert(f);
	cr_assert_eq(fwrite(p, 1, n, f), n);
	fclose(f);
}

Test(state, every_flipped_bit_and_every_cut_is_refused)
{
	struct words a = {20, 7, 0, 0, false};
	struct state_section s[] = {section("names", &a)};
	struct bytes file;
	struct error e;

	cr_assert_eq(state_encode(s, 1, &file, &e), 0);
	for (size_t n = 0; n < file.n * 8; n++) {
		file.p[n / 8] ^= (uint8_t)(1 << n % 8);
		uint8_t *copy = guard_copy(file.p, file.n);
		cr_assert_eq(state_decode(s, 1, copy, file.n, &e), -1, "bit %zu", n);
		guard_free(copy);
		file.p[n / 8] ^= (uint8_t)(1 << n % 8);
	}
	for (size_t n = 0; n < file.n; n++) {
		uint8_t *copy = guard_copy(file.p, n);
		cr_assert_eq(state_decode(s, 1, copy, n, &e), -1, "%zu bytes", n);
		guard_free(copy);
	}
	cr_expect_eq(a.loads, 0, "nothing was handed on");
	cr_expect_eq(state_decode(s, 1, file.p, file.n, &e), 0);
	bytes_fini(&file);
}

Test(state, refused_is_kept_aside)
{
	struct words a = {20, 7, 0, 0, false}, b = {20, 8, 0, 0, false};
	struct state_section s[] = {section("names", &a), section("others", &b)};
	struct error e;

	write_file("something else altogether, longer than a head would be ........", 63);
	cr_expect_eq(state_load(folder, s, 2, &e), STATE_REFUSED);
	cr_expect(strstr(e.text, "no state of egret's (kept as egret.state.bad)"), "%s", e.text);
	cr_expect(exists(STATE_BAD) && !exists(STATE_FILE));
	cr_expect(a.resets == 1 && b.resets == 1);
	cr_expect_eq(state_load(folder, s, 2, &e), STATE_EMPTY);
	/* a section that refuses takes the others with it: they may hang together */
	a = b = (struct words){20, 7, 0, 0, false};
	cr_assert_eq(state_save(folder, s, 2, &e), 0);
	b.refuse = true;
	cr_expect_eq(state_load(folder, s, 2, &e), STATE_REFUSED);
	cr_expect(strstr(e.text, "section others: not today"), "%s", e.text);
	cr_expect(a.resets == 1 && a.count == 0 && b.resets == 1);
	/* written by a later egret */
	b.refuse = false;
	s[0].version = 3;
	cr_assert_eq(state_save(folder, s, 2, &e), 0);
	s[0].version = 2;
	cr_expect_eq(state_load(folder, s, 2, &e), STATE_REFUSED);
	cr_expect(strstr(e.text, "section names is of version 3, newer than 2"), "%s", e.text);
}

Test(state, twice_the_same_section)
{
	struct words a = {20, 7, 0, 0, false};
	struct state_section s[] = {section("names", &a), section("names", &a)};
	struct error e;
	struct bytes file;

	cr_assert_eq(state_encode(s, 2, &file, &e), 0);
	cr_expect_eq(state_decode(s, 1, file.p, file.n, &e), -1);
	cr_expect_str_eq(e.text, "section names is there twice");
	bytes_fini(&file);
}

Test(state, what_is_not_ours_alone_is_refused)
{
	struct words a = {20, 7, 0, 0, false};
	struct state_section s[] = {section("names", &a)};
	struct error e;

	cr_assert_eq(state_save(folder, s, 1, &e), 0);
	cr_assert_eq(chmod(path, 0620), 0);
	cr_expect_eq(state_load(folder, s, 1, &e), STATE_REFUSED);
	cr_assert_eq(state_save(folder, s, 1, &e), 0);
	char target[192];
	snprintf(target, sizeof target, "%s/elsewhere", folder);
	cr_assert_eq(rename(path, target), 0);
	cr_assert_eq(symlink(target, path), 0);
	cr_expect_eq(state_load(folder, s, 1, &e), STATE_REFUSED);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(state_load(folder, s, 1, &e), STATE_REFUSED);
	cr_assert_eq(chmod(folder, 0770), 0);
	cr_expect_eq(state_load(folder, s, 1, &e), STATE_REFUSED);
	cr_expect_eq(state_save(folder, s, 1, &e), -1);
	cr_expect(strstr(e.text, "others may write to it"), "%s", e.text);
	cr_expect_eq(a.loads, 0);
}

static void too_much(const void *owner, struct bytes *out)
{
	static uint8_t chunk[1 << 20];

	(void)owner;
	for (unsigned i = 0; i < 600 && !out->full; i++)
		bytes_add(out, chunk, sizeof chunk);
}

Test(state, too_much_is_not_written)
{
	struct state_section s[] = {{"big", 1, NULL, too_much, NULL, NULL}};
	struct error e;

	cr_expect_eq(state_save(folder, s, 1, &e), -1);
	cr_expect_str_eq(e.text, "the state is larger than 512 MiB");
	cr_expect_not(exists(STATE_FILE));
}

/* Saves one value after the other until it is killed. */
static _Noreturn void save_forever(void)
{
	struct words a = {20000, 1, 0, 0, false}, b = a;
	struct state_section s[] = {section("names", &a), section("others", &b)};
	struct error e;

	for (;;) {
		if (state_save(folder, s, 2, &e))
			_exit(1);
		b.value = ++a.value;
	}
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Files of writers that were killed. */
static unsigned halves(void)
{
	char command[128], line[32] = "";

	snprintf(command, sizeof command, "ls -A %s | grep -c part", folder);
	FILE *f = popen(command, "r");
	cr_assert(f);
	cr_assert(fgets(line, sizeof line, f));
	pclose(f);
	return (unsigned)atoi(line);
}

/* kill -9 a hundred times and more, at any moment of a save: the old state or the new one, whole.
 */
Test(state, killed_at_any_moment)
{
	struct words a = {20000, 1, 0, 0, false}, b = a;
	struct state_section s[] = {section("names", &a), section("others", &b)};
	struct error e;
	uint64_t took = now();

	cr_assert_eq(state_save(folder, s, 2, &e), 0);
	took = now() - took;
	unsigned seed = 1, finished = 0;
	uint32_t last = 1;
	/* until enough were killed half way, and enough not before they had saved anew */
	for (unsigned round = 0; round < 100 || ((finished < 5 || halves() < 5) && round < 1000);
	     round++) {
		pid_t child = fork();
		cr_assert_geq(child, 0);
		if (child == 0)
			save_forever();
		/* longer and longer, for a machine that is busy with other things */
		seed = seed * 1103515245 + 12345;
		usleep((useconds_t)(seed / 65536 % ((4 + round / 20) * took + 1000)));
		kill(child, SIGKILL);
		int status;
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert(WIFSIGNALED(status), "it could not save");
		cr_assert_eq(state_load(folder, s, 2, &e), STATE_LOADED, "%s", e.text);
		cr_assert(a.count == 20000 && b.count == 20000 && a.value == b.value);
		finished += a.value != last;
		last = a.value;
	}
	cr_expect_geq(finished, 5);
	cr_expect_geq(halves(), 5);
	/* what the killed ones left goes with time */
	char command[256];
	snprintf(command, sizeof command, "touch -d '2 hours ago' %s/.egret.state.*.part", folder);
	cr_expect_eq(system(command), 0);
	cr_assert_eq(state_save(folder, s, 2, &e), 0);
	cr_expect_eq(halves(), 0);
}
