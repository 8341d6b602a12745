/* Sends the frames of a capture file on an interface, as they are.
 *
 *     inject [-n LOOPS] [-r RATE] [-t] INTERFACE FILE
 *
 *   -n  how many times the file is sent (default 1)
 *   -r  packets a second (default: as fast as it goes)
 *   -t  through the interface's taps and queue, so that a capture on the interface itself sees what
 *       is sent; without it, frames go straight to the driver, which is faster
 *
 * Says how many were sent as a line of JSON. Frames that the interface does not take (larger than
 * its MTU, or dropped by its driver each time) are counted and left out. Needs CAP_NET_RAW. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/source.h"
#include "core/limits.h"

struct frames {
	struct mmsghdr *messages;
	size_t count, room;
};

struct totals {
	uint64_t sent, bytes, refused;
	unsigned tries; /* in a row, of the next one */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "inject: %s: %s\n", what, why);
	exit(1);
}

static void add(struct frames *f, const struct frame *frame)
{
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 1024;
		f->messages = mem_resize(f->messages, f->room * sizeof *f->messages);
	}
	struct iovec *part = mem_alloc(sizeof *part + frame->captured);
	part->iov_base = memcpy(part + 1, frame->data, frame->captured);
	part->iov_len = frame->captured;
	f->messages[f->count++] = (struct mmsghdr){.msg_hdr = {.msg_iov = part, .msg_iovlen = 1}};
}

static void load(struct frames *f, const char *path)
{
	struct source_files_options options = {.paths = &path, .path_count = 1};
	struct stats stats = {0};
	struct error e;
	struct frame batch[LIMIT_BATCH];
	struct source *source = source_open_files(&options, &stats, &e);
	size_t n;

	if (!source)
		die(path, e.text);
	while ((n = source_next(source, batch, LIMIT_BATCH)))
		for (size_t i = 0; i < n; i++)
			if (batch[i].captured >= ETH_HLEN)
				add(f, &batch[i]);
	source_close(source);
	if (!f->count)
		die(path, "no frames");
}

static int open_interface(const char *name, int bypass)
{
	int s = socket(AF_PACKET, SOCK_RAW, 0), room = 4 << 20;
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_ifindex = (int)if_nametoindex(name)};

	if (s < 0 || !address.sll_ifindex || bind(s, (struct sockaddr *)&address, sizeof address) ||
	    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) ||
	    (bypass && setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass)))
		die(name, strerror(errno));
	return s;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void wait_until(uint64_t when)
{
	struct timespec t = {.tv_sec = (time_t)(when / NS_PER_S),
			     .tv_nsec = (long)(when % NS_PER_S)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* Up to n messages; how many are done with, sent or not. */
static size_t send_some(int s, struct mmsghdr *messages, size_t n, struct totals *t)
{
	enum { TRIES = 2000 };
	int sent = sendmmsg(s, messages, (unsigned)n, 0);

	if (sent > 0) {
		for (int i = 0; i < sent; i++)
			t->bytes += messages[i].msg_len;
		t->sent += (uint64_t)sent;
		t->tries = 0;
		return (size_t)sent;
	}
	switch (errno) {
	case ENOBUFS:
	case EAGAIN:
	case EINTR:
		usleep(50);
		if (++t->tries < TRIES)
			return 0;
		t->tries = 0;
		/* fallthrough */
	case EMSGSIZE:
		t->refused++;
		return 1;
	default:
		die("sendmmsg", strerror(errno));
		return 0;
	}
}

static void send_all(int s, const struct frames *f, uint64_t loops, uint64_t rate, struct totals *t)
{
	uint64_t begin = now();

	for (uint64_t loop = 0; loop < loops; loop++)
		for (size_t at = 0; at < f->count;) {
			size_t n = f->count - at < LIMIT_BATCH ? f->count - at : LIMIT_BATCH;
			if (rate) {
				uint64_t done = t->sent + t->refused;
				wait_until(begin + done * NS_PER_S / rate);
				if (rate < 64 * 1000) /* evenly, rather than in bursts */
					n = n < rate / 1000 + 1 ? n : rate / 1000 + 1;
			}
			at += send_some(s, f->messages + at, n, t);
		}
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end)
		die(text, "not a number");
	return n;
}

int main(int argc, char **argv)
{
	uint64_t loops = 1, rate = 0;
	struct frames frames = {0};
	struct totals t = {0};
	int option, bypass = 1;

	while ((option = getopt(argc, argv, "n:r:t")) != -1)
		switch (option) {
		case 'n':
			loops = number(optarg);
			break;
		case 'r':
			rate = number(optarg);
			break;
		case 't':
			bypass = 0;
			break;
		default:
			return 2;
		}
	if (argc - optind != 2)
		die("usage", "inject [-n LOOPS] [-r RATE] [-t] INTERFACE FILE");
	load(&frames, argv[optind + 1]);
	int s = open_interface(argv[optind], bypass);
	uint64_t begin = now();
	send_all(s, &frames, loops, rate, &t);
	double seconds = (double)(now() - begin) / NS_PER_S;
	printf("{\"sent\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"refused\": %" PRIu64
	       ", \"seconds\": %.3f, \"rate\": %.0f}\n",
	       t.sent, t.bytes, t.refused, seconds, seconds > 0 ? (double)t.sent / seconds : 0);
	for (size_t i = 0; i < frames.count; i++)
		free(frames.messages[i].msg_hdr.msg_iov);
	free(frames.messages);
	close(s);
	return 0;
}
