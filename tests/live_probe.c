/* Opens an interface through capture/live.h and reads it, a thread a member: for live_test.py, and
 * for measuring.
 *
 *     live_probe [-m MEMBERS] [-s inner|hash] [-f FILTER] [-r RING] [-l SNAPLEN] [-w PREFIX] [-e]
 *                INTERFACE
 *
 *   -w  writes what each member gets to PREFIX.0.pcap, … (nanoseconds)
 *   -e  wait for the descriptor only, with no limit
 *
 * Commands on standard input: pause, resume, quit (or its end). Lines of JSON on standard output:
 * one when all members are open, one for each that finds its interface gone, one for each at the
 * end. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/live.h"
#include "core/limits.h"

struct probe {
	struct live_options options;
	const char *prefix;
	bool events_only;
	atomic_bool paused, quit;
	int wake[2]; /* a pipe that is readable when it is over */
};

struct member {
	struct probe *probe;
	struct live *live;
	unsigned number;
	pthread_t thread;
	FILE *file;
	uint64_t frames, bytes, cut, calls, back, last, cpu;
	uint32_t longest, link;
	bool gone;
};

static void put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof v, 1, f);
}

static void begin_file(struct member *m)
{
	char path[256];
	snprintf(path, sizeof path, "%s.%u.pcap", m->probe->prefix, m->number);
	m->file = fopen(path, "wb");
	if (!m->file) {
		perror(path);
		exit(1);
	}
	put32(m->file, 0xa1b23c4d);
	put32(m->file, 4 << 16 | 2);
	put32(m->file, 0);
	put32(m->file, 0);
	put32(m->file, LIMIT_PACKET);
	put32(m->file, 1);
}

static void take(void *context, const struct frame *frames, size_t count)
{
	struct member *m = context;

	m->calls++;
	for (size_t i = 0; i < count; i++) {
		const struct frame *f = &frames[i];
		m->frames++;
		m->bytes += f->length;
		m->cut += f->captured < f->length;
		m->longest = f->length > m->longest ? f->length : m->longest;
		m->link = f->link;
		m->back += f->time < m->last;
		m->last = f->time;
		if (m->file) {
			put32(m->file, (uint32_t)(f->time / NS_PER_S));
			put32(m->file, (uint32_t)(f->time % NS_PER_S));
			put32(m->file, f->captured);
			put32(m->file, f->length);
			fwrite(f->data, 1, f->captured, m->file);
		}
	}
}

static void read_all(struct member *m)
{
	struct error e;
	long n = 0;

	do {
		n = live_read(m->live, 1024, take, m, &e);
	} while (n == 1024 && !m->probe->quit && !m->probe->paused);
	if (n < 0 && !m->gone) {
		m->gone = true;
		printf("{\"gone\": %u, \"error\": \"%s\"}\n", m->number, e.text);
		fflush(stdout);
	}
}

static void *run(void *argument)
{
	struct member *m = argument;
	struct probe *p = m->probe;
	struct pollfd wait[2] = {{.fd = live_descriptor(m->live), .events = POLLIN},
				 {.fd = p->wake[0], .events = POLLIN}};
	struct timespec cpu;

	while (!p->quit) {
		if (p->paused || m->gone) {
			usleep(1000);
			continue;
		}
		int n = poll(wait, 2, p->events_only ? -1 : 500);
		if ((n > 0 || !p->events_only) && !p->paused)
			read_all(m);
	}
	if (!m->gone)
		read_all(m);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	m->cpu = (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec;
	return NULL;
}

static void report(struct member *m)
{
	struct live_counts c;
	bool there = live_count(m->live, &c);

	printf("{\"member\": %u, \"frames\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"cut\": %" PRIu64
	       ", \"longest\": %u, \"link\": %u, \"back\": %" PRIu64 ", \"calls\": %" PRIu64
	       ", \"received\": %" PRIu64 ", \"ring_lost\": %" PRIu64 ", \"nic_lost\": %" PRIu64
	       ", \"nic_dropped\": %" PRIu64 ", \"there\": %s, \"index\": %u, \"cpu\": %.3f}\n",
	       m->number, m->frames, m->bytes, m->cut, m->longest, m->link, m->back, m->calls,
	       c.received, c.ring_lost, c.nic_lost, c.nic_dropped, there ? "true" : "false",
	       live_index(m->live), (double)m->cpu / NS_PER_S);
}

static void obey(struct probe *p)
{
	char line[64];

	while (fgets(line, sizeof line, stdin)) {
		if (!strcmp(line, "pause\n")) {
			p->paused = true;
			usleep(20000); /* a call that has begun ends */
			puts("{\"paused\": true}");
		} else if (!strcmp(line, "resume\n")) {
			p->paused = false;
		} else {
			break;
		}
		fflush(stdout);
	}
	usleep(3 * LIVE_RETIRE_MS * 1000); /* what the kernel holds is ready by then */
	p->quit = true;
	close(p->wake[1]);
}

static void options(struct probe *p, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "m:s:f:r:l:w:e")) != -1)
		switch (option) {
		case 'm':
			p->options.members = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 's':
			p->options.spread = *optarg == 'h' ? LIVE_SPREAD_HASH : LIVE_SPREAD_INNER;
			break;
		case 'f':
			p->options.filter = optarg;
			break;
		case 'r':
			p->options.ring = strtoull(optarg, NULL, 10);
			break;
		case 'l':
			p->options.snaplen = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			p->prefix = optarg;
			break;
		case 'e':
			p->events_only = true;
			break;
		default:
			exit(2);
		}
	p->options.interface = argv[optind];
}

int main(int argc, char **argv)
{
	static struct probe p = {.options = {.members = 1,
					     .snaplen = LIMIT_PACKET,
					     .ring = 32 * MIB,
					     .promiscuous = true}};
	static struct member members[LIVE_MEMBERS_MAX];
	struct live *live[LIVE_MEMBERS_MAX];
	struct error e;

	options(&p, argc, argv);
	if (!p.options.interface || pipe(p.wake))
		return 2;
	if (live_open(&p.options, live, &e)) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	for (unsigned i = 0; i < p.options.members; i++) {
		members[i] = (struct member){.probe = &p, .live = live[i], .number = i};
		if (p.prefix)
			begin_file(&members[i]);
		if (pthread_create(&members[i].thread, NULL, run, &members[i]))
			return 1;
	}
	printf("{\"open\": %u}\n", p.options.members);
	fflush(stdout);
	obey(&p);
	for (unsigned i = 0; i < p.options.members; i++) {
		pthread_join(members[i].thread, NULL);
		report(&members[i]);
		live_close(live[i]);
		if (members[i].file)
			fclose(members[i].file);
	}
	return 0;
}
