/* What the daemon does all day works in the sandbox. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "confined.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "fixture.h"
#include "match/match.h"
#include "match/regex.h"

static const struct sandbox_options nothing;

static void counts(void *context, unsigned number)
{
	*(unsigned *)context |= 1u << number;
}

/* Compiling and matching, as a reload does it in a thread of its own. */
static void *compiles(void *folder)
{
	static const struct match_pattern pattern[] = {
		{"\\.mega\\.nz\\z", MATCH_CASELESS},
		{"(foo|bar)[0-9]{3,9}.*baz", MATCH_DOTALL},
	};
	struct error e;
	size_t bad;
	unsigned found = 0;
	struct match_set *m = match_new(pattern, 2, folder, &bad, &e);

	if (!m)
		return "match_new";
	match_scan(m, str_of(".g.api.MEGA.nz"), counts, &found);
	match_scan(m, str_of("bar12345\nbaz"), counts, &found);
	match_free(m);
	if (found != 3)
		return "match_scan";
	m = match_cached(pattern, 2, folder);
	if (!m)
		return "match_cached";
	match_free(m);
	struct regex *r = regex_new("(?<=x)(a+)\\1y", 0, &e);
	if (!r || regex_search(r, str_of("xaaaay")) != REGEX_YES)
		return "regex";
	regex_free(r);
	return NULL;
}

static int reloads(void *folder)
{
	pthread_t thread;
	void *wrong = "join";

	prctl(PR_SET_NAME, "control");
	int status = pthread_create(&thread, NULL, compiles, folder);
	if (status == 0)
		status = pthread_join(thread, &wrong);
	if (wrong)
		fprintf(stderr, "reload: %s\n", (char *)wrong);
	return status || wrong ? 1 : 0;
}

/* A file is written, rotated and removed; state is replaced. */
static int rotates(void *folder)
{
	char a[4200], b[4200], text[8];
	struct stat st;

	snprintf(a, sizeof a, "%s/findings.ndjson", (char *)folder);
	snprintf(b, sizeof b, "%s/findings.ndjson.1", (char *)folder);
	for (int i = 0; i < 3; i++) {
		int fd = open(a, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
		if (fd < 0 || write(fd, "line\n", 5) != 5 || fsync(fd) || fdatasync(fd) ||
		    ftruncate(fd, 5) || posix_fallocate(fd, 0, 5) || fstat(fd, &st) || close(fd))
			return 1;
		if (rename(a, b))
			return 2;
	}
	FILE *f = fopen(b, "r");
	if (!f || !fgets(text, sizeof text, f) || fclose(f))
		return 3;
	snprintf(a, sizeof a, "%s/sub", (char *)folder);
	return mkdir(a, 0700) || rmdir(a) || unlink(b) ? 4 : 0;
}

static int with_folder(int (*body)(void *))
{
	char *folder = fixture_folder();
	const char *const list[] = {folder};
	const struct sandbox_options o = {.write = list, .write_count = 1};
	int status = confined(&o, body, folder);

	fixture_remove(folder);
	return status;
}

Test(sandbox_work, lists_and_rules_compile)
{
	cr_expect(eq(int, with_folder(reloads), 0));
}

Test(sandbox_work, files_rotate)
{
	cr_expect(eq(int, with_folder(rotates), 0));
}

/* The port of the metrics, opened before. */
struct port {
	int fd;
	uint16_t number;
};

static bool port_open(struct port *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof at;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&at, sizeof at) || listen(p->fd, 8) ||
	    getsockname(p->fd, (struct sockaddr *)&at, &n))
		return false;
	p->number = ntohs(at.sin_port);
	return true;
}

struct loop {
	struct event_base *base;
	int client;
	bool signalled, served, ticked;
};

static void leave(struct loop *l)
{
	if (l->signalled && l->served && l->ticked)
		event_base_loopexit(l->base, NULL);
}

