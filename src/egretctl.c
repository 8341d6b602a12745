/* egretctl: asks the daemon over its control socket. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "daemon/control.h"

#define ANSWER_WAIT 310 /* seconds; longer than the daemon gives any command */

enum {
	EXIT_ERROR = 1,	 /* the daemon's answer is an error */
	EXIT_UNABLE = 2, /* it cannot be reached, or was asked wrongly */
};

static const char usage[] =
	"usage: egretctl [-j] [-s SOCKET] [-n COUNT] [-d SECONDS] COMMAND [WORD ...]\n"
	"\n"
	"Asks a running egret.\n"
	"\n"
	"  -s, --socket PATH    its control socket (" CONTROL_PATH ")\n"
	"  -j, --json           answers as JSON\n"
	"  -n, --count N        ask N times\n"
	"  -d, --delay SECONDS  and wait that long in between (2); top does so by itself\n"
	"                       in a terminal\n"
	"  -V, --version        print the version of this program\n"
	"  -h, --help           print this\n"
	"\n"
	"Commands:\n";

static const char *const commands[][3] = {
#define COMMAND(name, function, words, help) {name, words, help},
#include "daemon/commands.def"
#undef COMMAND
};

struct call {
	const char *path;
	bool json;
	long count;   /* 0: without end, -1: not said */
	double delay; /* seconds */
	bool over;
	int status;
	struct bytes line; /* the request */
};

static void print_usage(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		printf("  %s%s%s\n        %s\n", commands[i][0], *commands[i][1] ? " " : "",
		       commands[i][1], commands[i][2]);
	puts("\nExit status: 0, 1 when the answer is an error, 2 when the daemon cannot be asked.");
}

static int misuse(const char *text, const char *what)
{
	fprintf(stderr, "egretctl: %s%s\nTry 'egretctl --help'.\n", text, what);
	return EXIT_UNABLE;
}

static void end(struct call *c, int status)
{
	c->over = true;
	c->status = status;
}

static void take_number(struct call *c, int option, const char *value)
{
	char *rest;
	double v = strtod(value, &rest);

	if (rest == value || *rest || !(v >= (option == 'n' ? 1 : 0.1)) || v > 1e6) {
		end(c, misuse("no such number: ", value));
		return;
	}
	if (option == 'n')
		c->count = (long)v;
	else
		c->delay = v;
}

static void take_option(struct call *c, int option, const char *value)
{
	switch (option) {
	case 's':
		c->path = value;
		break;
	case 'j':
		c->json = true;
		break;
	case 'n':
	case 'd':
		take_number(c, option, value);
		break;
	case 'V':
		puts("egretctl " PACKAGE_VERSION);
		end(c, EXIT_SUCCESS);
		break;
	case 'h':
		print_usage();
		end(c, EXIT_SUCCESS);
		break;
	default:
		/* what is wrong was told by getopt_long */
		fputs("Try 'egretctl --help'.\n", stderr);
		end(c, EXIT_UNABLE);
	}
}

/* A word as the daemon reads it. False: it cannot be said on one line. */
static bool add_word(struct bytes *line, const char *word)
{
	bool quote = !*word || strpbrk(word, " \t\"\\");

	if (line->n)
		bytes_u8(line, ' ');
	if (quote)
		bytes_u8(line, '"');
	for (; *word; word++) {
		if (((unsigned char)*word < 0x20 && *word != '\t') || *word == 0x7f)
			return false;
		if (*word == '"' || *word == '\\')
			bytes_u8(line, '\\');
		bytes_u8(line, (uint8_t)*word);
	}
	if (quote)
		bytes_u8(line, '"');
	return true;
}

/* Puts the request together. "--json" may also stand behind the command. */
static void take_words(struct call *c, char **words, int count)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		if (i && strcmp(words[i], "--json") == 0 && strcmp(words[i - 1], "--reason") != 0)
			c->json = true;
		else
			words[kept++] = words[i];
	}
	if (!kept) {
		end(c, misuse("no command", ""));
		return;
	}
	if (c->json)
		add_word(&c->line, "json");
	for (int i = 0; i < kept; i++)
		if (!add_word(&c->line, words[i])) {
			end(c, misuse("a control character in: ", words[0]));
			return;
		}
	bytes_u8(&c->line, '\n');
	if (c->line.full)
		end(c, misuse("that is too long to ask", ""));
}

