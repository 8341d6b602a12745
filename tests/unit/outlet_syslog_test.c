/* Outlets to syslog: the messages, read again by a parser of the test's own after RFC 5424, and the
 * ways they go, to sockets of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/utf8.h"
#include "expect.h"
#include "outlet_kit.h"
#include "output/syslog_message.h"

TestSuite(syslog, .fini = kit_end);

/* The grammar of section 6, character by character. */

struct parsed {
	unsigned priority, parameters;
	struct str time, host, app, pid, kind, id, message;
	struct {
		struct str name;
		char value[4096];
	} parameter[OUTLET_FIELDS_MAX];
};

static struct str word(const char **p, const char *end, size_t most)
{
	struct str s = {*p, 0};

	while (*p < end && **p > 0x20 && **p < 0x7f)
		(*p)++;
	s.n = (size_t)(*p - s.p);
	cr_assert(s.n > 0 && s.n <= most, "\"%.*s\"", (int)s.n, s.p);
	return s;
}

static void exactly(const char **p, const char *end, char c)
{
	cr_assert(*p < end && **p == c, "no '%c' but \"%.*s\"", c, (int)(end - *p), *p);
	(*p)++;
}

static void time_stamp(struct str t)
{
	static const char shape[] = "0000-00-00T00:00:00.000000Z";

	cr_assert_eq(t.n, sizeof shape - 1);
	for (size_t i = 0; i < t.n; i++)
		cr_assert(shape[i] == '0' ? t.p[i] >= '0' && t.p[i] <= '9' : t.p[i] == shape[i]);
}

static void parameter(struct parsed *m, const char **p, const char *end)
{
	struct str name = {*p, 0};
	char *to = m->parameter[m->parameters].value;

	while (*p < end && **p > 0x20 && **p < 0x7f && !strchr("=]\"", **p))
		(*p)++;
	name.n = (size_t)(*p - name.p);
	cr_assert(name.n > 0 && name.n <= 32);
	exactly(p, end, '=');
	exactly(p, end, '"');
	while (*p < end && **p != '"') {
		cr_assert_neq(**p, ']');
		if (**p == '\\') {
			(*p)++;
			cr_assert(*p < end && strchr("\"\\]", **p));
		}
		*to++ = *(*p)++;
	}
	*to = '\0';
	exactly(p, end, '"');
	cr_assert(utf8_valid(str_of(m->parameter[m->parameters].value)));
	m->parameter[m->parameters++].name = name;
}

static void parse(struct parsed *m, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	*m = (struct parsed){0};
	exactly(&p, end, '<');
	char *after;
	m->priority = (unsigned)strtoul(p, &after, 10);
	cr_assert(after > p && after - p <= 3 && m->priority <= 191);
	p = after;
	exactly(&p, end, '>');
	exactly(&p, end, '1');
	exactly(&p, end, ' ');
	time_stamp(m->time = word(&p, end, 32));
	exactly(&p, end, ' ');
	m->host = word(&p, end, 255);
	exactly(&p, end, ' ');
	m->app = word(&p, end, 48);
	exactly(&p, end, ' ');
	m->pid = word(&p, end, 128);
	exactly(&p, end, ' ');
	m->kind = word(&p, end, 32);
	exactly(&p, end, ' ');
	if (p < end && *p == '[') {
		m->id.p = ++p;
		while (p < end && *p > 0x20 && *p < 0x7f && !strchr("=]\"", *p))
			p++;
		m->id.n = (size_t)(p - m->id.p);
		cr_assert(m->id.n > 0 && m->id.n <= 32);
		while (p < end && *p == ' ') {
			p++;
			parameter(m, &p, end);
		}
		exactly(&p, end, ']');
	} else {
		exactly(&p, end, '-');
	}
	exactly(&p, end, ' ');
	m->message = (struct str){p, (size_t)(end - p)};
	cr_assert(utf8_valid(m->message));
	for (size_t i = 0; i < m->message.n; i++)
		cr_assert_geq((uint8_t)m->message.p[i], 0x20);
}

/* Messages */

static struct syslog_sender sender(void)
{
	struct syslog_sender s;

	syslog_sender_init(&s, "findings.syslog", OUTLET_SD_ID);
	return s;
}

