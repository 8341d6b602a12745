/* Outlets to syslog: /dev/log, UDP (RFC 5426), TCP with octet counting (RFC 6587). */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/limits.h"
#include "output/outlet_entry.h"
#include "output/outlet_inner.h"
#include "output/outlet_socket.h"
#include "output/syslog_message.h"

#define UDP_MAX	    2048	       /* RFC 5424 6.1: what receivers should take */
#define MESSAGE_MAX (64 * (size_t)KIB) /* over others */
#define BATCH	    (4 * MESSAGE_MAX)  /* bytes sent together */
#define BATCH_LINES 512
#define FRAME_MAX   8		      /* "65536 ", or a newline */
#define PROBE	    (100 * NS_PER_MS) /* for an answer that nobody listens to UDP */

struct syslog {
	char *host, *port; /* NULL: a UNIX socket */
	int type;	   /* of host */
	int fd;		   /* -1: none */
	bool stream;	   /* that fd is */
	size_t limit;	   /* of a message, now */
	struct syslog_sender sender;
	struct outlet_scratch scratch;
	char *message; /* MESSAGE_MAX */
	/* a stream's messages on their way */
	char *batch;
	size_t used, sent;
	struct {
		size_t end;  /* in batch */
		uint64_t at; /* the queue behind it */
		size_t line; /* bytes of its line */
	} mark[BATCH_LINES];
	unsigned marks, done;
};

/* HOST[:PORT], [ADDRESS][:PORT] */
static bool split(struct syslog *s, const char *target)
{
	const char *end, *colon;

	if (*target == '[') {
		target++;
		end = strchr(target, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		colon = end[1] ? end + 1 : NULL;
	} else {
		colon = strchr(target, ':');
		end = colon ? colon : target + strlen(target);
	}
	if (end == target || (colon && (!colon[1] || strlen(colon + 1) > 5 ||
					colon[1 + strspn(colon + 1, "0123456789")])))
		return false;
	s->host = mem_strndup(target, (size_t)(end - target));
	const char *port = colon ? colon + 1 : "514";
	s->port = mem_strndup(port, strlen(port));
	return true;
}

static bool read_target(struct syslog *s, const char *target)
{
	static const char udp[] = "udp://", tcp[] = "tcp://";

	if (target && strncmp(target, udp, sizeof udp - 1) == 0) {
		s->type = SOCK_DGRAM;
		return split(s, target + sizeof udp - 1);
	}
	if (target && strncmp(target, tcp, sizeof tcp - 1) == 0) {
		s->type = SOCK_STREAM;
		return split(s, target + sizeof tcp - 1);
	}
	return target && *target == '/' && socket_path_fits(target);
}

/* SD-NAME: section 6.3.2. */
static bool is_sd_name(const char *z)
{
	size_t n = strlen(z);

	for (size_t i = 0; i < n; i++)
		if (z[i] <= 0x20 || z[i] >= 0x7f || strchr("=]\"", z[i]))
			return false;
	return n > 0 && n <= 32;
}

static void syslog_free(struct syslog *s)
{
	if (s->fd >= 0)
		close(s->fd);
	outlet_scratch_free(&s->scratch);
	free(s->host);
	free(s->port);
	free(s->message);
	free(s->batch);
	free(s);
}

int outlet_syslog_target(const char *target, struct error *e)
{
	struct syslog s = {0};
	bool good = read_target(&s, target);

	free(s.host);
	free(s.port);
	if (good)
		return 0;
	return error_set(e,
			 "'%.200s' is no path of a socket, udp://HOST[:PORT] or tcp://HOST[:PORT]",
			 target ? target : "");
}

static int syslog_open(struct outlet *o, const struct outlet_options *options, struct error *e)
{
	struct syslog *s = mem_zalloc(sizeof *s);
	const char *id = o->options.sd_id ? o->options.sd_id : OUTLET_SD_ID;
	int failed = 0;

	s->fd = -1;
	s->message = mem_alloc(MESSAGE_MAX);
	s->batch = mem_alloc(BATCH);
	syslog_sender_init(&s->sender, o->options.name, id);
	if (!is_sd_name(id))
		failed = error_set(e, "\"%.60s\" is no name of structured data (RFC 5424)", id);
	else
		failed = outlet_syslog_target(options->target, e);
	if (failed) {
		syslog_free(s);
		return failed;
	}
	read_target(s, options->target);
	o->state = s;
	return 0;
}

static bool is_udp(const struct syslog *s)
{
	return s->host && s->type == SOCK_DGRAM;
}

static int dial(struct outlet *o, struct syslog *s, struct error *e)
{
	if (s->host) {
		s->fd = socket_net(o, s->host, s->port, s->type, e);
		s->stream = s->type == SOCK_STREAM;
	} else {
		s->fd = socket_unix(o->options.target, &s->stream, e);
	}
	s->limit = is_udp(s) ? UDP_MAX : MESSAGE_MAX;
	return s->fd < 0 ? -1 : 0;
}

/* What was not handed on whole is made anew. */
static void hang_up(struct syslog *s)
{
	close(s->fd);
	s->fd = -1;
	s->used = s->sent = 0;
	s->marks = s->done = 0;
}

/* Somebody listens, or at least nobody says otherwise. */
static bool arrived(struct outlet *o, struct syslog *s)
{
	int why = 0;
	socklen_t n = sizeof why;

	outlet_pause(o, s->fd, 0, PROBE);
	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &why, &n))
		return false;
	errno = why;
	return why == 0;
}

