#include "output/outlet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/limits.h"
#include "output/compress.h"
#include "output/outlet_entry.h"
#include "output/outlet_inner.h"
#include "output/sink.h"

#define LINGER	    (50 * NS_PER_MS) /* between two small writes */
#define WAKE_BYTES  (UINT64_C(64) * KIB)
#define BACKOFF_MIN (250 * NS_PER_MS)
#define BACKOFF_MAX (10 * NS_PER_S)
#define STALL	    (10 * NS_PER_S)  /* nothing taken for so long is a failure */
#define HOLD	    (20 * NS_PER_MS) /* between two looks at what nobody wakes us for */
#define TELL_AGAIN  (60 * NS_PER_S)
#define HANGING	    (200 * NS_PER_MS) /* what a closing waits for a system call */

enum {
	AWAKE,
	LINGERS, /* wakes itself; to be woken when there is much */
	IDLES,	 /* to be woken by any line */
};

static void wake(struct outlet *o)
{
	uint64_t one = 1;

	if (write(o->wake, &one, sizeof one) < 0) {
		/* it would overflow: then it is readable, which is all that is wanted */
	}
}

/* Telling. */

static void tell(struct outlet *o, bool good, const char *text)
{
	if (o->silent)
		return;
	if (good && o->options.recovered)
		o->options.recovered(o->options.context, o->options.name, text);
	else if (o->options.problem)
		o->options.problem(o->options.context, o->options.name, text);
}

static void note(struct outlet *o, const char *text)
{
	pthread_mutex_lock(&o->lock);
	snprintf(o->problem, sizeof o->problem, "%s", text);
	pthread_mutex_unlock(&o->lock);
}

static bool tell_problem(struct outlet *o, const char *text)
{
	uint64_t now = clock_steady();

	pthread_mutex_lock(&o->telling);
	bool news = !o->told || now - o->told >= TELL_AGAIN || strcmp(o->told_text, text) != 0;
	if (news) {
		o->told = now;
		snprintf(o->told_text, sizeof o->told_text, "%s", text);
		tell(o, false, text);
	}
	pthread_mutex_unlock(&o->telling);
	return news;
}

void outlet_trouble(struct outlet *o, const char *format, ...)
{
	char text[sizeof o->problem];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	atomic_fetch_add(&o->errors, 1);
	note(o, text);
	tell_problem(o, text);
}

enum outlet_step outlet_fail(struct outlet *o, const char *format, ...)
{
	char text[sizeof o->problem];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	if (!atomic_load(&o->failing)) {
		o->failing_since = clock_steady();
		o->lost_before = atomic_load(&o->dropped);
		o->failure_told = false;
		atomic_store(&o->failing, true);
	}
	atomic_fetch_add(&o->errors, 1);
	note(o, text);
	if (!o->failure_told)
		o->failure_told = tell_problem(o, text);
	return STEP_FAILED;
}

static void works(struct outlet *o)
{
	char text[128];
	int n;

	if (!atomic_load(&o->failing))
		return;
	atomic_store(&o->failing, false);
	uint64_t lost = atomic_load(&o->dropped) - o->lost_before;
	if (!o->failure_told)
		return;
	n = snprintf(text, sizeof text, "works again after %.1f s, ",
		     (double)(clock_steady() - o->failing_since) / (double)NS_PER_S);
	if (lost)
		snprintf(text + n, sizeof text - (size_t)n, "%llu lines were lost",
			 (unsigned long long)lost);
	else
		snprintf(text + n, sizeof text - (size_t)n, "no line was lost");
	o->lost_told += lost;
	pthread_mutex_lock(&o->telling);
	tell(o, true, text);
	pthread_mutex_unlock(&o->telling);
}

/* Lines that a full queue lost, though the destination takes some: it is too slow. */
static void tell_lost(struct outlet *o)
{
	uint64_t lost = atomic_load_explicit(&o->dropped, memory_order_relaxed), now;
	char text[128];

	if (lost == o->lost_told || atomic_load(&o->failing))
		return;
	now = clock_steady();
	if (o->lost_when && now - o->lost_when < TELL_AGAIN)
		return;
	snprintf(text, sizeof text, "too slow: its queue was full, %llu more lines were lost",
		 (unsigned long long)(lost - o->lost_told));
	o->lost_told = lost;
	o->lost_when = now;
	note(o, text);
	pthread_mutex_lock(&o->telling);
	tell(o, false, text);
	pthread_mutex_unlock(&o->telling);
}

/* The writer. */