Test(syslog, a_message_says_all)
{
	static char out[65536];
	struct syslog_sender from = sender();
	struct outlet_entry e = {.time = 1764000000123456789,
				 .severity = 3,
				 .line = STR("{\"a\": 1}"),
				 .message = STR("caf\xc3\xa9 \"quoted\" ] \\")};
	struct parsed m;
	char pid[32];

	e.field[0].key = STR("EGRET_CLIENT"), e.field[0].value = STR("10.0.0.5");
	e.field[1].key = STR("MESSAGE_ID"), e.field[1].value = STR("for the journal");
	e.field[2].key = STR("EGRET_RULE"), e.field[2].value = STR("a \"b\" [c] \\d caf\xc3\xa9");
	e.field_count = 3;
	parse(&m, (struct str){out, syslog_message(&from, &e, out, sizeof out)});
	cr_expect_eq(m.priority, 3 * 8 + 3);
	expect_str(m.time, "2025-11-24T16:00:00.123456Z");
	expect_str(m.app, "egret");
	expect_str(m.kind, "findings");
	expect_str(m.id, "egret@32473");
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	cr_expect(str_eq(m.pid, str_of(pid)));
	cr_expect_eq(m.parameters, 2);
	expect_str(m.parameter[0].name, "client");
	cr_expect_str_eq(m.parameter[0].value, "10.0.0.5");
	expect_str(m.parameter[1].name, "rule");
	cr_expect_str_eq(m.parameter[1].value, "a \"b\" [c] \\d caf\xc3\xa9");
	expect_str(m.message, "caf\xc3\xa9 \"quoted\" ] \\");

	e.field_count = 0;
	e.message.n = 0;
	parse(&m, (struct str){out, syslog_message(&from, &e, out, sizeof out)});
	cr_expect_eq(m.id.n, 0);
	expect_str(m.message, "{\"a\": 1}");
}

/* Any bytes, at any bound: the message can be read, is no longer than the bound, and nothing that
 * fits is left out. */
Test(syslog, any_bytes_and_any_bound)
{
	static char out[8192], text[6000], value[300];
	struct syslog_sender from = sender();
	struct parsed m;
	unsigned cut = 0, whole = 0;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct outlet_entry e = {.time = 1764000000000000000, .severity = rand() & 7};
		bool ascii = rand() & 1;
		size_t room = SYSLOG_LEAST + (size_t)rand() % 3000;
		for (size_t i = 0; i < sizeof text; i++)
			text[i] = (char)(ascii ? 0x20 + rand() % 95 : rand());
		for (size_t i = 0; i < sizeof value; i++)
			value[i] = (char)rand();
		e.line = (struct str){text, (size_t)rand() % sizeof text};
		for (; e.field_count < OUTLET_FIELDS_MAX && rand() % 8; e.field_count++) {
			e.field[e.field_count].key = STR("EGRET_KEY");
			e.field[e.field_count].value =
				(struct str){value, (size_t)rand() % sizeof value};
		}
		size_t n = syslog_message(&from, &e, out, room);
		cr_assert_leq(n, room);
		parse(&m, (struct str){out, n});
		if (ascii && str_eq(m.message, e.line)) {
			whole++;
		} else if (ascii) {
			cr_assert(str_has_suffix(m.message, STR("...")));
			cr_assert_eq(memcmp(m.message.p, text, m.message.n - 3), 0);
			cr_assert_eq(n, room);
			cut++;
		}
	}
	cr_expect_gt(cut, 1000);
	cr_expect_gt(whole, 1000);
}

Test(syslog, controls_and_broken_text_are_shown)
{
	char out[1024];
	struct syslog_sender from = sender();
	struct outlet_entry e = {.line = STR("a\nb\x7f" "c\xff\xc3(\xc2\x85z")};
	struct parsed m;

	parse(&m, (struct str){out, syslog_message(&from, &e, out, sizeof out)});
	expect_str(m.message, "a\xef\xbf\xbd" "b\xef\xbf\xbd" "c\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbdz");
}

/* Ways */

static int listen_unix(const char *path, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(a.sun_path, path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0, "%s", strerror(errno));
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 5), 0);
	return fd;
}

/* *port 0: any, and which. */
static int listen_net(int type, uint16_t *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons(*port)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0, "%s", strerror(errno));
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&a, &n);
	*port = ntohs(a.sin_port);
	return fd;
}