static void on_signal(int number, short what, void *context)
{
	struct loop *l = context;

	(void)what;
	l->signalled = number == SIGHUP;
	leave(l);
}

static void on_tick(int fd, short what, void *context)
{
	struct loop *l = context;

	(void)fd;
	(void)what;
	l->ticked = true;
	raise(SIGHUP);
	leave(l);
}

static void on_request(struct evhttp_request *request, void *context)
{
	(void)context;
	evhttp_send_reply(request, 200, "OK", NULL);
}

static void on_answer(int fd, short what, void *context)
{
	struct loop *l = context;
	char text[64] = "";

	(void)what;
	if (read(fd, text, sizeof text - 1) > 12 && !strncmp(text, "HTTP/1.1 200", 12))
		l->served = true;
	leave(l);
}

static int loops(void *context)
{
	struct port *port = context;
	struct timeval soon = {0, 10000}, end = {10, 0};
	struct loop l = {.base = event_base_new(), .client = port[1].fd};

	if (!l.base)
		return 1;
	struct evhttp *http = evhttp_new(l.base);
	struct event *hup = evsignal_new(l.base, SIGHUP, on_signal, &l);
	struct event *tick = evtimer_new(l.base, on_tick, &l);
	struct event *answer = event_new(l.base, l.client, EV_READ | EV_PERSIST, on_answer, &l);
	if (!http || !hup || !tick || !answer || evhttp_accept_socket(http, port[0].fd))
		return 2;
	evhttp_set_gencb(http, on_request, NULL);
	event_add(hup, NULL);
	event_add(tick, &soon);
	event_add(answer, NULL);
	event_base_loopexit(l.base, &end);
	event_base_dispatch(l.base);
	return l.signalled && l.ticked && l.served ? 0 : 3;
}

Test(sandbox_work, events_and_metrics)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct port port[2];

	cr_assert(port_open(&port[0]));
	at.sin_port = htons(port[0].number);
	port[1].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(zero(int, connect(port[1].fd, (struct sockaddr *)&at, sizeof at)));
	cr_assert(
		eq(sz, (size_t)write(port[1].fd, request, sizeof request - 1), sizeof request - 1));
	cr_expect(eq(int, confined(&nothing, loops, port), 0));
	close(port[0].fd);
	close(port[1].fd);
}

/* The small things of libc, libsystemd's among them. */
static int small_things(void *unused)
{
	unsigned char byte;
	cpu_set_t cpus;
	time_t now = time(NULL);
	struct tm local;
	struct sockaddr_un journal = {AF_UNIX, "/run/systemd/journal/socket"};

	(void)unused;
	if (getrandom(&byte, 1, 0) != 1 || !localtime_r(&now, &local))
		return 1;
	if (sched_getaffinity(0, sizeof cpus, &cpus) || sched_setaffinity(0, sizeof cpus, &cpus))
		return 2;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 1)
		return 3;
	/* control.group, at a reload */
	if (!getgrnam("root") || getgrnam("egret-no-such-group"))
		return 4;
	/* a long entry goes to the journal as a sealed file */
	int memory = memfd_create("entry", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (memory < 0 || fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE))
		return 5;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&journal, sizeof journal) && errno != ENOENT &&
	    errno != ECONNREFUSED)
		return 6;
	notify_alive();
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f)
		return 7;
	fclose(f);
	/* much memory, several arenas, given back */
	for (int i = 0; i < 64; i++) {
		char *p = malloc(1 << 20);
		if (!p)
			return 8;
		memset(p, i, 1 << 20);
		free(p);
	}
	return 0;
}

static int resolves(void *unused)
{
	struct addrinfo *all = NULL;

	(void)unused;
	if (getaddrinfo("localhost", "514", NULL, &all))
		return 1;
	freeaddrinfo(all);
	/* no answer is fine; ending the process is not */
	if (getaddrinfo("no-such-host.invalid", "514", NULL, &all) == 0)
		freeaddrinfo(all);
	return 0;
}

