/* /metrics and /healthz over real connections, and the text by itself. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/figures.h"
#include "daemon/metrics.h"
#include "overview_sample.h"
#include "take.h"

static struct served {
	struct event_base *base;
	struct metrics *metrics;
	unsigned port;
	pthread_t thread;
	_Atomic bool stop, ill;
	_Atomic unsigned overviews;
} served;

static void overview(void *context, struct overview *out)
{
	struct served *s = context;

	s->overviews++;
	overview_sample(out, 3);
}

static const char *health(void *context)
{
	return ((struct served *)context)->ill ? "the analyst does not move" : NULL;
}

static void tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	if (((struct served *)arg)->stop)
		event_base_loopbreak(((struct served *)arg)->base);
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

static struct metrics *open_at(struct event_base *base, const char *listen, unsigned deadline, unsigned lasts, struct error *e)
{
	struct metrics_options o = {.listen = listen,
				    .overview = overview,
				    .health = health,
				    .context = &served,
				    .deadline = deadline,
				    .lasts = lasts};

	return metrics_open(base, &o, e);
}

static void begin_with(unsigned deadline, unsigned lasts)
{
	struct error e = {""};

	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	served.base = event_base_new();
	served.metrics = open_at(served.base, "127.0.0.1:0", deadline, lasts, &e);
	cr_assert(served.metrics, "%s", e.text);
	served.port = metrics_port(served.metrics);
	served.stop = false;
	cr_assert_eq(pthread_create(&served.thread, NULL, serve, &served), 0);
}

static void finish(void)
{
	served.stop = true;
	pthread_join(served.thread, NULL);
	metrics_close(served.metrics);
	event_base_free(served.base);
}

static int reach(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)served.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval t = {.tv_sec = 20};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	if (connect(fd, (struct sockaddr *)&at, sizeof at)) {
		close(fd);
		return -1;
	}
	return fd;
}

static char got[1 << 20];

static const char *ask(const char *request)
{
	int fd = reach();

	cr_assert_geq(fd, 0);
	send(fd, request, strlen(request), MSG_NOSIGNAL);
	take(fd, got, sizeof got);
	close(fd);
	return got;
}

#define KEEP  "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
#define CLOSE " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static int status(const char *answer)
{
	int n = 0;

	return sscanf(answer, "HTTP/1.%*d %d", &n) == 1 ? n : -1;
}

Test(metrics, answers)
{
	begin_with(0, 0);
	const char *a = ask("GET /metrics" CLOSE);
	cr_expect_eq(status(a), 200);
	cr_expect(has(a, "Content-Type: text/plain; version=0.0.4"));
	cr_expect(has(a, "\negret_capture_packets_total 4000\n"));
	cr_expect(has(a, "\nprocess_start_time_seconds "));
	cr_expect_eq(status(ask("GET /metrics?x=1" CLOSE)), 200);
	unsigned before = served.overviews;
	a = ask("HEAD /metrics" CLOSE);
	cr_expect_eq(status(a), 200);
	cr_expect(has(a, "Content-Length: "));
	cr_expect_str_eq(strstr(a, "\r\n\r\n"), "\r\n\r\n", "a head alone");
	cr_expect_eq(served.overviews, before + 1);
	a = ask("GET /healthz" CLOSE);
	cr_expect_eq(status(a), 200);
	cr_expect(has(a, "\r\n\r\nok\n"));
	served.ill = true;
	a = ask("GET /healthz" CLOSE);
	cr_expect_eq(status(a), 503);
	cr_expect(has(a, "\r\n\r\nthe analyst does not move\n"));
	served.ill = false;
	finish();
}

Test(metrics, refuses)
{
	static const char *const others[] = {"GET /" CLOSE, "GET /metrics/" CLOSE,
					     "GET /../metrics" CLOSE, "GET /%6detrics" CLOSE};
	static const char *const wrong[] = {
		"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
		"PUT /metrics" CLOSE,
		"DELETE /metrics" CLOSE,
		"TRACE /metrics" CLOSE,
		"CONNECT x:1" CLOSE,
		"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n",
		"nonsense\r\n\r\n",
	};
	char *long_head = malloc(100000);

	begin_with(0, 0);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect_eq(status(ask(others[i])), 404, "%s: %s", others[i], got);
	cr_expect_eq(served.overviews, 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		int s = status(ask(wrong[i]));
		cr_expect(s == -1 || s >= 400, "%s: %s", wrong[i], got);
	}
	memset(long_head, 'a', 100000);
	memcpy(long_head, "GET /metrics HTTP/1.1\r\nX: ", 26);
	strcpy(long_head + 99990, "\r\n\r\n");
	int s = status(ask(long_head));
	cr_expect(s == -1 || s >= 400, "%d", s);
	cr_expect_eq(served.overviews, 0);
	free(long_head);
	finish();
}

static double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* More silent connections than are let in: others get their turn when these time out. */
Test(metrics, silent_clients_make_room)
{
	int fd[METRICS_CLIENTS_MAX];

	begin_with(1, 0);
	for (int i = 0; i < METRICS_CLIENTS_MAX; i++) {
		fd[i] = reach();
		send(fd[i], "GET /me", 7, 0);
	}
	usleep(100000);
	double began = clock_now();
	cr_expect_eq(status(ask("GET /healthz" CLOSE)), 200);
	double took = clock_now() - began;
	cr_expect(took > 0.3 && took < 10, "after %f s", took);
	for (int i = 0; i < METRICS_CLIENTS_MAX; i++) {
		take(fd[i], got, sizeof got);
		close(fd[i]);
	}
	finish();
}