/* A descriptor that has something, or -1 after so long. */
static ssize_t take(int fd, char *to, size_t room, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) == 1 ? recv(fd, to, room, MSG_DONTWAIT) : -1;
}

static int take_connection(int listener, int ms)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	cr_assert_eq(poll(&p, 1, ms), 1, "nobody connects");
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	cr_assert_geq(fd, 0);
	return fd;
}

/* Message number `number`, as kit_put makes it. */
static void is_number(struct str s, uint64_t number)
{
	struct parsed m;
	char line[KIT_LINE];
	size_t n = kit_line(number, line);

	parse(&m, s);
	cr_assert(str_eq(m.message, (struct str){line, n - 1}), "no %llu but \"%.*s\"",
		  (unsigned long long)number, (int)m.message.n, m.message.p);
}

static void datagrams(int fd, uint64_t first, uint64_t end)
{
	static char message[70000];

	for (uint64_t i = first; i < end; i++) {
		ssize_t n = take(fd, message, sizeof message, 15000);
		cr_assert_gt(n, 0, "%llu does not come", (unsigned long long)i);
		is_number((struct str){message, (size_t)n}, i);
	}
}

Test(syslog, unix_datagrams_and_a_server_that_starts_anew, .timeout = 60)
{
	struct ear ear = EAR;
	char path[256];

	snprintf(path, sizeof path, "%s", kit_path("log"));
	struct outlet_options options = kit_options(OUTLET_SYSLOG, path, MIB, &ear);
	/* not there yet */
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < 1000; i++)
		cr_assert(kit_put(o, i));
	kit_until(5, kit_count(o).failing);
	int fd = listen_unix(path, SOCK_DGRAM);
	datagrams(fd, 0, 1000);
	kit_until(5, ear.recoveries == 1);
	cr_expect_eq(ear.problems, 1);

	/* it stops reading: the kernel's queue of a few fills, nothing is lost */
	for (uint64_t i = 1000; i < 2000; i++)
		cr_assert(kit_put(o, i));
	kit_sleep(200 * NS_PER_MS);
	cr_expect_gt(kit_count(o).queued, 0);
	datagrams(fd, 1000, 2000);

	/* another one in its place, at once: not worth a word */
	close(fd);
	unlink(path);
	fd = listen_unix(path, SOCK_DGRAM);
	for (uint64_t i = 2000; i < 2100; i++)
		cr_assert(kit_put(o, i));
	datagrams(fd, 2000, 2100);
	cr_expect_eq(ear.problems, 1, "%s", ear.problem);

	/* away for a while */
	close(fd);
	unlink(path);
	for (uint64_t i = 2100; i < 2200; i++)
		cr_assert(kit_put(o, i));
	kit_until(5, kit_count(o).failing);
	fd = listen_unix(path, SOCK_DGRAM);
	datagrams(fd, 2100, 2200);
	kit_until(5, kit_count(o).lines == 2200);
	struct outlet_counts n = kit_count(o);
	cr_expect_eq(n.lost, 0);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(fd);
}

Test(syslog, a_unix_stream_is_lines, .timeout = 60)
{
	static char text[1 << 20];
	char path[256];
	size_t got = 0;
	ssize_t n;

	snprintf(path, sizeof path, "%s", kit_path("log"));
	int fd = listen_unix(path, SOCK_STREAM);
	struct outlet_options options = kit_options(OUTLET_SYSLOG, path, MIB, NULL);
	struct outlet *o = kit_open(&options);
	int from = take_connection(fd, 5000);
	for (uint64_t i = 0; i < 1000; i++)
		cr_assert(kit_put(o, i));
	cr_expect_eq(outlet_close(o, 5 * NS_PER_S), 0);
	while ((n = take(from, text + got, sizeof text - got, 1000)) > 0)
		got += (size_t)n;
	char *p = text;
	for (uint64_t i = 0; i < 1000; i++) {
		char *end = memchr(p, '\n', got - (size_t)(p - text));
		cr_assert(end);
		is_number((struct str){p, (size_t)(end - p)}, i);
		p = end + 1;
	}
	cr_expect_eq(p, text + got);
	close(from);
	close(fd);
}

