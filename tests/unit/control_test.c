/* The control socket, over the real thing: a server in a thread, clients of every kind of manners. */
#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/control.h"
#include "take.h"

#define LATER_MAX 64

static struct served {
	char folder[64], path[128];
	struct event_base *base;
	struct control *control;
	pthread_t thread;
	_Atomic bool stop;
	struct control_reply *kept[LATER_MAX]; /* of "later" */
	unsigned kept_count;
	_Atomic bool finish; /* them */
	_Atomic unsigned asked;
} served;

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* (words are not terminated) */
static size_t number_of(struct str word)
{
	size_t n = 0;

	for (size_t i = 0; i < word.n && word.p[i] >= '0' && word.p[i] <= '9'; i++)
		n = n * 10 + (size_t)(word.p[i] - '0');
	return n;
}

static void answer(void *context, struct control_reply *r)
{
	struct served *s = context;
	struct str what = r->request.word[0];
	struct error e;

	s->asked++;
	if (str_eq(what, STR("echo"))) {
		for (size_t i = 1; i < r->request.count; i++)
			bytes_print(&r->text, "[%.*s]", (int)r->request.word[i].n,
				    r->request.word[i].p);
		bytes_print(&r->text, r->request.json ? "json\n" : "\n");
		control_done(r, NULL);
	} else if (str_eq(what, STR("big"))) {
		size_t n = number_of(r->request.word[1]);
		uint8_t *p = bytes_more(&r->text, n);
		if (p)
			memset(p, 'x', n);
		control_done(r, NULL);
	} else if (str_eq(what, STR("later")) && s->kept_count < LATER_MAX) {
		r->patience = 1;
		s->kept[s->kept_count++] = r;
	} else {
		error_set(&e, "no such thing");
		control_done(r, &e);
	}
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
	struct served *s = arg;

	(void)fd, (void)what;
	if (s->finish) {
		while (s->kept_count) {
			struct control_reply *r = s->kept[--s->kept_count];
			bytes_print(&r->text, "at last\n");
			control_done(r, NULL);
		}
		s->finish = false;
	}
	if (s->stop)
		event_base_loopbreak(s->base);
}

static void *serve(void *arg)
{
	struct served *s = arg;
	struct event *e = event_new(s->base, -1, EV_PERSIST, tick, s);
	struct timeval t = {.tv_usec = 5000};

	event_add(e, &t);
	event_base_dispatch(s->base);
	event_free(e);
	return NULL;
}

static void begin_with(const char *group, unsigned deadline_ms)
{
	struct control_options o = {.path = served.path,
				    .group = group,
				    .deadline_ms = deadline_ms,
				    .answer = answer,
				    .context = &served};
	struct error e = {""};

	served.base = event_base_new();
	served.control = control_open(served.base, &o, &e);
	cr_assert(served.control, "%s", e.text);
	served.stop = false;
	cr_assert_eq(pthread_create(&served.thread, NULL, serve, &served), 0);
}

static void finish(void)
{
	served.stop = true;
	pthread_join(served.thread, NULL);
	control_close(served.control);
	while (served.kept_count)
		control_done(served.kept[--served.kept_count], NULL);
	event_base_free(served.base);
	served.control = NULL;
}

static void folder(void)
{
	alarm(60);
	strcpy(served.folder, "/tmp/egret-control-XXXXXX");
	cr_assert(mkdtemp(served.folder));
	chmod(served.folder, 0755);
	snprintf(served.path, sizeof served.path, "%s/control", served.folder);
}

static void no_folder(void)
{
	unlink(served.path);
	cr_expect_eq(rmdir(served.folder), 0, "something is left in the folder");
}

TestSuite(control, .init = folder, .fini = no_folder);

