/* What holds for every outlet: the queue, its bound, who waits for whom, pipes and standard output,
 * closing. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outlet_kit.h"
#include "output/line_ring.h"
#include "output/outlet_entry.h"

/* The ring */

/* Against a plain array of all bytes. */
Test(line_ring, agrees_with_a_plain_text)
{
	static char all[200000], seen[512];
	struct line_ring r;
	uint64_t head = 0, tail = 0, full = 0;

	line_ring_init(&r, 509); /* prime: every place of every wrap */
	srand(1);
	while (head + 256 < sizeof all) {
		size_t a = (size_t)rand() % 60, b = (size_t)rand() % 20;
		for (size_t i = 0; i < a + b; i++)
			all[head + i] = rand() % 9 ? 'x' : '\n';
		struct str parts[] = {{all + head, a}, {NULL, 0}, {all + head + a, b}};
		if (line_ring_put(&r, parts, 3))
			head += a + b;
		else
			full++;
		cr_assert_eq(line_ring_head(&r), head);
		cr_assert_leq(head - tail, 509);
		if (rand() % 3)
			continue;
		line_ring_copy(&r, tail, seen, head - tail);
		cr_assert_eq(memcmp(seen, all + tail, head - tail), 0);
		const char *first = memchr(all + tail, '\n', head - tail);
		const char *last = memrchr(all + tail, '\n', head - tail);
		cr_assert_eq(line_ring_first(&r, tail, head),
			     first ? (uint64_t)(first - all) + 1 : tail);
		cr_assert_eq(line_ring_last(&r, tail, head),
			     last ? (uint64_t)(last - all) + 1 : tail);
		uint64_t lines = 0;
		for (uint64_t i = tail; i < head; i++)
			lines += all[i] == '\n';
		cr_assert_eq(line_ring_lines(&r, tail, head), lines);
		tail += (uint64_t)rand() % (head - tail + 1);
		line_ring_take(&r, tail);
	}
	cr_expect_gt(full, 100);
	line_ring_fini(&r);
}

Test(line_ring, an_entry_comes_back_as_it_was_put)
{
	struct line_ring r;
	struct outlet_scratch scratch = {0};
	struct outlet_entry e;
	struct outlet_note note = {.severity = 3, .message = STR("said")};
	uint64_t at = 0;

	line_ring_init(&r, 2048);
	for (unsigned i = 0; i < OUTLET_FIELDS_MAX; i++)
		note.field[note.field_count++] = (struct outlet_field){"KEY", {"value", i % 6}};
	for (unsigned i = 0; i < 500; i++) {
		cr_assert(outlet_entry_put(&r, i, STR("a line\n"), i % 2 ? &note : NULL));
		cr_assert(outlet_entry_put(&r, i, STR(""), NULL));
		at = outlet_entry_get(&r, at, &scratch, &e);
		cr_assert_eq(e.time, i);
		cr_assert(str_eq(e.line, STR("a line")));
		cr_assert(str_eq(e.message, i % 2 ? STR("said") : STR("")));
		cr_assert_eq(e.severity, i % 2 ? 3 : OUTLET_SEVERITY);
		cr_assert_eq(e.field_count, i % 2 ? OUTLET_FIELDS_MAX : 0);
		for (unsigned k = 0; k < e.field_count; k++) {
			cr_assert(str_eq(e.field[k].key, STR("KEY")));
			cr_assert(str_eq(e.field[k].value, (struct str){"value", k % 6}));
		}
		at = outlet_entry_get(&r, at, &scratch, &e);
		cr_assert_eq(e.line.n, 0);
		line_ring_take(&r, at);
	}
	outlet_scratch_free(&scratch);
	line_ring_fini(&r);
}

/* The queue of an outlet */

TestSuite(outlet, .fini = kit_end);

/* A pipe that is read by nobody until it is asked for. */
struct tap {
	const char *path;
	int fd;
};

