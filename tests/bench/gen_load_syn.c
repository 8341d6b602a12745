#include "gen_load.h"
#include "gen_packet.h"
#include "gen_random.h"
#include "gen_truth.h"

enum { SYN = 2, RST_ACK = 0x14 };

/* No two alike: i scattered over client and port, and in order over the servers. */
static struct ends ends_of(uint32_t i)
{
	uint32_t a = i * 0x9e3779b1u;
	struct ends e = {
		.client = {{10, (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8 | 1)}},
		.server = {{(uint8_t)(45 + (i & 7)), (uint8_t)(i >> 19), (uint8_t)(i >> 11),
			    (uint8_t)(i >> 3)}},
		.client_port = (uint16_t)(1024 + (a & 0xffff) % 64000),
	};

	return e;
}

static void datagram(const struct ends *e, uint64_t now)
{
	const uint32_t n = 18;

	random_bytes(packet_udp(e, UP, n), n);
	packet_end(e, 17, now);
}

static void put_rest(uint8_t *p, uint32_t seq, uint32_t ack, uint8_t flags, uint32_t window)
{
	p = put32(put32(p, seq), ack);
	p = put8(put8(p, 5 << 4), flags);
	put32(put16(p, window), 0);
}

/* A SYN, and a refusal a little later. */
static void attempt(const struct ends *e, uint64_t *now, int refused)
{
	uint8_t *p = put_ports(packet_begin(e, UP, 6, 20), e, UP);
	uint32_t seq = (uint32_t)random_bits();

	put_rest(p, seq, 0, SYN, 1024);
	packet_end(e, 6, *now);
	if (!refused)
		return;
	truth.two_packets++;
	*now += 1 + random_below(3);
	p = put_ports(packet_begin(e, DOWN, 6, 20), e, DOWN);
	put_rest(p, 0, seq + 1, RST_ACK, 0);
	packet_end(e, 6, *now);
}

void load_syn(double scale)
{
	static const uint16_t ports[] = {443, 80, 22, 445, 3389, 23, 8080};
	uint32_t attempts = (uint32_t)(3200000 * scale);
	uint64_t now = 0;

	for (uint32_t i = 0; i < attempts; i++) {
		now += 1 + random_below(18);
		struct ends e = ends_of(i);
		random_bits(); /* unused; seeds mean what they meant */
		int udp = random_percent(30);
		e.server_port = ports[random_below(7)];
		truth.flows++;
		int refused = random_percent(25);
		if (udp)
			datagram(&e, now);
		else
			attempt(&e, &now, refused);
	}
}