static int reach(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(at.sun_path, served.path);
	if (connect(fd, (struct sockaddr *)&at, sizeof at)) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *ask(const char *text, size_t n)
{
	static _Thread_local char got[65536];
	int fd = reach();

	got[0] = '\0';
	if (fd < 0)
		return "no connection";
	if (send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n)
		take(fd, got, sizeof got);
	close(fd);
	return got;
}

#define ASK(text) ask(text, strlen(text))

Test(control, answers_one_line)
{
	begin_with(NULL, 0);
	cr_expect_str_eq(ASK("echo a \"b c\" d\n"), "ok\n[a][b c][d]\n");
	cr_expect_str_eq(ASK("json echo \"\\\"\\\\\"\r\n"), "ok\n[\"\\]json\n");
	cr_expect_str_eq(ASK("what\n"), "error\nno such thing\n");
	cr_expect_str_eq(ASK("\n"), "error\nno command\n");
	cr_expect_str_eq(ASK("json\n"), "error\nno command\n");
	cr_expect_str_eq(ASK("echo \"open\n"), "error\nword 2 is not quoted well\n");
	cr_expect_str_eq(ASK("echo one\necho two\n"), "ok\n[one]\n", "one request a connection");
	finish();
}

Test(control, a_line_may_end_with_the_connection_and_come_in_pieces)
{
	char got[64];

	begin_with(NULL, 0);
	int fd = reach();
	send(fd, "ec", 2, 0);
	usleep(20000);
	send(fd, "ho hi", 5, 0);
	usleep(20000);
	shutdown(fd, SHUT_WR);
	take(fd, got, sizeof got);
	close(fd);
	cr_expect_str_eq(got, "ok\n[hi]\n");
	fd = reach();
	shutdown(fd, SHUT_WR);
	cr_expect_eq(take(fd, got, sizeof got), 0, "nothing asked, nothing answered");
	close(fd);
	finish();
}

Test(control, lines_and_answers_are_bounded)
{
	char *line = malloc(CONTROL_LINE_MAX + 100);

	begin_with(NULL, 0);
	memset(line, 'a', CONTROL_LINE_MAX + 100);
	memcpy(line, "nope ", 5);
	line[CONTROL_LINE_MAX] = '\n';
	cr_expect_str_eq(ask(line, CONTROL_LINE_MAX + 1), "error\nno such thing\n");
	line[CONTROL_LINE_MAX] = 'a';
	line[CONTROL_LINE_MAX + 1] = '\n';
	cr_expect_str_eq(ask(line, CONTROL_LINE_MAX + 2), "error\nthe request is too long\n");
	/* endless, without a newline */
	int fd = reach();
	char got[64] = "";
	while (send(fd, line, CONTROL_LINE_MAX, MSG_NOSIGNAL) > 0 && recv(fd, got, 5, MSG_DONTWAIT) <= 0)
		;
	close(fd);
	cr_expect_eq(served.asked, 1);
	cr_expect_str_eq(ASK("big 4194305\n"), "error\nthe answer is too long: ask for less\n");
	char *big = malloc(5 << 20);
	fd = reach();
	send(fd, "big 4194304\n", 12, 0);
	cr_expect_eq(take(fd, big, 5 << 20), (4 << 20) + 3);
	close(fd);
	free(big);
	free(line);
	finish();
}

Test(control, a_slow_answer_and_a_slow_reader_stop_nobody)
{
	char got[64];

	begin_with(NULL, 400);
	int slow = reach(), late = reach();
	send(slow, "big 4000000\n", 12, 0); /* and does not read */
	send(late, "later\n", 6, 0);
	usleep(50000);
	double began = clock_now();
	cr_expect_str_eq(ASK("echo x\n"), "ok\n[x]\n");
	cr_expect_lt(clock_now() - began, 0.3);
	served.finish = true;
	take(late, got, sizeof got);
	cr_expect_str_eq(got, "ok\nat last\n");
	usleep(600000);
	/* what the socket held, then the end: the server has given up */
	char *big = malloc(5 << 20);
	cr_expect_lt(take(slow, big, 5 << 20), 4000000);
	free(big);
	close(slow);
	close(late);
	finish();
}

Test(control, who_waits_too_long_is_told_and_the_reply_outlives_him)
{
	char got[256];

	begin_with(NULL, 0);
	int fd = reach();
	send(fd, "later\n", 6, 0);
	double began = clock_now();
	take(fd, got, sizeof got);
	cr_expect(strncmp(got, "error\nno answer in time", 23) == 0, "%s", got);
	cr_expect_lt(clock_now() - began, 5);
	close(fd);
	/* one that leaves before its answer comes */
	fd = reach();
	send(fd, "later\n", 6, 0);
	usleep(50000);
	close(fd);
	served.finish = true;
	usleep(50000);
	cr_expect_str_eq(ASK("echo x\n"), "ok\n[x]\n");
	/* and one that still waits at the end */
	fd = reach();
	send(fd, "later\n", 6, 0);
	usleep(50000);
	finish();
	close(fd);
}

Test(control, half_open_clients_make_room)
{
	int fd[CONTROL_CLIENTS_MAX];
	char got[128];

	begin_with(NULL, 0);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		fd[i] = reach();
		send(fd[i], "ec", 2, 0);
	}
	double began = clock_now();
	cr_expect_str_eq(ASK("echo x\n"), "ok\n[x]\n");
	cr_expect_lt(clock_now() - began, 5);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		take(fd[i], got, sizeof got);
		cr_expect_str_eq(got, "error\nno request came in time\n");
		close(fd[i]);
	}
	finish();
}