static struct tap tap_open_as(const char *name)
{
	struct tap t = {.path = kit_path(name)};

	cr_assert_eq(mkfifo(t.path, 0600), 0);
	t.fd = open(t.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(t.fd, 0);
	return t;
}

static struct tap tap_open(void)
{
	return tap_open_as("pipe");
}

/* What comes until nothing comes for as long as `quiet` ns, added to text. */
static size_t tap_read(struct tap *t, char *text, size_t n, size_t room, uint64_t quiet)
{
	uint64_t last = kit_now();

	while (kit_now() - last < quiet && n < room) {
		ssize_t got = read(t->fd, text + n, room - n);
		if (got > 0) {
			n += (size_t)got;
			last = kit_now();
		} else {
			kit_sleep(NS_PER_MS);
		}
	}
	return n;
}

/* A reader that stops: the newest lines are lost, counted, told of; putting never waits; what is
 * read later are whole lines in order. */
Test(outlet, a_reader_that_stops_costs_its_own_lines_only)
{
	enum { QUEUE = 64 * 1024, LINES = 20000, ROOM = 1 << 20 };
	struct ear ear = EAR;
	struct tap tap = tap_open();
	struct outlet_options options = kit_options(OUTLET_FILE, tap.path, QUEUE, &ear);
	struct outlet *o = kit_open(&options);
	char *text = malloc(ROOM);
	uint64_t longest = 0, taken = 0;

	for (uint64_t i = 0; i < LINES; i++) {
		uint64_t start = kit_now();
		bool in = kit_put(o, taken);
		uint64_t took = kit_now() - start;
		longest = took > longest ? took : longest;
		taken += in;
	}
	struct outlet_counts n = kit_count(o);
	cr_expect_eq(n.lost, LINES - taken);
	cr_expect_gt(n.lost, 0);
	cr_expect_gt(n.queued, QUEUE - KIT_LINE);
	cr_expect_leq(n.queued, QUEUE);
	/* a scheduler may take the processor away; a wait for the reader would be for ever */
	cr_expect_lt(longest, NS_PER_S, "%llu ns", (unsigned long long)longest);
	kit_until(5, ear.problems == 1);
	cr_expect(strstr(ear.problem, "lines were lost"), "%s", ear.problem);

	size_t got = tap_read(&tap, text, 0, ROOM, 300 * NS_PER_MS);
	cr_expect_eq(kit_lines(text, got, 0), taken);
	n = kit_count(o);
	cr_expect_eq(n.lines, taken);
	cr_expect_eq(n.bytes, got);
	cr_expect_eq(n.queued, 0);
	cr_expect_not(n.failing);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(tap.fd);
	free(text);
}

Test(outlet, nobody_at_the_pipe_is_a_failure_until_somebody_comes)
{
	struct ear ear = EAR;
	const char *path = kit_path("pipe");
	struct tap tap = {.path = path};
	char text[65536];

	cr_assert_eq(mkfifo(path, 0600), 0);
	struct outlet_options options = kit_options(OUTLET_FILE, path, 65536, &ear);
	struct outlet *o = kit_open(&options);
	kit_until(5, kit_count(o).failing);
	cr_expect(strstr(kit_count(o).problem, "nobody reads"), "%s", kit_count(o).problem);
	for (uint64_t i = 0; i < 100; i++)
		cr_assert(kit_put(o, i));
	cr_expect_eq(kit_count(o).lines, 0);
	tap.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	kit_until(15, kit_count(o).lines == 100);
	cr_expect_eq(kit_lines(text, tap_read(&tap, text, 0, sizeof text, NS_PER_S / 5), 0), 100);
	kit_until(5, ear.recoveries == 1);
	cr_expect_eq(ear.problems, 1);
	cr_expect(strstr(ear.recovery, "no line was lost"), "%s", ear.recovery);

	/* it goes away and comes back: EPIPE, and no signal */
	close(tap.fd);
	cr_assert(kit_put(o, 100));
	kit_until(5, kit_count(o).failing);
	tap.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	kit_until(15, kit_count(o).lines == 101);
	cr_expect_eq(kit_lines(text, tap_read(&tap, text, 0, sizeof text, NS_PER_S / 5), 100), 101);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(tap.fd);
}

Test(outlet, a_line_longer_than_the_queue_is_lost)
{
	static char line[10000];
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), 8192, NULL);
	struct outlet *o = kit_open(&options);

	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	cr_expect_not(outlet_put(o, line, sizeof line, NULL));
	cr_expect(kit_put(o, 0));
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(kit_path("file"), 0), 1);
}

