/* Outlets to the journal: what arrives at a socket of the test's own, read again after systemd's
 * description, and beside what libsystemd sends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#ifdef HAVE_LIBSYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#endif

#include "expect.h"
#include "outlet_kit.h"

TestSuite(journal, .fini = kit_end);

static int listen_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0, "%s", strerror(errno));
	return fd;
}

static char bytes[1 << 20];

/* The next datagram, or the file that came in its stead. */
static struct str take(int fd, bool *as_file)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct iovec v = {bytes, sizeof bytes};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	struct stat st;
	int file;

	cr_assert_eq(poll(&p, 1, 15000), 1, "nothing comes");
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	cr_assert_geq(n, 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	*as_file = c != NULL;
	if (!c)
		return (struct str){bytes, (size_t)n};
	cr_assert_eq(n, 0);
	memcpy(&file, CMSG_DATA(c), sizeof file);
	/* what journald insists on */
	cr_assert_eq(fcntl(file, F_GET_SEALS),
		     F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	cr_assert_eq(fstat(file, &st), 0);
	cr_assert_eq(pread(file, bytes, sizeof bytes, 0), st.st_size);
	close(file);
	return (struct str){bytes, (size_t)st.st_size};
}

struct pair {
	struct str key, value;
};

/* Returns how many. */
static unsigned parse(struct str s, struct pair *out, unsigned room)
{
	const char *p = s.p, *end = s.p + s.n;
	unsigned n = 0;

	while (p < end) {
		cr_assert_lt(n, room);
		const char *line = memchr(p, '\n', (size_t)(end - p)), *equals;
		cr_assert(line);
		equals = memchr(p, '=', (size_t)(line - p));
		if (equals) {
			out[n++] = (struct pair){{p, (size_t)(equals - p)},
						 {equals + 1, (size_t)(line - equals - 1)}};
			p = line + 1;
			continue;
		}
		uint64_t length = 0;
		cr_assert_geq(end - line, 9);
		for (int i = 8; i > 0; i--)
			length = length << 8 | (uint8_t)line[i];
		cr_assert_lt(length, (uint64_t)(end - line - 9));
		out[n++] = (struct pair){{p, (size_t)(line - p)}, {line + 9, length}};
		p = line + 9 + length;
		cr_assert_eq(*p++, '\n');
	}
	return n;
}

static struct str value(const struct pair *pairs, unsigned n, const char *key)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(pairs[i].key, str_of(key)))
			return pairs[i].value;
	return (struct str){0};
}

static const struct outlet_note note = {
	.severity = 3,
	.message = {"in two\nlines", 12},
	.field =
		{
			{"EGRET_CLIENT", {"10.0.0.5", 8}},
			{"_OURS_NOT", {"x", 1}},
			{"1ST", {"x", 1}},
			{"no", {"x", 1}},
			{"EGRET_EMPTY", {"", 0}},
			{"MESSAGE_ID", {"0123", 4}},
		},
	.field_count = 6,
};

Test(journal, hears_fields, .timeout = 60)
{
	char path[256];
	struct pair pairs[32];
	bool as_file;

	snprintf(path, sizeof path, "%s", kit_path("journal"));
	int fd = listen_at(path);
	struct outlet_options options = kit_options(OUTLET_JOURNAL, path, MIB, NULL);
	struct outlet *o = kit_open(&options);
	cr_assert(outlet_put(o, "{\"a\": \"b=c\"}\n", 13, &note));
	unsigned n = parse(take(fd, &as_file), pairs, 32);
	cr_expect_not(as_file);
	expect_str(value(pairs, n, "MESSAGE"), "in two\nlines");
	expect_str(value(pairs, n, "PRIORITY"), "3");
	expect_str(value(pairs, n, "SYSLOG_IDENTIFIER"), "egret");
	expect_str(value(pairs, n, "SYSLOG_FACILITY"), "3");
	expect_str(value(pairs, n, "EGRET_CLIENT"), "10.0.0.5");
	expect_str(value(pairs, n, "EGRET_JSON"), "{\"a\": \"b=c\"}");
	expect_str(value(pairs, n, "MESSAGE_ID"), "0123");
	cr_expect_eq(n, 8);

	cr_assert(outlet_put(o, "alone\n", 6, NULL));
	n = parse(take(fd, &as_file), pairs, 32);
	expect_str(value(pairs, n, "MESSAGE"), "alone");
	expect_str(value(pairs, n, "PRIORITY"), "6");
	cr_expect_eq(n, 4);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(fd);
}