static void *ask_many(void *arg)
{
	long *good = arg;

	for (int i = 0; i < 125; i++)
		*good += strcmp(ASK("echo x\n"), "ok\n[x]\n") == 0;
	return NULL;
}

static unsigned descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(control, a_thousand_connects)
{
	pthread_t thread[8];
	long good[8] = {0}, all = 0;
	int fd[100];
	char got[64];

	begin_with(NULL, 0);
	unsigned before = descriptors();
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, ask_many, &good[i]);
	for (int i = 0; i < 8; i++) {
		pthread_join(thread[i], NULL);
		all += good[i];
	}
	cr_expect_eq(all, 1000);
	for (int i = 0; i < 100; i++) {
		fd[i] = reach();
		send(fd[i], "echo y\n", 7, 0);
	}
	for (int i = 0; i < 100; i++) {
		take(fd[i], got, sizeof got);
		cr_expect_str_eq(got, "ok\n[y]\n", "%d", i);
		close(fd[i]);
	}
	usleep(50000);
	cr_expect_eq(descriptors(), before);
	finish();
}

/* The server shares our table: with only one descriptor left, the client has it, and accept none. */
Test(control, descriptors_run_out)
{
	struct rlimit before, low;
	char got[64];

	begin_with(NULL, 0);
	int spare = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	getrlimit(RLIMIT_NOFILE, &before);
	low = (struct rlimit){(rlim_t)spare + 1, before.rlim_max};
	close(spare);
	setrlimit(RLIMIT_NOFILE, &low);
	int fd = reach();
	cr_assert_eq(fd, spare);
	send(fd, "echo x\n", 7, 0);
	usleep(100000);
	cr_expect_eq(served.asked, 0);
	setrlimit(RLIMIT_NOFILE, &before);
	take(fd, got, sizeof got);
	cr_expect_str_eq(got, "ok\n[x]\n", "it is let in later");
	close(fd);
	finish();
}

/* The result of asking as another user, who may belong to a group. */
static bool refused(uid_t user, gid_t group, gid_t more)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(more ? 1 : 0, &more) || setgid(group) || setuid(user))
			_exit(3);
		const char *got = ASK("echo x\n");
		_exit(strcmp(got, "ok\n[x]\n") == 0	       ? 0 :
		      strcmp(got, "error\nnot permitted\n") == 0 ? 1 :
		      strcmp(got, "no connection") == 0	       ? 1 :
		      *got == '\0'			       ? 1 :
								 2);
	}
	waitpid(pid, &status, 0);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) < 2, "%d", status);
	return WEXITSTATUS(status) == 1;
}

#define NOBODY 65534