/* Sends one message. While UDP fails it stays in the queue until it is known to have come through.
 */
static enum outlet_step send_one(struct outlet *o, struct syslog *s)
{
	struct outlet_entry e;
	uint64_t next = outlet_entry_get(&o->ring, line_ring_tail(&o->ring), &s->scratch, &e);
	size_t n = syslog_message(&s->sender, &e, s->message, s->limit);

	if (send(s->fd, s->message, n, MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN) {
			o->wait_fd = s->fd;
			return STEP_FULL;
		}
		if (errno == EMSGSIZE && s->limit > SYSLOG_LEAST) {
			s->limit = n / 2 > SYSLOG_LEAST ? n / 2 : SYSLOG_LEAST;
			return STEP_MORE;
		}
		return errno == EINTR ? STEP_MORE : STEP_FAILED;
	}
	if (is_udp(s) && atomic_load(&o->failing) && !arrived(o, s))
		return STEP_FAILED;
	outlet_wrote(o, next, 1, e.line.n + 1);
	return STEP_MORE;
}

static enum outlet_step send_datagrams(struct outlet *o, struct syslog *s)
{
	enum outlet_step step = STEP_EMPTY;

	for (int i = 0; i < BATCH_LINES && line_ring_queued(&o->ring); i++)
		if ((step = send_one(o, s)) != STEP_MORE)
			break;
	return step;
}

static void fill(struct outlet *o, struct syslog *s)
{
	uint64_t at = line_ring_tail(&o->ring), head = line_ring_head(&o->ring);
	struct outlet_entry e;

	s->used = s->sent = 0;
	s->marks = s->done = 0;
	while (at != head && s->marks < BATCH_LINES && BATCH - s->used >= s->limit + FRAME_MAX) {
		at = outlet_entry_get(&o->ring, at, &s->scratch, &e);
		size_t n = syslog_message(&s->sender, &e, s->message, s->limit);
		if (s->host)
			s->used += (size_t)sprintf(s->batch + s->used, "%zu ", n);
		memcpy(s->batch + s->used, s->message, n);
		s->used += n;
		if (!s->host)
			s->batch[s->used++] = '\n';
		s->mark[s->marks].end = s->used;
		s->mark[s->marks].line = e.line.n + 1;
		s->mark[s->marks++].at = at;
	}
}

/* The other side has closed: what is sent now would be lost without a word. */
static bool is_over(struct syslog *s)
{
	char nothing[256]; /* servers say nothing; if one does, nobody wants it */
	ssize_t n;

	while ((n = recv(s->fd, nothing, sizeof nothing, MSG_DONTWAIT)) > 0)
		;
	if (n == 0)
		errno = ECONNRESET;
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

static enum outlet_step send_stream(struct outlet *o, struct syslog *s)
{
	if (is_over(s))
		return STEP_FAILED;
	if (s->sent == s->used)
		fill(o, s);
	if (s->used == 0)
		return STEP_EMPTY;
	ssize_t n = send(s->fd, s->batch + s->sent, s->used - s->sent, MSG_NOSIGNAL);
	if (n < 0) {
		o->wait_fd = s->fd;
		return errno == EAGAIN ? STEP_FULL : errno == EINTR ? STEP_MORE : STEP_FAILED;
	}
	s->sent += (size_t)n;
	for (; s->done < s->marks && s->mark[s->done].end <= s->sent; s->done++)
		outlet_wrote(o, s->mark[s->done].at, 1, s->mark[s->done].line);
	return STEP_MORE;
}

static enum outlet_step syslog_write(struct outlet *o)
{
	struct syslog *s = o->state;
	struct error e;

	outlet_reopen_taken(o);
	/* only a line can show that a UDP server is back */
	if (is_udp(s) && atomic_load(&o->failing) && !line_ring_queued(&o->ring))
		return STEP_FAILED;
	for (bool again = false;; again = true) {
		if (s->fd < 0 && dial(o, s, &e))
			return outlet_fail(o, "%s", e.text);
		enum outlet_step step = s->stream ? send_stream(o, s) : send_datagrams(o, s);
		if (step != STEP_FAILED)
			return step;
		int why = errno;
		hang_up(s);
		/* a server that was started anew is there at once */
		if (again || is_udp(s) || atomic_load(&o->failing))
			return outlet_fail(o, "%.180s: %s", o->options.target, strerror(why));
	}
}

static void syslog_close(struct outlet *o)
{
	syslog_free(o->state);
}

const struct outlet_part outlet_syslog = {
	.noted = true,
	.open = syslog_open,
	.write = syslog_write,
	.close = syslog_close,
};