Test(journal, hears_what_is_too_large_for_a_datagram, .timeout = 60)
{
	enum { LARGE = 900000 };
	char path[256], *line = malloc(LARGE);
	struct pair pairs[32];
	bool as_file;

	snprintf(path, sizeof path, "%s", kit_path("journal"));
	int fd = listen_at(path);
	struct outlet_options options = kit_options(OUTLET_JOURNAL, path, 2 * MIB, NULL);
	struct outlet *o = kit_open(&options);
	memset(line, 'x', LARGE);
	line[LARGE - 1] = '\n';
	cr_assert(outlet_put(o, line, LARGE, &note));
	unsigned n = parse(take(fd, &as_file), pairs, 32);
	cr_expect(as_file);
	struct str json = value(pairs, n, "EGRET_JSON");
	cr_expect(str_eq(json, (struct str){line, LARGE - 1}));
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(fd);
	free(line);
}

Test(journal, that_is_missing_or_starts_anew, .timeout = 60)
{
	struct ear ear = EAR;
	char path[256];
	bool as_file;

	snprintf(path, sizeof path, "%s", kit_path("journal"));
	struct outlet_options options = kit_options(OUTLET_JOURNAL, path, MIB, &ear);
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < 100; i++)
		cr_assert(kit_put(o, i));
	kit_until(5, kit_count(o).failing && ear.problems == 1);
	cr_expect_gt(kit_count(o).errors, 0);
	int fd = listen_at(path);
	for (uint64_t i = 0; i < 100; i++) {
		struct pair pairs[32];
		char line[KIT_LINE];
		size_t length = kit_line(i, line);
		unsigned n = parse(take(fd, &as_file), pairs, 32);
		cr_assert(str_eq(value(pairs, n, "MESSAGE"), (struct str){line, length - 1}));
	}
	kit_until(5, ear.recoveries == 1);
	/* another one in its place, at once */
	close(fd);
	unlink(path);
	fd = listen_at(path);
	cr_assert(kit_put(o, 100));
	take(fd, &as_file);
	cr_expect_eq(ear.problems, 1, "%s", ear.problem);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(fd);
}

/* Beside the library: the same fields, byte by byte, at the socket where journald would be, in a
 * /run that this process alone sees. */
Test(journal, is_told_what_libsystemd_would_tell)
{
#ifdef HAVE_LIBSYSTEMD
	static char ours[4096];
	struct iovec fields[] = {
		{(void *)"MESSAGE=in two\nlines", 20}, {(void *)"PRIORITY=3", 10},
		{(void *)"SYSLOG_IDENTIFIER=egret", 23}, {(void *)"SYSLOG_FACILITY=3", 17},
		{(void *)"EGRET_CLIENT=10.0.0.5", 21},	 {(void *)"EGRET_EMPTY=", 12},
		{(void *)"MESSAGE_ID=0123", 15},	 {(void *)"EGRET_JSON=line", 15},
	};
	bool as_file;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("egret-test", "/run", "tmpfs", 0, "mode=755"))
		cr_skip_test("no file system can be mounted here");
	/* why we do not use it: all is well, it says */
	cr_expect_eq(sd_journal_sendv(fields, 8), 0);
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	int fd = listen_at("/run/systemd/journal/socket");
	/* no path, or what the configuration calls it: the usual socket */
	struct outlet_options options = kit_options(OUTLET_JOURNAL, "journal", 65536, NULL);
	struct outlet *o = kit_open(&options);
	cr_assert(outlet_put(o, "line\n", 5, &note));
	struct str s = take(fd, &as_file);
	memcpy(ours, s.p, s.n);
	size_t n = s.n;
	cr_assert_eq(sd_journal_sendv(fields, 8), 0);
	s = take(fd, &as_file);
	cr_expect_eq(s.n, n);
	cr_expect_eq(memcmp(s.p, ours, n), 0, "%.*s", (int)n, ours);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(fd);
#else
	cr_skip_test("built without libsystemd");
#endif
}