Test(syslog, udp_and_a_server_that_is_away, .timeout = 60)
{
	struct ear ear = EAR;
	uint16_t port = 0;
	char target[64], message[9000];
	static char line[9000];
	struct parsed m;
	int fd = listen_net(SOCK_DGRAM, &port);

	snprintf(target, sizeof target, "udp://127.0.0.1:%u", port);
	struct outlet_options options = kit_options(OUTLET_SYSLOG, target, MIB, &ear);
	struct outlet *o = kit_open(&options);
	for (uint64_t i = 0; i < 100; i++)
		cr_assert(kit_put(o, i));
	datagrams(fd, 0, 100);

	/* a long one is cut */
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	cr_assert(outlet_put(o, line, sizeof line, NULL));
	ssize_t n = take(fd, message, sizeof message, 5000);
	cr_assert_eq(n, 2048);
	parse(&m, (struct str){message, (size_t)n});
	cr_expect(str_has_suffix(m.message, STR("xxx...")));

	/* nobody there: the first line is gone before that is known, all others are not */
	close(fd);
	for (uint64_t i = 0; i < 20; i++) {
		cr_assert(kit_put(o, 100 + i));
		kit_sleep(60 * NS_PER_MS);
	}
	kit_until(5, kit_count(o).failing);
	fd = listen_net(SOCK_DGRAM, &port);
	n = take(fd, message, sizeof message, 15000);
	cr_assert_gt(n, 0);
	parse(&m, (struct str){message, (size_t)n});
	uint64_t first = strtoull(m.message.p, NULL, 10);
	cr_expect_geq(first, 101);
	cr_expect_leq(first, 102);
	datagrams(fd, first + 1, 120);
	kit_until(5, ear.recoveries == 1);
	cr_expect_eq(ear.problems, 1, "%s", ear.problem);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(fd);
}

/* Reads octet-counted messages (RFC 6587 section 3.4.1) until `end` have come, or nothing more
 * does. Returns the number of the one that would follow; what is left of one at the end is no
 * message. */
static uint64_t counted(int fd, uint64_t first, uint64_t end, int ms)
{
	static char text[4 << 20];
	size_t got = 0, at = 0;
	ssize_t n;

	while (first < end && (n = take(fd, text + got, sizeof text - 1 - got, ms)) > 0) {
		got += (size_t)n;
		text[got] = '\0';
		for (;;) {
			char *after;
			size_t length = strtoul(text + at, &after, 10);
			if (*after != ' ' || (size_t)(text + got - after) < length + 1)
				break;
			cr_assert_neq(text[at], '0');
			is_number((struct str){after + 1, length}, first++);
			at = (size_t)(after + 1 - text) + length;
		}
		memmove(text, text + at, got -= at);
		at = 0;
	}
	return first;
}

Test(syslog, tcp_and_a_server_that_starts_anew, .timeout = 120)
{
	struct ear ear = EAR;
	uint16_t port = 0;
	char target[64];
	int fd = listen_net(SOCK_STREAM, &port);

	snprintf(target, sizeof target, "tcp://127.0.0.1:%u", port);
	struct outlet_options options = kit_options(OUTLET_SYSLOG, target, 4 * MIB, &ear);
	struct outlet *o = kit_open(&options);
	int from = take_connection(fd, 5000);
	for (uint64_t i = 0; i < 10000; i++)
		cr_assert(kit_put(o, i));
	cr_expect_eq(counted(from, 0, 10000, 5000), 10000);

	/* it closes, and listens still: the next line knows */
	close(from);
	kit_sleep(100 * NS_PER_MS);
	for (uint64_t i = 10000; i < 10100; i++)
		cr_assert(kit_put(o, i));
	from = take_connection(fd, 5000);
	cr_expect_eq(counted(from, 10000, 10100, 5000), 10100);
	cr_expect_eq(ear.problems, 0, "%s", ear.problem);

	/* away altogether */
	close(from);
	close(fd);
	kit_sleep(100 * NS_PER_MS);
	for (uint64_t i = 10100; i < 20000; i++)
		cr_assert(kit_put(o, i));
	kit_until(5, kit_count(o).failing);
	cr_expect(strstr(kit_count(o).problem, "refused"), "%s", kit_count(o).problem);
	fd = listen_net(SOCK_STREAM, &port);
	from = take_connection(fd, 15000);
	cr_expect_eq(counted(from, 10100, 20000, 5000), 20000);
	kit_until(5, ear.recoveries == 1);
	cr_expect_eq(ear.problems, 1);
	cr_expect_eq(kit_count(o).lines, 20000);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(from);
	close(fd);
}