/* A line that comes alone is there at once, and lines that trickle are in 50 ms and a little. */
Test(outlet, lines_that_trickle_do_not_wait_long)
{
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), 65536, NULL);
	struct outlet *o = kit_open(&options);
	uint64_t best = UINT64_MAX, good = 0, number = 0;

	for (int i = 0; i < 10; i++) {
		kit_sleep(120 * NS_PER_MS);
		uint64_t start = kit_now();
		kit_put_surely(o, number++);
		while (kit_count(o).lines < number)
			kit_sleep(NS_PER_MS / 20);
		best = kit_now() - start < best ? kit_now() - start : best;
	}
	cr_expect_lt(best, 20 * NS_PER_MS, "%llu ns", (unsigned long long)best);
	for (int i = 0; i < 40; i++) {
		uint64_t start = kit_now();
		kit_put_surely(o, number++);
		while (kit_count(o).lines < number)
			kit_sleep(NS_PER_MS / 20);
		good += kit_now() - start < 100 * NS_PER_MS;
	}
	/* the machine may be busy: most, not all */
	cr_expect_geq(good, 30, "%llu of 40", (unsigned long long)good);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(kit_path("file"), 0), number);
}

/* Closing */

Test(outlet, closing_writes_what_waits)
{
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), 8 * MIB, NULL);
	struct outlet *o = kit_open(&options);

	for (uint64_t i = 0; i < 100000; i++)
		cr_assert(kit_put(o, i));
	cr_expect_eq(outlet_close(o, 60 * NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(kit_path("file"), 0), 100000);
}

Test(outlet, closing_gives_up_after_its_time)
{
	struct tap tap = tap_open();
	struct outlet_options options = kit_options(OUTLET_FILE, tap.path, 8 * MIB, NULL);
	struct outlet *o = kit_open(&options);
	static char text[1 << 20];

	for (uint64_t i = 0; i < 20000; i++)
		cr_assert(kit_put(o, i));
	kit_until(5, kit_count(o).lines > 0);
	uint64_t start = kit_now(), lost = outlet_close(o, 300 * NS_PER_MS);
	uint64_t took = kit_now() - start;
	cr_expect_geq(took, 290 * NS_PER_MS);
	cr_expect_lt(took, 3 * NS_PER_S);
	size_t n = tap_read(&tap, text, 0, sizeof text, 100 * NS_PER_MS);
	/* a pipe may end within a line: it cannot be cut back */
	while (n && text[n - 1] != '\n')
		n--;
	cr_expect_eq(kit_lines(text, n, 0), 20000 - lost);
	close(tap.fd);
}

/* As many as may be, none of them taken from: as long as one. */
Test(outlet, several_close_side_by_side)
{
	struct tap tap[4];
	struct outlet *o[4];

	for (int i = 0; i < 4; i++) {
		char name[8];
		snprintf(name, sizeof name, "tap%d", i);
		tap[i] = tap_open_as(name);
		struct outlet_options options = kit_options(OUTLET_FILE, tap[i].path, 8 * MIB, NULL);
		o[i] = kit_open(&options);
		for (uint64_t n = 0; n < 20000; n++)
			cr_assert(kit_put(o[i], n));
	}
	uint64_t start = kit_now(), lost = 0;
	for (int i = 0; i < 4; i++)
		outlet_end(o[i], 700 * NS_PER_MS);
	for (int i = 0; i < 4; i++)
		lost += outlet_close(o[i], 60 * NS_PER_S);
	uint64_t took = kit_now() - start;
	cr_expect_gt(lost, 0);
	cr_expect_geq(took, 690 * NS_PER_MS);
	cr_expect_lt(took, 2 * NS_PER_S);
	for (int i = 0; i < 4; i++)
		close(tap[i].fd);
}

