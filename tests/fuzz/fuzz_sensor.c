/* Packets through the whole path: sensor, analyst with a few services, records as JSON lines.
 *
 * The input is a script. Its first byte chooses (enum bits): frames as they stand, or small packets of
 * a few TCP and UDP flows that it steers, which get far faster to the parsers behind the headers. In
 * the end nothing may be left that a flow held, and the counters add up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "detect/analyst.h"
#include "output/record_json.h"
#include "sensor/inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FRAMES_MAX 4096
#define RAW_IP 101
#define ETHERNET 1

enum bits {
	BIT_RAW = 1,
	BIT_FEW = 2,	/* flows at one time */
	BIT_BATCH = 4,	/* frames together, else one by one */
	BIT_TICK = 8,	/* time passes between them without packets */
};

/* A step of time that is none: the clock of the packets was set back. */
#define BACK UINT16_MAX

static struct domain_set *services(void)
{
	static struct domain_set *set;
	static const char text[] = "[Shelf]\ncategory cloud-storage\ntier A\nweb shelf.example\n"
				   "[Bin]\ncategory paste\ntier C\nupload-api a.b\nweb b.c D\n"
				   "[Ask]\ncategory encrypted-dns\ntier D\nweb doh.example\n";
	char path[] = "/tmp/fuzz-sensor-XXXXXX";
	const char *paths[] = {path};
	struct domain_set_options o = {.paths = paths, .path_count = 1};
	struct error e;

	if (set)
		return set;
	int fd = mkstemp(path);
	if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1)
		abort();
	close(fd);
	set = domain_set_load(&o, &e);
	unlink(path);
	if (!set)
		abort();
	return set;
}

static void step(uint64_t *time, uint16_t ms)
{
	if (ms == BACK)
		*time -= 2 * LIMIT_CLOCK_BACK;
	else
		*time += ms * NS_PER_MS;
}

static void to_analyst(void *context, const struct record *r)
{
	analyst_take(context, r);
}

static void to_json(void *context, const struct record *r)
{
	static char line[RECORD_JSON_MAX];

	size_t n = record_json(context, r, line, sizeof line);
	if (n == 0 || n > sizeof line || line[n - 1] != '\n')
		abort();
	for (size_t i = 0; i + 1 < n; i++)
		if ((uint8_t)line[i] < 0x20)
			abort();
}

static void to_nothing(void *context, const struct finding *f)
{
	(void)context;
	if (strlen(f->id) != FINDING_ID_MAX - 1 || f->up > UINT64_MAX / 2)
		abort();
}

static struct frame raw_frame(struct cursor *c, uint64_t *time)
{
	uint32_t link = cur_u8(c);
	uint32_t n = cur_u16(c) & 0x7ff;

	step(time, cur_u16(c));
	if (n > cur_left(c))
		n = (uint32_t)cur_left(c);
	const uint8_t *p = cur_take(c, n);
	return (struct frame){.time = *time,
			      .data = p,
			      .captured = n,
			      .length = n,
			      .link = link & 1 ? link >> 1 : ETHERNET};
}

/* What the script's packets go on from. */
struct talk {
	uint32_t seq[8][2];
};

/* Four bytes steer a packet: flow and side, flags, payload length, how far from in order. Of the flags,
 * 0x80 cuts the packet, 0x40 makes the distance one of megabytes, and 0x20 has the side go on from
 * there. */
static struct frame made_frame(struct cursor *c, uint64_t *time, struct talk *t, uint8_t *room)
{
	static const uint16_t ports[8] = {443, 80, 53, 1080, 53, 443, 25, 5353};
	uint8_t who = cur_u8(c), flags = cur_u8(c), length = cur_u8(c), shift = cur_u8(c);
	unsigned flow = who & 7, side = who >> 3 & 1;
	bool udp = flow == 4 || flow == 5 || flow == 7;
	uint32_t n = length < 248 ? length : 248u + (length & 7u) * 180;
	uint8_t *p = room;

