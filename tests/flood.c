/* flood KIND COUNT: writes a capture to standard output that fills one kind of table: COUNT hostile
 * flows, names, clients, …, no two alike, and spread over them an upload of 3 MB by 10.9.9.9 to MEGA
 * that has to be found all the same. `flood lines COUNT` writes lines of JSON instead.
 *
 *	flows	connections that are established, and go on
 *	attempts	SYNs that nobody answers
 *	names	DNS exchanges, names of 20 to 250 bytes
 *	unanswered	DNS queries without an answer, each of its own flow
 *	heads	ClientHellos and HTTP heads that never end, holes in them
 *	quic	QUIC Initial packets of clients that are no clients
 *	fragments	first fragments of datagrams that never end
 *	clients	a client each: it looks up a service of tier A and sends to one of tier B
 *	tenants	a bucket or tenant each: a megabyte is sent there
 *	sites	the same to names of no list
 *	groups	DNS exchanges below flood.example: groups of a correlation
 *
 * Fits the time of the capture: what is idle for a second is never given up for that. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKTYPE_RAW   101
#define SPAN_US	       (50 * 1000000ull) /* of the whole flood: less than what flows may be idle */
#define UPLOAD_PACKETS 2200
#define UPLOAD_SEGMENT 1400
#define HEAD_MAX       1400

enum { FIN = 1, SYN = 2, PUSH = 8, ACK = 16 };

static uint64_t now_us = 1700000000ull * 1000000, random_state = 1;

struct end {
	uint32_t address;
	uint16_t port;
};

static uint32_t random32(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 32);
}