static int unable(const char *path, const char *why)
{
	fprintf(stderr, "egretctl: %s: %s\n", path, why);
	return EXIT_UNABLE;
}

/* The connection, or -1 after saying why there is none. */
static int reach(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct timeval wait = {.tv_sec = ANSWER_WAIT};
	int fd;

	if (strlen(path) >= sizeof at.sun_path) {
		unable(path, "too long for a socket");
		return -1;
	}
	strcpy(at.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at)) {
		unable(path, errno == ENOENT || errno == ECONNREFUSED ? "egret does not run here"
								      : strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	return fd;
}

static void send_line(int fd, const struct bytes *line)
{
	size_t sent = 0;

	/* a server that refuses has closed already; what it said can still be read */
	while (sent < line->n) {
		ssize_t n = send(fd, line->p + sent, line->n - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		sent += (size_t)n;
	}
}

/* All of the answer before any of it is printed: the daemon does not wait for a pager. */
static void receive(int fd, struct bytes *answer)
{
	for (;;) {
		uint8_t part[16384];
		ssize_t n = recv(fd, part, sizeof part, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes_add(answer, part, (size_t)n);
	}
}

static bool begins(const struct bytes *b, const char *text)
{
	size_t n = strlen(text);

	return b->n >= n && memcmp(b->p, text, n) == 0;
}

/* On a terminal that is asked for again and again: over what was there before. */
static void print_live(const char *p, size_t n)
{
	fputs("\033[H", stdout);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n')
			fputs("\033[K", stdout);
		putchar(p[i]);
	}
	fputs("\033[J", stdout);
}

static int ask_once(const struct call *c, bool live)
{
	struct bytes answer;
	int status = EXIT_SUCCESS, fd = reach(c->path);

	if (fd < 0)
		return EXIT_UNABLE;
	bytes_init(&answer, CONTROL_ANSWER_MAX + 64);
	send_line(fd, &c->line);
	receive(fd, &answer);
	close(fd);
	if (begins(&answer, "ok\n") && live) {
		print_live((const char *)answer.p + 3, answer.n - 3);
	} else if (begins(&answer, "ok\n")) {
		fwrite(answer.p + 3, 1, answer.n - 3, stdout);
	} else if (begins(&answer, "error\n")) {
		fprintf(stderr, "egretctl: %.*s", (int)(answer.n - 6), (const char *)answer.p + 6);
		status = EXIT_ERROR;
	} else {
		status = unable(c->path, "no answer");
	}
	bytes_fini(&answer);
	if ((fflush(stdout) || ferror(stdout)) && !status)
		status = unable("standard output", strerror(errno));
	return status;
}

static void pause_for(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds};

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

static int run(struct call *c, const char *command)
{
	bool terminal = isatty(STDOUT_FILENO) && !c->json;
	bool top = strcmp(command, "top") == 0;
	int status;

	if (c->count < 0)
		c->count = c->delay > 0 || (top && terminal) ? 0 : 1;
	bool live = terminal && c->count != 1;
	if (live)
		fputs("\033[2J", stdout);
	for (long i = 1;; i++) {
		status = ask_once(c, live);
		if (status || i == c->count)
			return status;
		pause_for(c->delay > 0 ? c->delay : 2);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"count", required_argument, NULL, 'n'},
		{"delay", required_argument, NULL, 'd'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct call c = {.path = CONTROL_PATH, .count = -1};
	int option;

	bytes_init(&c.line, CONTROL_LINE_MAX + 1);
	while (!c.over && (option = getopt_long(argc, argv, "+s:jn:d:Vh", options, NULL)) != -1)
		take_option(&c, option, optarg);
	if (!c.over)
		take_words(&c, argv + optind, argc - optind);
	if (!c.over)
		c.status = run(&c, argv[optind]);
	bytes_fini(&c.line);
	if ((fflush(stdout) || ferror(stdout)) && !c.status)
		c.status = unable("standard output", strerror(errno));
	return c.status;
}