/* An address to connect to for a sink: refused by nobody listening, not by the sandbox. */
static int connects(void *unused)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unused;
	return connect(fd, (struct sockaddr *)&at, sizeof at) && errno != ECONNREFUSED ? errno : 0;
}

/* abort() must be able to end us by its own signal. */
static int aborts(void *unused)
{
	(void)unused;
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* Nothing is asked of other machines: the network is one of our own, where that can be had. */
static int apart(void *body)
{
	const struct sandbox_options o = {.network = true};
	struct sandbox_state state;
	struct error e;

	if (geteuid() == 0 && unshare(CLONE_NEWNET))
		return 90;
	if (geteuid() == 0) {
		struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
		if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &lo))
			return 91;
	}
	if (sandbox_enter(&o, &state, &e))
		return 92;
	return (*(int (**)(void *))body)(NULL);
}

Test(sandbox_work, libc)
{
	int (*const connecting)(void *) = connects, (*const resolving)(void *) = resolves;

	cr_expect(eq(int, confined(&nothing, small_things, NULL), 0));
	cr_expect(eq(int, confined(NULL, apart, (void *)&connecting), 0));
	if (geteuid() == 0)
		cr_expect(eq(int, confined(NULL, apart, (void *)&resolving), 0));
	cr_expect(eq(int, confined(&nothing, aborts, NULL), -SIGABRT));
}

static pcap_t *captures(const char *interface)
{
	char text[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	pcap_t *p = pcap_create(interface, text);

	if (!p)
		return NULL;
	pcap_set_snaplen(p, 65535);
	pcap_set_promisc(p, 1);
	pcap_set_immediate_mode(p, 0);
	pcap_set_timeout(p, 50);
	pcap_set_buffer_size(p, 4 << 20);
	int status = pcap_activate(p);
	if (status < 0 || pcap_compile(p, &program, "udp port 9", 1, PCAP_NETMASK_UNKNOWN)) {
		fprintf(stderr, "%s: %s\n", interface, pcap_geterr(p));
		pcap_close(p);
		return NULL;
	}
	status = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	if (status || pcap_setnonblock(p, 1, text)) {
		pcap_close(p);
		return NULL;
	}
	return p;
}

static int reads_packet(pcap_t *p, int sender)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	struct pcap_stat stat;

	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};

	if (!p || sendto(sender, "hello", 5, 0, (struct sockaddr *)&at, sizeof at) != 5)
		return 1;
	for (int i = 0; i < 200; i++) {
		int status = pcap_next_ex(p, &header, &data);
		if (status < 0)
			return 2;
		if (status == 1)
			return pcap_stats(p, &stat) ? 3 : 0;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	return 4;
}

/* An interface is opened as root, and again once nobody is root any more. */
static int sensor(void *unused)
{
	const struct privileges_options user = {"nobody", true};
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct sandbox_state state;
	struct error e = {""};

	(void)unused;
	if (unshare(CLONE_NEWNET))
		return 20;
	int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(sender, SIOCSIFFLAGS, &lo))
		return 21;
	pcap_t *p = captures("lo");
	if (privileges_drop(&user, &e) || sandbox_enter(&nothing, &state, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 22;
	}
	int status = reads_packet(p, sender);
	if (status)
		return status;
	pcap_close(p);
	p = captures("lo");
	status = reads_packet(p, sender);
	if (status)
		return 10 + status;
	pcap_close(p);
	/* packets can be had, interfaces cannot be changed */
	lo.ifr_flags = 0;
	return ioctl(sender, SIOCSIFFLAGS, &lo) == 0 ? 23 : 0;
}

Test(sandbox_work, an_interface_is_opened_again)
{
	if (geteuid() != 0)
		cr_skip("needs root\n");
	cr_expect(eq(int, confined(NULL, sensor, NULL), 0));
}