bool outlet_pause(struct outlet *o, int fd, short events, uint64_t ns)
{
	struct pollfd p[2] = {{.fd = o->wake, .events = POLLIN}, {.fd = fd, .events = events}};
	uint64_t count;

	if (atomic_load(&o->closing)) {
		uint64_t now = clock_steady(), end = atomic_load(&o->deadline);
		if (now >= end)
			return false;
		if (ns > end - now)
			ns = end - now;
	}
	struct timespec t = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
	int n = ppoll(p, 2, ns == UINT64_MAX ? NULL : &t, NULL);
	if (n > 0 && p[0].revents && read(o->wake, &count, sizeof count) < 0) {
		/* somebody else cannot have read it; nothing to do */
	}
	return n > 0 && p[1].revents;
}

/* Until the next line, or as long as few enough wait and `ns` are not over. */
static void doze(struct outlet *o, int how, uint64_t few, uint64_t ns)
{
	atomic_store(&o->sleep, how);
	if (line_ring_queued(&o->ring) < few && !atomic_load(&o->reopen) &&
	    !atomic_load(&o->closing))
		outlet_pause(o, -1, 0, ns);
	atomic_store(&o->sleep, AWAKE);
}

static void linger(struct outlet *o, uint64_t last)
{
	uint64_t now;

	while (line_ring_queued(&o->ring) < o->wake_bytes && !atomic_load(&o->reopen) &&
	       !atomic_load(&o->closing) && (now = clock_steady()) - last < LINGER)
		doze(o, LINGERS, o->wake_bytes, last + LINGER - now);
}

static void full(struct outlet *o)
{
	uint64_t now = clock_steady();

	if (!o->full_since)
		o->full_since = now;
	else if (o->wait_fd >= 0 && now - o->full_since >= STALL && !atomic_load(&o->failing))
		outlet_fail(o, "nothing was taken for %u s", (unsigned)(STALL / NS_PER_S));
	outlet_pause(o, o->wait_fd, POLLOUT, o->wait_fd < 0 ? HOLD : NS_PER_S);
}

static void run(struct outlet *o)
{
	uint64_t backoff = BACKOFF_MIN, last = 0;

	for (bool first = true;; first = false) {
		bool empty = line_ring_queued(&o->ring) == 0 && !atomic_load(&o->reopen);
		bool closing = atomic_load(&o->closing);

		tell_lost(o);
		if (closing && (empty || clock_steady() >= atomic_load(&o->deadline)))
			return;
		linger(o, last);
		if (empty && !first && !atomic_load(&o->failing)) {
			doze(o, IDLES, 1, UINT64_MAX);
			continue;
		}
		switch (o->part->write(o)) {
		case STEP_MORE:
			last = clock_steady();
			o->full_since = 0;
			/* a disk that takes one line and no second does not work */
			if (line_ring_queued(&o->ring) > 0 && last - o->failing_since < BACKOFF_MAX)
				break;
			/* fall through */
		case STEP_EMPTY:
			works(o);
			backoff = BACKOFF_MIN;
			break;
		case STEP_FULL:
			full(o);
			break;
		case STEP_FAILED:
			outlet_pause(o, -1, 0, backoff);
			backoff = backoff * 2 < BACKOFF_MAX ? backoff * 2 : BACKOFF_MAX;
			break;
		}
	}
}

static void free_all(struct outlet *o)
{
	line_ring_fini(&o->ring);
	pthread_mutex_destroy(&o->lock);
	pthread_mutex_destroy(&o->telling);
	if (o->wake >= 0)
		close(o->wake);
	free((char *)o->options.name);
	free((char *)o->options.target);
	free((char *)o->options.sd_id);
	mem_lines_free(o, sizeof *o);
}

static void *thread_main(void *context)
{
	struct outlet *o = context;

	pthread_setname_np(pthread_self(), "outlet");
	run(o);
	o->part->close(o);
	if (atomic_exchange(&o->left, true))
		free_all(o);
	return NULL;
}

/* All signals are for others; a blocked SIGPIPE is an EPIPE. */
static int start(struct outlet *o)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&o->thread, NULL, thread_main, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

static char *copy_of(const char *z)
{
	return z ? mem_strndup(z, strlen(z)) : NULL;
}

struct outlet *outlet_open(const struct outlet_options *options, struct error *e)
{
	static const struct outlet_part *const parts[] = {
		[OUTLET_FILE] = &outlet_file,
		[OUTLET_STDOUT] = &outlet_stdout,
		[OUTLET_SYSLOG] = &outlet_syslog,
		[OUTLET_JOURNAL] = &outlet_journal,
	};
	struct outlet *o = mem_lines(sizeof *o);