/* Standard output */

struct redirected {
	int before;
};

static struct redirected redirect(int fd)
{
	struct redirected r;

	fflush(stdout);
	r.before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	cr_assert_geq(dup2(fd, STDOUT_FILENO), 0);
	return r;
}

static void restore(struct redirected r)
{
	dup2(r.before, STDOUT_FILENO);
	close(r.before);
}

/* A pipe, as in `egret -i eth0 | jq`. It is somebody else's too: its flags stay. */
static void stdout_is(int ends[2])
{
	struct ear ear = EAR;
	struct redirected r = redirect(ends[1]);
	struct outlet_options options = kit_options(OUTLET_STDOUT, NULL, 8 * MIB, &ear);
	struct outlet *o = kit_open(&options);
	struct tap tap = {.fd = ends[0]};
	static char text[4 << 20];

	restore(r);
	cr_expect_not(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	for (uint64_t i = 0; i < 20000; i++)
		cr_assert(kit_put(o, i));
	size_t n = tap_read(&tap, text, 0, sizeof text, NS_PER_S / 2);
	cr_expect_eq(kit_lines(text, n, 0), 20000);
	cr_expect_not(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
	close(ends[0]);
	close(ends[1]);
	cr_assert(kit_put(o, 20000));
	kit_until(5, kit_count(o).failing);
	cr_expect_eq(ear.problems, 1);
	cr_expect_eq(outlet_close(o, 300 * NS_PER_MS), 1);
}

Test(outlet, standard_output_is_a_pipe)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	stdout_is(ends);
}

/* As under systemd. */
Test(outlet, standard_output_is_a_socket)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	stdout_is(ends);
}

Test(outlet, standard_output_is_a_file)
{
	const char *path = kit_path("out");
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct redirected r = redirect(fd);
	struct outlet_options options = kit_options(OUTLET_STDOUT, NULL, 65536, NULL);
	struct outlet *o = kit_open(&options);

	restore(r);
	for (uint64_t i = 0; i < 1000; i++)
		kit_put_surely(o, i);
	cr_expect_eq(outlet_close(o, 5 * NS_PER_S), 0);
	cr_expect_eq(kit_file_lines(path, 0), 1000);
	close(fd);
}

/* Not a measure to hold: a figure to look at. */
Test(outlet, a_million_lines)
{
	enum { LINES = 1000000 };
	struct outlet_options options = kit_options(OUTLET_FILE, kit_path("file"), 16 * MIB, NULL);
	struct outlet *o = kit_open(&options);
	uint64_t start = kit_now(), again = 0, start_put, put = 0;

	for (uint64_t i = 0; i < LINES; i++) {
		char line[KIT_LINE];
		size_t n = kit_line(i, line);
		start_put = kit_now();
		while (!outlet_put(o, line, n, NULL)) {
			again++;
			kit_sleep(NS_PER_MS / 10);
		}
		put += kit_now() - start_put;
	}
	cr_expect_eq(outlet_close(o, 60 * NS_PER_S), 0);
	double s = (double)(kit_now() - start) / 1e9;
	fprintf(stderr, "outlet: %.1f million lines/s, %.0f ns a put, queue full %llu times\n",
		LINES / s / 1e6, (double)put / LINES, (unsigned long long)again);
	cr_expect_eq(kit_file_lines(kit_path("file"), 0), LINES);
}