/* It does not read, and is then killed in the middle of a message: the next connection begins with
 * a whole one, and nothing that was not handed on is missing. */
Test(syslog, tcp_breaks_within_a_message, .timeout = 120)
{
	uint16_t port = 0;
	char target[64], some[1000];
	int fd = listen_net(SOCK_STREAM, &port), small = 4096;
	struct linger abrupt = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	snprintf(target, sizeof target, "tcp://127.0.0.1:%u", port);
	struct outlet_options options = kit_options(OUTLET_SYSLOG, target, 64 * MIB, NULL);
	struct outlet *o = kit_open(&options);
	int from = take_connection(fd, 5000);
	for (uint64_t i = 0; i < 200000; i++)
		cr_assert(kit_put(o, i));
	kit_until(10, kit_count(o).lines > 0);
	cr_expect_gt(take(from, some, sizeof some, 5000), 0);
	kit_sleep(300 * NS_PER_MS);
	uint64_t handed_on = kit_count(o).lines;
	cr_expect_lt(handed_on, 200000);
	setsockopt(from, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
	close(from);
	from = take_connection(fd, 15000);
	/* some more may have gone in between */
	struct pollfd p = {.fd = from, .events = POLLIN};
	cr_assert_eq(poll(&p, 1, 5000), 1);
	ssize_t n = recv(from, some, sizeof some - 1, MSG_PEEK);
	cr_assert_gt(n, 200);
	some[n] = '\0';
	char *message;
	size_t length = strtoul(some, &message, 10);
	struct parsed m;
	parse(&m, (struct str){message + 1, length});
	uint64_t first = strtoull(m.message.p, NULL, 10);
	cr_expect_geq(first, handed_on);
	cr_expect_leq(first, handed_on + 5000);
	cr_expect_eq(counted(from, first, 200000, 5000), 200000);
	cr_expect_eq(outlet_close(o, NS_PER_S), 0);
	close(from);
	close(fd);
}

/* Closing does not wait for a server that does not answer. */
Test(syslog, closing_breaks_a_connecting_off, .timeout = 60)
{
	uint16_t port = 0;
	char target[64];
	int fd = listen_net(SOCK_STREAM, &port), crowd[16];
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons(port)};

	/* a full backlog drops what comes */
	cr_assert_eq(listen(fd, 0), 0);
	for (int i = 0; i < 16; i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(crowd[i], (struct sockaddr *)&a, sizeof a);
	}
	snprintf(target, sizeof target, "tcp://127.0.0.1:%u", port);
	struct outlet_options options = kit_options(OUTLET_SYSLOG, target, MIB, NULL);
	struct outlet *o = kit_open(&options);
	cr_assert(kit_put(o, 0));
	kit_sleep(100 * NS_PER_MS);
	uint64_t start = kit_now();
	cr_expect_eq(outlet_close(o, 200 * NS_PER_MS), 1);
	cr_expect_lt(kit_now() - start, 2 * NS_PER_S);
	for (int i = 0; i < 16; i++)
		close(crowd[i]);
	close(fd);
}

Test(syslog, targets)
{
	static const char *const wrong[] = {
		"",		    "log",		   "udp://",	       "tcp://:514",
		"udp://host:",	    "udp://host:port",	   "tcp://[::1",       "tcp://[::1]514",
		"http://host:1",    "udp://host:123456",   "tcp://host:1x",
	};
	static const char *const right[] = {"udp://127.0.0.1", "tcp://[::1]:1", "udp://localhost:9"};
	struct error e;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct outlet_options options = kit_options(OUTLET_SYSLOG, wrong[i], 4096, NULL);
		cr_expect_null(outlet_open(&options, &e), "%s", wrong[i]);
	}
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		struct outlet_options options = kit_options(OUTLET_SYSLOG, right[i], 4096, NULL);
		struct outlet *o = kit_open(&options);
		outlet_close(o, 0);
	}
	struct outlet_options options = kit_options(OUTLET_SYSLOG, "/dev/log", 4096, NULL);
	options.sd_id = "no good";
	cr_expect_null(outlet_open(&options, &e));
}