	if (who & 0x10)
		step(time, cur_u16(c));
	if (n > cur_left(c))
		n = (uint32_t)cur_left(c);
	uint32_t header = 20 + (udp ? 8 : 20), total = header + n;
	memset(p, 0, header);
	p[0] = 0x45;
	p[2] = (uint8_t)(total >> 8);
	p[3] = (uint8_t)total;
	p[8] = 64;
	p[9] = udp ? PROTO_UDP : PROTO_TCP;
	memcpy(p + 12 + 4 * side, "\x0a\x00\x00\x01", 4);
	memcpy(p + 16 - 4 * side, "\xc6\x33\x64\x07", 4);
	p += 20;
	uint16_t client = (uint16_t)(40000 + (who >> 6)), port[2] = {client, ports[flow]};
	p[0] = (uint8_t)(port[side] >> 8);
	p[1] = (uint8_t)port[side];
	p[2] = (uint8_t)(port[!side] >> 8);
	p[3] = (uint8_t)port[!side];
	const uint8_t *payload = cur_take(c, n);
	if (n)
		memcpy(p + (udp ? 8 : 20), payload, n);
	if (udp) {
		p[4] = (uint8_t)((n + 8) >> 8);
		p[5] = (uint8_t)(n + 8);
	} else {
		uint32_t *seq = t->seq[flow];
		uint32_t at = seq[side] + (uint32_t)((int8_t)shift * (flags & 0x40  ? 5000011
								      : who & 0x20 ? 100003
										   : 1));
		uint32_t at_be = __builtin_bswap32(at), ack_be = __builtin_bswap32(seq[!side]);
		memcpy(p + 4, &at_be, 4);
		memcpy(p + 8, &ack_be, 4);
		p[12] = 5 << 4;
		p[13] = flags & 0x1f;
		memset(p + 14, 1, 2);
		if (shift == 0 || flags & 0x20)
			seq[side] = at + n + (flags & TCP_SYN ? 1 : 0);
	}
	return (struct frame){.time = *time,
			      .data = room,
			      .captured = flags & 0x80 && total > 60 ? 60 : total,
			      .length = total,
			      .link = RAW_IP};
}

static void leave_nothing(size_t held, const char *what)
{
	if (!held)
		return;
	fprintf(stderr, "%zu %s left\n", held, what);
	abort();
}

/* What a sensor hears, and what its records and counters then are. */
static void run(struct sensor *s, uint8_t how, struct cursor c)
{
	static uint8_t room[LIMIT_BATCH][4096];
	struct frame frames[LIMIT_BATCH];
	struct talk talk = {0};
	uint64_t time = UINT64_C(1700000000) * NS_PER_S;
	unsigned most = how & BIT_BATCH ? LIMIT_BATCH : 1, all = 0;

	while (cur_left(&c) && all < FRAMES_MAX) {
		unsigned n = 0;
		for (; n < most && cur_left(&c); n++)
			frames[n] = how & BIT_RAW ? raw_frame(&c, &time)
						  : made_frame(&c, &time, &talk, room[n]);
		sensor_take(s, frames, n);
		if (how & BIT_TICK)
			sensor_tick(s, sensor_time(s) + 100 * NS_PER_MS);
		all += n;
	}
	sensor_finish(s);
}

static void check_counters(const struct stats *s)
{
	if (s->flows != s->flows_tcp + s->flows_udp || s->tcp_retransmitted > FRAMES_MAX * LIMIT_BATCH)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct record_json json;
	/* one analyst hears all runs: it is not what is looked into here */
	static struct analyst *a;
	struct stats stats = {0};
	struct sensor_settings settings = {.flow = flow_settings_default, .rare_dns = true};
	struct cursor c = cur_of(data, n);
	uint8_t how = cur_u8(&c);

	settings.flow.flows_max = how & BIT_FEW ? 4 : 1024;
	if (!a)
		a = analyst_new(
			&(struct analyst_options){.set = services(),
						  .threshold = {1, 1000, 100000, UINT64_MAX},
						  .next = {.take = to_json, .context = &json}});
	struct sensor *s = sensor_new(
		&settings, (struct record_sink){.take = to_analyst, .context = a}, &stats);
	run(s, how, c);
	check_counters(&stats);
	leave_nothing(s->slab.used, "slab");
	leave_nothing(pool_live(&s->streams.pool), "streams");
	leave_nothing(pool_live(&s->quics.pool), "quics");
	leave_nothing(pool_live(&s->table.flows), "flows");
	leave_nothing(pool_live(&s->table.rares), "rares");
	leave_nothing(s->dns.index.used, "DNS index");
	leave_nothing(pool_live(&s->dns.pending), "DNS queries");
	leave_nothing(s->names.index.used, "names");
	analyst_findings(a, to_nothing, NULL);
	sensor_free(s);
	return 0;
}