Test(control, others_are_refused)
{
	struct stat st;
	struct group *g = getgrnam("daemon");

	if (getuid() != 0)
		cr_skip("not root");
	cr_assert(g);
	begin_with(NULL, 0);
	cr_assert_eq(stat(served.path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_not(refused(0, 0, 0));
	cr_expect(refused(NOBODY, NOBODY, 0));
	/* and by the server too, whatever the file's mode */
	chmod(served.path, 0666);
	cr_expect(refused(NOBODY, NOBODY, 0));
	cr_expect(refused(NOBODY, g->gr_gid, 0));
	cr_expect_eq(served.asked, 1);
	finish();
	begin_with("daemon", 0);
	cr_assert_eq(stat(served.path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0660);
	cr_expect_eq(st.st_gid, g->gr_gid);
	cr_expect_not(refused(NOBODY, g->gr_gid, 0));
	cr_expect_not(refused(NOBODY, NOBODY, g->gr_gid));
	cr_expect(refused(NOBODY, NOBODY, 0));
	chmod(served.path, 0666);
	cr_expect(refused(NOBODY, NOBODY, 0));
	cr_expect(refused(NOBODY, NOBODY, NOBODY - 1));
	finish();
}

static struct control *try_open(const char *path, const char *group, struct error *e)
{
	struct event_base *base = event_base_new();
	struct control *c = control_open(
		base, &(struct control_options){.path = path, .group = group, .answer = answer}, e);

	control_close(c);
	event_base_free(base);
	return c;
}

Test(control, a_stale_file_is_replaced_and_nothing_else)
{
	struct error e;
	struct stat st;
	char path[256];

	begin_with(NULL, 0);
	cr_expect_null(try_open(served.path, NULL, &e));
	cr_expect(strstr(e.text, "listens"), "%s", e.text);
	cr_expect_str_eq(ASK("echo x\n"), "ok\n[x]\n", "the first one goes on");
	finish();
	cr_expect_neq(stat(served.path, &st), 0, "removed at the end");
	/* left over */
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	strcpy(at.sun_path, served.path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
	cr_expect(try_open(served.path, NULL, &e), "%s", e.text);
	/* a file, a link, no folder, a name that is too long, no such group */
	close(open(served.path, O_CREAT | O_WRONLY, 0600));
	cr_expect_null(try_open(served.path, NULL, &e));
	cr_expect(strstr(e.text, "no socket"), "%s", e.text);
	cr_expect_eq(stat(served.path, &st), 0);
	unlink(served.path);
	cr_assert_eq(symlink("/nowhere", served.path), 0);
	cr_expect_null(try_open(served.path, NULL, &e));
	unlink(served.path);
	snprintf(path, sizeof path, "%s/none/control", served.folder);
	cr_expect_null(try_open(path, NULL, &e));
	memset(path + 1, 'x', 200);
	path[201] = '\0';
	cr_expect_null(try_open(path, NULL, &e));
	cr_expect_null(try_open(served.path, "no-such-group-here", &e));
	cr_expect(strstr(e.text, "no group"), "%s", e.text);
}

Test(control, only_its_own_file_is_removed_at_the_end)
{
	struct stat st;

	begin_with(NULL, 0);
	unlink(served.path);
	close(open(served.path, O_CREAT | O_WRONLY, 0600));
	finish();
	cr_expect_eq(stat(served.path, &st), 0);
	unlink(served.path);
}

static int parse(const char *text, struct control_request *r, struct error *e)
{
	static char line[512];

	strcpy(line, text);
	return control_parse(line, strlen(line), r, e);
}

Test(control_parse, words)
{
	struct control_request r;
	struct error e;

	cr_assert_eq(parse("  mute\t0123  --reason \"it is \\\"ours\\\"\"  ", &r, &e), 0);
	cr_assert_eq(r.count, 4);
	cr_expect(str_eq(r.word[0], STR("mute")));
	cr_expect(str_eq(r.word[3], STR("it is \"ours\"")));
	cr_expect_not(r.json);
	cr_assert_eq(parse("json status", &r, &e), 0);
	cr_expect(r.json);
	cr_expect_eq(r.count, 1);
	cr_assert_eq(parse("a \"\"", &r, &e), 0);
	cr_expect_eq(r.count, 2);
	cr_expect_eq(r.word[1].n, 0);
	cr_assert_eq(parse("a b\"c", &r, &e), 0, "a quote inside a word is a letter");
	cr_expect(str_eq(r.word[1], STR("b\"c")));
}

Test(control_parse, what_is_none)
{
	static const char *const bad[] = {
		"", "   ", "json", "a \"b", "a \"b\\", "a \"b\\n\"", "a \"b\"c", "a\001b", "a\x7f", "a\nb",
		"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33",
	};
	struct control_request r;
	struct error e;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(parse(bad[i], &r, &e), -1, "%s", bad[i]);
}
