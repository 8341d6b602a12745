#include "gen_packet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen_random.h"

#define ETHERNET 14
#define SHORTEST 60
#define EPOCH	 1760000000u

uint64_t packets, packet_wire_bytes, packet_file_bytes;

static FILE *out;
/* the packet at hand */
static uint8_t packet[70000];
static uint32_t transport_at, transport_bytes;

uint8_t *put_bytes(uint8_t *p, const void *data, uint32_t n)
{
	memcpy(p, data, n);
	return p + n;
}

void packet_open(const char *path)
{
	const uint32_t head[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};

	out = fopen(path, "wb");
	if (!out) {
		perror(path);
		exit(1);
	}
	setvbuf(out, NULL, _IOFBF, 1 << 20);
	fwrite(head, 1, sizeof head, out);
	packet_file_bytes = sizeof head;
}

void packet_close(void)
{
	if (fclose(out)) {
		perror("gen");
		exit(1);
	}
}

static void write_packet(uint64_t time, uint32_t n)
{
	const uint32_t head[4] = {(uint32_t)(EPOCH + time / 1000000), (uint32_t)(time % 1000000), n,
				  n};

	fwrite(head, 1, sizeof head, out);
	fwrite(packet, 1, n, out);
	packets++;
	packet_wire_bytes += n;
	packet_file_bytes += n + sizeof head;
}

/* RFC 1071, in the machine's own byte order. */
static uint64_t sum_add(uint64_t sum, const uint8_t *p, uint32_t n)
{
	for (; n >= 4; n -= 4, p += 4) {
		uint32_t v;
		memcpy(&v, p, 4);
		sum += v;
	}
	for (; n; n -= n < 2 ? n : 2, p += 2) {
		uint16_t v = 0;
		memcpy(&v, p, n < 2 ? n : 2);
		sum += v;
	}
	return sum;
}

static uint16_t sum_end(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint8_t *put_ip4(uint8_t *p, const uint8_t *src, const uint8_t *dst, enum way way,
			uint8_t proto, uint32_t n)
{
	memset(p, 0, 20);
	p[0] = 0x45;
	put16(p + 2, 20 + n);
	put16(p + 4, (uint16_t)random_bits());
	p[6] = 0x40;
	p[8] = way == DOWN ? 54 : 64;
	p[9] = proto;
	memcpy(p + 12, src, 4);
	memcpy(p + 16, dst, 4);
	uint16_t sum = sum_end(sum_add(0, p, 20));
	memcpy(p + 10, &sum, 2);
	return p + 20;
}

static uint8_t *put_ip6(uint8_t *p, const uint8_t *src, const uint8_t *dst, enum way way,
			uint8_t proto, uint32_t n)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	put16(p + 4, n);
	p[6] = proto;
	p[7] = way == DOWN ? 54 : 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	return p + 40;
}

uint8_t *packet_begin(const struct ends *e, enum way way, uint8_t proto, uint32_t n)
{
	static const uint8_t mac[2][6] = {{2, 0, 0x5e, 0, 0, 1}, {2, 0, 0x5e, 0, 0, 2}};
	const uint8_t *src = way == DOWN ? e->server.b : e->client.b;
	const uint8_t *dst = way == DOWN ? e->client.b : e->server.b;
	uint8_t *p = put_bytes(packet, mac[way == UP], 6);

	p = put_bytes(p, mac[way == DOWN], 6);
	p = put16(p, e->is6 ? 0x86dd : 0x0800);
	p = e->is6 ? put_ip6(p, src, dst, way, proto, n) : put_ip4(p, src, dst, way, proto, n);
	transport_at = (uint32_t)(p - packet);
	transport_bytes = n;
	return p;
}

void packet_end(const struct ends *e, uint8_t proto, uint64_t time)
{
	uint8_t *transport = packet + transport_at;
	uint64_t sum = htons((uint16_t)transport_bytes) + htons(proto);

	sum = e->is6 ? sum_add(sum, packet + ETHERNET + 8, 32)
		     : sum_add(sum, packet + ETHERNET + 12, 8);
	uint16_t check = sum_end(sum_add(sum, transport, transport_bytes));
	if (proto == 17 && check == 0)
		check = 0xffff;
	memcpy(transport + (proto == 6 ? 16 : 6), &check, 2);
	uint32_t n = transport_at + transport_bytes;
	while (n < SHORTEST)
		packet[n++] = 0;
	write_packet(time, n);
}

uint8_t *put_ports(uint8_t *p, const struct ends *e, enum way way)
{
	p = put16(p, way == DOWN ? e->server_port : e->client_port);
	return put16(p, way == DOWN ? e->client_port : e->server_port);
}

uint8_t *packet_udp(const struct ends *e, enum way way, uint32_t n)
{
	uint8_t *p = put_ports(packet_begin(e, way, 17, 8 + n), e, way);

	return put16(put16(p, 8 + n), 0);
}