/* A byte now and then keeps silence off, but not the end. */
Test(metrics, a_connection_lasts_so_long)
{
	begin_with(2, 1);
	int fd = reach();
	double began = clock_now();
	while (send(fd, "a", 1, MSG_NOSIGNAL) == 1 && clock_now() - began < 10)
		usleep(100000);
	double took = clock_now() - began;
	cr_expect(took > 0.5 && took < 8, "after %f s", took);
	close(fd);
	cr_expect_eq(status(ask("GET /healthz" CLOSE)), 200);
	finish();
}

Test(metrics, a_reader_that_does_not_read_is_dropped)
{
	begin_with(1, 2);
	for (int i = 0; i < METRICS_CLIENTS_MAX; i++) {
		int fd = reach(), small = 1;
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
		for (int k = 0; k < 100; k++)
			(void)!send(fd, KEEP, strlen(KEEP), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	cr_expect_eq(status(ask("GET /healthz" CLOSE)), 200);
	finish();
}

Test(metrics, a_thousand_connects)
{
	begin_with(0, 0);
	for (int i = 0; i < 1000; i++) {
		int s = status(ask(i % 2 ? "GET /healthz" CLOSE : "GET /nothing" CLOSE));
		cr_assert_eq(s, i % 2 ? 200 : 404, "%d: %s", i, got);
	}
	/* kept open until the end */
	int fd = reach();
	send(fd, KEEP, strlen(KEEP), MSG_NOSIGNAL);
	usleep(50000);
	int idle = reach();
	usleep(50000);
	finish();
	close(fd);
	close(idle);
}

Test(metrics, addresses)
{
	static const char *const bad[] = {"", "127.0.0.1", "127.0.0.1:", "localhost:1", "1.2.3:4",
					  "[::1]", ":99", "127.0.0.1:99999", "127.0.0.1:x", "192.0.2.1:9"};
	struct error e;
	char taken[32];

	begin_with(0, 0);
	struct event_base *base = event_base_new();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		e.text[0] = '\0';
		cr_expect_null(open_at(base, bad[i], 0, 0, &e), "%s", bad[i]);
		cr_expect(e.text[0]);
	}
	snprintf(taken, sizeof taken, "127.0.0.1:%u", served.port);
	cr_expect_null(open_at(base, taken, 0, 0, &e), "taken");
	struct metrics *six = open_at(base, "[::1]:0", 0, 0, &e);
	if (six)
		cr_expect_neq(metrics_port(six), 0);
	metrics_close(six);
	event_base_free(base);
	finish();
}

static struct bytes text_of(const struct overview *o)
{
	struct bytes b;

	bytes_init(&b, METRICS_TEXT_MAX);
	metrics_text(o, &b);
	cr_expect_not(b.full);
	bytes_u8(&b, 0);
	return b;
}

Test(metrics, every_number_is_there_once)
{
	struct overview *o = calloc(1, sizeof *o);
	char line[256], name[METRIC_NAME_MAX];

	overview_sample(o, 2);
	struct bytes b = text_of(o);
	for (unsigned i = 0; i < stat_count; i++) {
		metrics_name(stat_infos[i].name, name);
		snprintf(line, sizeof line, "\negret_%s_%s_total %llu\n", stat_infos[i].group, name,
			 (unsigned long long)stat_get(&o->stats, i));
		const char *at = strstr((char *)b.p, line);
		cr_assert(at, "%s", line);
		cr_expect_null(strstr(at + 1, line));
	}
	const char *t = (char *)b.p;
	cr_expect(has(t, "\negret_capture_cut_packets_total "));
	cr_expect(has(t, "\negret_flow_missed_bytes_total "));
	cr_expect(has(t, "\negret_analyst_lost_records_total{kind=\"conn\"} ") ||
		  has(t, "\negret_analyst_records_lost_total{kind=\"conn\"} 42\n"));
	cr_expect(has(t, "\negret_interface_ring_lost_packets_total{interface=\"eth1\"} 180\n"));
	cr_expect(has(t, "\negret_reload_timestamp_seconds 1772409600.000000005\n"));
	cr_expect(has(t, "\negret_analyst_delay_seconds_bucket{le=\"0.001\"} "));
	cr_expect(has(t, "\negret_analyst_delay_seconds_bucket{le=\"+Inf\"} 300\n"));
	cr_expect(has(t, "\negret_analyst_delay_seconds_count 300\n"));
	cr_expect(has(t, "\negret_ring_depth_bytes_bucket{le=\"4096\"} 5\n"));
	cr_expect(has(t, "\negret_build_info{version=\"0.1.0\"} 1\n"));
	bytes_fini(&b);
	free(o);
}

Test(metrics, names_of_interfaces_are_escaped)
{
	struct overview *o = calloc(1, sizeof *o);

	overview_sample_full(o);
	struct bytes b = text_of(o);
	cr_expect(has((char *)b.p, "{interface=\"a\\\"b\\\\\\\\x0a\\\\xffc\"} "), "%s", (char *)b.p);
	bytes_fini(&b);
	*o = (struct overview){0};
	b = text_of(o);
	cr_expect_not(has((char *)b.p, "interface"));
	bytes_fini(&b);
	free(o);
}

Test(metrics, quantiles)
{
	struct histogram h = {.least = 1000};

	cr_expect_eq(histogram_quantile(&h, 0.99), 0);
	for (unsigned i = 0; i < 99; i++)
		histogram_add(&h, 1500);
	histogram_add(&h, UINT64_MAX);
	cr_expect_eq(histogram_quantile(&h, 0.99), 2000);
	cr_expect_eq(histogram_quantile(&h, 1), UINT64_MAX);
}