	o->part = parts[options->kind];
	o->options = *options;
	o->options.name = copy_of(options->name);
	o->options.target = copy_of(options->target);
	o->options.sd_id = copy_of(options->sd_id);
	line_ring_init(&o->ring, options->queue > 4 * KIB ? options->queue : 4 * KIB);
	o->wake_bytes = o->ring.size / 4 < WAKE_BYTES ? o->ring.size / 4 : WAKE_BYTES;
	pthread_mutex_init(&o->lock, NULL);
	pthread_mutex_init(&o->telling, NULL);
	o->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (o->wake < 0) {
		error_set(e, "%s: %s", o->options.name, strerror(errno));
	} else if (o->part->open(o, options, e) == 0) {
		int failed = start(o);
		if (!failed)
			return o;
		error_set(e, "%s: no thread: %s", o->options.name, strerror(failed));
		o->part->close(o);
	}
	free_all(o);
	return NULL;
}

/* The producer. */

bool outlet_put(struct outlet *o, const char *line, size_t n, const struct outlet_note *note)
{
	struct str s = {line, n};
	bool fits = o->part->noted ? outlet_entry_put(&o->ring, clock_wall(), s, note)
				   : line_ring_put(&o->ring, &s, 1);

	if (!fits) {
		atomic_fetch_add_explicit(&o->dropped, 1, memory_order_relaxed);
		return false;
	}
	atomic_fetch_add_explicit(&o->put, 1, memory_order_relaxed);
	int sleep = atomic_load(&o->sleep);
	if (sleep == IDLES || (sleep == LINGERS && line_ring_queued(&o->ring) >= o->wake_bytes))
		if (atomic_exchange(&o->sleep, AWAKE) != AWAKE)
			wake(o);
	return true;
}

/* Anybody. */

void outlet_reopen(struct outlet *o)
{
	pthread_mutex_lock(&o->lock);
	/* Of two requests that wait, the first one's place serves both: the file is not opened yet,
	 * so what the second one's caller did to the path is done. */
	if (!atomic_load(&o->reopen))
		o->reopen_at = line_ring_head(&o->ring);
	atomic_store(&o->reopen, true);
	pthread_mutex_unlock(&o->lock);
	wake(o);
}

bool outlet_reopen_asked(struct outlet *o, uint64_t *at)
{
	if (!atomic_load(&o->reopen))
		return false;
	pthread_mutex_lock(&o->lock);
	*at = o->reopen_at;
	pthread_mutex_unlock(&o->lock);
	return true;
}

void outlet_reopen_taken(struct outlet *o)
{
	pthread_mutex_lock(&o->lock);
	atomic_store(&o->reopen, false);
	pthread_mutex_unlock(&o->lock);
}

void outlet_wrote(struct outlet *o, uint64_t to, uint64_t lines, uint64_t bytes)
{
	atomic_fetch_add_explicit(&o->lines, lines, memory_order_relaxed);
	atomic_fetch_add_explicit(&o->bytes, bytes, memory_order_relaxed);
	line_ring_take(&o->ring, to);
}

void outlet_count(struct outlet *o, struct outlet_counts *out)
{
	*out = (struct outlet_counts){
		.queued = line_ring_queued(&o->ring),
		.lines = atomic_load(&o->lines),
		.bytes = atomic_load(&o->bytes),
		.lost = atomic_load(&o->dropped),
		.errors = atomic_load(&o->errors),
		.failing = atomic_load(&o->failing),
		.reopening = atomic_load(&o->reopen),
	};
	pthread_mutex_lock(&o->lock);
	memcpy(out->problem, o->problem, sizeof out->problem);
	pthread_mutex_unlock(&o->lock);
}

void outlet_end(struct outlet *o, uint64_t wait)
{
	uint64_t now = clock_steady();

	atomic_store(&o->deadline, wait < UINT64_MAX / 2 - now ? now + wait : UINT64_MAX / 2);
	atomic_store(&o->closing, true);
	wake(o);
}

uint64_t outlet_close(struct outlet *o, uint64_t wait)
{
	if (!atomic_load(&o->closing))
		outlet_end(o, wait);
	uint64_t end = atomic_load(&o->deadline) + HANGING;
	struct timespec until = {(time_t)(end / NS_PER_S), (long)(end % NS_PER_S)};
	bool ended = pthread_clockjoin_np(o->thread, NULL, CLOCK_MONOTONIC, &until) == 0;
	uint64_t lost = atomic_load(&o->put) - atomic_load(&o->lines);
	if (!ended) {
		pthread_mutex_lock(&o->telling);
		o->silent = true;
		pthread_mutex_unlock(&o->telling);
		pthread_detach(o->thread);
	}
	if (atomic_exchange(&o->left, true))
		free_all(o);
	return lost;
}

size_t outlet_memory(uint64_t queue)
{
	/* what takes a line out of the ring, or puts lines of syslog together, is no larger than
	 * the ring, and of lines that are at most SINK_LINE_MAX */
	return mem_memory(queue) + 4 * mem_memory(SINK_LINE_MAX) +
	       mem_lines_memory(sizeof(struct outlet)) + COMPRESS_MEMORY;
}