static uint8_t *put16(uint8_t *p, uint32_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

static uint8_t *put(uint8_t *p, const void *data, size_t n)
{
	memcpy(p, data, n);
	return p + n;
}

static void write_all(const void *p, size_t n)
{
	if (fwrite(p, 1, n, stdout) != n)
		exit(1);
}

static void begin_file(void)
{
	static const uint32_t head[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, LINKTYPE_RAW};

	write_all(head, sizeof head);
}

/* An IPv4 packet; `fragment`: its flags and offset. */
static void packet(const struct end *from, const struct end *to, uint8_t proto, uint16_t id,
		   uint16_t fragment, const uint8_t *head, size_t head_n, const void *data, size_t n)
{
	uint8_t room[16 + 20], *p = room + 16;
	uint32_t record[4] = {(uint32_t)(now_us / 1000000), (uint32_t)(now_us % 1000000),
			      (uint32_t)(20 + head_n + n), (uint32_t)(20 + head_n + n)};

	memcpy(room, record, sizeof record);
	p = put16(p, 0x4500);
	p = put16(p, (uint32_t)(20 + head_n + n));
	p = put16(p, id);
	p = put16(p, fragment);
	*p++ = 64;
	*p++ = proto;
	p = put16(p, 0);
	p = put32(p, from->address);
	p = put32(p, to->address);
	write_all(room, (size_t)(p - room));
	write_all(head, head_n);
	if (n)
		write_all(data, n);
}

static void tcp(const struct end *from, const struct end *to, uint8_t flags, uint32_t seq,
		uint32_t ack, const void *data, size_t n)
{
	uint8_t head[20], *p = head;

	p = put16(p, from->port);
	p = put16(p, to->port);
	p = put32(p, seq);
	p = put32(p, ack);
	*p++ = 0x50;
	*p++ = flags;
	p = put16(p, 65535);
	p = put32(p, 0);
	packet(from, to, 6, (uint16_t)random32(), 0, head, sizeof head, data, n);
}

static void udp(const struct end *from, const struct end *to, const void *data, size_t n)
{
	uint8_t head[8], *p = head;

	p = put16(p, from->port);
	p = put16(p, to->port);
	p = put16(p, (uint32_t)(8 + n));
	p = put16(p, 0);
	packet(from, to, 17, (uint16_t)random32(), 0, head, sizeof head, data, n);
}

static void handshake(const struct end *c, const struct end *s)
{
	tcp(c, s, SYN, 1000, 0, NULL, 0);
	tcp(s, c, SYN | ACK, 5000, 1001, NULL, 0);
	tcp(c, s, ACK, 1001, 5001, NULL, 0);
}

/* A ClientHello with this name, and padding up to `most` bytes; returns its length. */
static size_t hello(uint8_t *out, const char *name, size_t padding)
{
	size_t n = strlen(name);
	uint8_t *p = out + 9;

	p = put16(p, 0x0303);
	memset(p, 0x11, 32);
	p += 32;
	*p++ = 0;
	p = put32(p, 0x00021301);
	*p++ = 1;
	*p++ = 0;
	p = put16(p, (uint32_t)(9 + n + (padding ? 4 + padding : 0)));
	if (padding) {
		p = put16(p, 21);
		p = put16(p, (uint32_t)padding);
		memset(p, 0, padding);
		p += padding;
	}
	p = put16(p, 0);
	p = put16(p, (uint32_t)(5 + n));
	p = put16(p, (uint32_t)(3 + n));
	*p++ = 0;
	p = put16(p, (uint32_t)n);
	p = put(p, name, n);
	size_t whole = (size_t)(p - out);
	p = put(out, "\x16\x03\x01", 3);
	p = put16(p, (uint32_t)(whole - 5));
	put32(p, 0x01000000 | (uint32_t)(whole - 9));
	return whole;
}

/* ---- the upload ---- */

static void upload_step(unsigned step)
{
	static const struct end c = {0x0a090909, 50000}, s = {0xcb007199, 443};
	static uint8_t data[UPLOAD_SEGMENT];
	static uint32_t seq = 1001;

	if (step == 0) {
		handshake(&c, &s);
		size_t n = hello(data, "gfs270n071.userstorage.mega.co.nz", 0);
		tcp(&c, &s, PUSH | ACK, seq, 5001, data, n);
		seq += (uint32_t)n;
	} else {
		tcp(&c, &s, ACK, seq, 5001, data, sizeof data);
		seq += sizeof data;
	}
	tcp(&s, &c, ACK, 5001, seq, NULL, 0);
}

/* ---- DNS ---- */

/* The i-th name below `parent`, of so many bytes or a few less; as text and as in a message. */
static size_t make_name(uint64_t i, size_t length, const char *parent, char *text, uint8_t *wire)
{
	size_t n = 0;

	n += (size_t)sprintf(text, "n%llx", (unsigned long long)i);
	while (n + strlen(parent) + 2 < length) {
		if (n % 40 == 39)
			text[n++] = '.';
		text[n] = (char)('a' + (i >> n % 17) % 26);
		n++;
	}
	if (text[n - 1] == '.')
		n--;
	n += (size_t)sprintf(text + n, ".%s", parent);
	uint8_t *p = wire;
	for (const char *at = text; *at;) {
		size_t label = strcspn(at, ".");
		*p++ = (uint8_t)label;
		p = put(p, at, label);
		at += label + (at[label] == '.');
	}
	*p++ = 0;
	return (size_t)(p - wire);
}

static size_t dns(uint8_t *out, uint16_t id, const uint8_t *name, size_t n, uint32_t address)
{
	uint8_t *p = put16(out, id);

	p = put16(p, address ? 0x8180 : 0x0100);
	p = put16(p, 1);
	p = put16(p, address ? 1 : 0);
	p = put32(p, 0);
	p = put(p, name, n);
	p = put32(p, 0x00010001);
	if (address) {
		p = put16(p, 0xc00c);
		p = put32(p, 0x00010001);
		p = put32(p, 3600);
		p = put16(p, 4);
		p = put32(p, address);
	}
	return (size_t)(p - out);
}

static struct end client_of(uint64_t i)
{
	return (struct end){0x0a000000 | (uint32_t)(i * 2654435761u >> 8 & 0xffffff),
			    (uint16_t)(1024 + (i >> 8) % 60000)};
}

static void ask(uint64_t i, const struct end *c, const char *name_or, const char *parent,
		size_t length, bool answered)
{
	static const struct end resolver = {0x0a000001, 53};
	uint8_t wire[300], message[600];
	char text[300];
	size_t n = make_name(i, length, parent, text, wire);

	if (name_or) { /* as it is */
		uint8_t *p = wire;
		for (const char *at = name_or; *at;) {
			size_t label = strcspn(at, ".");
			*p++ = (uint8_t)label;
			p = put(p, at, label);
			at += label + (at[label] == '.');
		}
		*p++ = 0;
		n = (size_t)(p - wire);
	}
	udp(c, &resolver, message, dns(message, (uint16_t)i, wire, n, 0));
	if (answered)
		udp(&resolver, c, message,
		    dns(message, (uint16_t)i, wire, n, 0xc0000000 | (uint32_t)(i & 0xffffff)));
}

/* ---- kinds ---- */

static void flows(uint64_t i)
{
	struct end c = {0x0a000000 | (uint32_t)(i >> 8 & 0xffff), (uint16_t)(1024 + (i & 0xff))};
	struct end s = {0xc6330000 | (uint32_t)(i >> 10 & 0xffff), 8443};

	handshake(&c, &s);
	tcp(&c, &s, PUSH | ACK, 1001, 5001, "\x80\x81\x82\x83", 4);
	tcp(&s, &c, PUSH | ACK, 5001, 1005, "\x80\x81\x82\x83", 4);
}

static void attempts(uint64_t i)
{
	struct end c = {0x0a000000 | (uint32_t)(i & 0xffffff), (uint16_t)(1024 + i % 60000)};
	struct end s = {0xc6330000 | (uint32_t)(i % 65521), 443};

	tcp(&c, &s, SYN, (uint32_t)i, 0, NULL, 0);
}

static void names(uint64_t i)
{
	struct end c = client_of(i);

	ask(i, &c, NULL, "example.net", 20 + i % 231, true);
}

static void unanswered(uint64_t i)
{
	struct end c = client_of(i);

	ask(i, &c, NULL, "example.net", i % 2 ? 30 : 250, false);
}

static void groups(uint64_t i)
{
	struct end c = client_of(i % 1000);

	ask(i, &c, NULL, "flood.example", 30 + i % 200, true);
}

static void heads(uint64_t i)
{
	static uint8_t text[16384];
	struct end c = client_of(i), s = {0xc6330000 | (uint32_t)(i % 65521), 443};
	size_t n;

	c.port = (uint16_t)(1024 + i % 60000);
	if (i % 2) {
		n = hello(text, "half.open.example", 12000);
	} else {
		n = (size_t)sprintf((char *)text, "POST /%llu HTTP/1.1\r\nHost: half.open.example\r\n",
				    (unsigned long long)i);
		memset(text + n, 'x', 12000);
		n += 12000;
	}
	handshake(&c, &s);
	tcp(&c, &s, ACK, 1001, 5001, text, HEAD_MAX);
	/* a hole, and pieces behind it of sizes that differ */
	size_t at = HEAD_MAX + 100 + i % 700;
	tcp(&c, &s, ACK, (uint32_t)(1001 + at), 5001, text + at, 20 + (i * 37) % HEAD_MAX);
	if (i % 7 == 0 && n > 9000)
		tcp(&c, &s, ACK, (uint32_t)(1001 + 9000), 5001, text + 9000, 100 + i % 1000);
}

static void quic(uint64_t i)
{
	static uint8_t initial[1200];
	struct end c = client_of(i), s = {0xc6330000 | (uint32_t)(i % 65521), 443};

	put(initial, "\xc3\x00\x00\x00\x01\x08", 6);
	put32(put32(initial + 6, (uint32_t)i), (uint32_t)(i >> 32));
	put(initial + 14, "\x00\x00\x44\x9e", 4);
	udp(&c, &s, initial, sizeof initial);
}

static void fragments(uint64_t i)
{
	static const uint8_t data[1480] = {0x12, 0x34, 0x00, 0x50};
	struct end c = client_of(i), s = {0xc6330000 | (uint32_t)(i % 65521), 0};

	packet(&c, &s, i % 2 ? 6 : 17, (uint16_t)i, (uint16_t)(0x2000 | (i % 4 ? 0 : i % 40 * 185)),
	       data, 20, data, sizeof data - 20);
}

/* `bytes` to a name, over a connection whose packets but for the last are not captured. */
static void send_to(uint64_t i, const struct end *c, const char *name, uint32_t bytes)
{
	uint8_t text[1400];
	struct end s = {0xc6330000 | (uint32_t)(i % 65521), 443};
	size_t n = hello(text, name, 0);
	uint32_t end = 1001 + (uint32_t)n + bytes;

	handshake(c, &s);
	tcp(c, &s, PUSH | ACK, 1001, 5001, text, n);
	tcp(c, &s, PUSH | ACK, end - 4, 5001, "last", 4);
	tcp(&s, c, ACK, 5001, end, NULL, 0);
	tcp(c, &s, FIN | ACK, end, 5001, NULL, 0);
	tcp(&s, c, FIN | ACK, 5001, end + 1, NULL, 0);
	tcp(c, &s, ACK, end + 1, 5002, NULL, 0);
}

static void clients(uint64_t i)
{
	struct end c = {0x0a000000 | (uint32_t)(i & 0xffffff), (uint16_t)(1024 + (i >> 24) + i % 9)};

	ask(i, &c, "gofile.io", "x", 1, true);
	c.port++;
	send_to(i, &c, "content.dropboxapi.com", 200000);
}

static void tenants(uint64_t i)
{
	struct end c = {0x0a000000 | (uint32_t)(i % 5000), (uint16_t)(1024 + i % 60000)};
	char name[128];

	sprintf(name, i % 2 ? "bucket-%llu.s3.amazonaws.com" : "tenant%llu.sharepoint.com",
		(unsigned long long)i);
	send_to(i, &c, name, 1100000);
}

static void sites(uint64_t i)
{
	struct end c = {0x0a000000 | (uint32_t)(i % 50000), (uint16_t)(1024 + i % 60000)};
	char name[300];
	uint8_t wire[300];

	make_name(i, 30 + i % 200, "org", name, wire);
	send_to(i, &c, name, 1100000);
}

static const struct kind {
	const char *name;
	void (*one)(uint64_t i);
} kinds[] = {
	{"flows", flows},	{"attempts", attempts},	  {"names", names},
	{"heads", heads},	{"unanswered", unanswered}, {"quic", quic},
	{"fragments", fragments}, {"clients", clients},	  {"tenants", tenants},
	{"sites", sites},	{"groups", groups},
};

/* Lines with keys, values and nesting of their own each. */
static void lines(uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		printf("{\"EventID\":22,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\","
		       "\"Computer\":\"h%llu\",\"QueryName\":\"q%llu.flood.example\","
		       "\"Image\":\"C:\\\\p%llu.exe\",\"UtcTime\":\"2023-11-14 22:13:20.%03u\"",
		       (unsigned long long)i, (unsigned long long)i, (unsigned long long)i,
		       (unsigned)(i % 1000));
		for (unsigned k = 0; k < 20; k++)
			printf(",\"k%llu_%u\":{\"a%u\":%u}", (unsigned long long)i, k, random32(), k);
		printf("}\n");
	}
}

int main(int argc, char **argv)
{
	static char buffer[1 << 20];
	uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, start = now_us;
	unsigned step = 0;

	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	if (count && strcmp(argv[1], "lines") == 0) {
		lines(count);
		return fflush(stdout) != 0;
	}
	for (size_t k = 0; count && k < sizeof kinds / sizeof *kinds; k++) {
		if (strcmp(argv[1], kinds[k].name) != 0)
			continue;
		begin_file();
		for (uint64_t i = 0; i < count; i++) {
			now_us = start + SPAN_US * i / count;
			/* from a third of the flood on */
			while (i > count / 3 && step < UPLOAD_PACKETS &&
			       (i - count / 3) * UPLOAD_PACKETS / (count - count / 3) >= step)
				upload_step(step++);
			kinds[k].one(i);
		}
		while (step < UPLOAD_PACKETS)
			upload_step(step++);
		return fflush(stdout) != 0;
	}
	fputs("usage: flood KIND COUNT\n", stderr);
	return 2;
}
