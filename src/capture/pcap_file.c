#include "capture/pcap_file.h"

#include "core/limits.h"

#define MAGIC_MICRO 0xa1b2c3d4
#define MAGIC_NANO 0xa1b23c4d
#define MAGIC_MODIFIED 0xa1b2cd34 /* Kuznetzov's: interface, protocol and type with each packet */

static uint32_t known_magic(uint32_t magic)
{
	return magic == MAGIC_MICRO || magic == MAGIC_NANO || magic == MAGIC_MODIFIED ? magic : 0;
}

bool pcap_file_is(const uint8_t *magic)
{
	return known_magic(order_u32(magic, true)) || known_magic(order_u32(magic, false));
}

int pcap_file_init(struct pcap_file *f, const uint8_t *header, struct error *e)
{
	bool big = known_magic(order_u32(header, true)) != 0;
	uint32_t magic = order_u32(header, big);
	unsigned major = order_u16(header + 4, big), minor = order_u16(header + 6, big);

	/* 543.0 is what DG/UX's tcpdump wrote */
	if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0))
		return error_set(e, "pcap version %u.%u is not known", major, minor);
	*f = (struct pcap_file){
		/* the upper bits tell the length of the frame check sequence */
		.link = order_u32(header + 20, big) & 0x03ffffff,
		.unit = magic == MAGIC_NANO ? 1 : 1000,
		.header = magic == MAGIC_MODIFIED ? 24 : 16,
		.big = big,
	};
	if (major == 543 || minor < 3)
		f->lengths = PCAP_LENGTHS_SWAPPED;
	else if (minor == 3)
		f->lengths = PCAP_LENGTHS_EITHER;
	return 0;
}

/* Some writers of old versions had the captured and the wire length the other way round. */
static void order_lengths(const struct pcap_file *f, uint32_t *captured, uint32_t *length)
{
	if (f->lengths == PCAP_LENGTHS_KEPT)
		return;
	if (f->lengths == PCAP_LENGTHS_SWAPPED || *captured > *length) {
		uint32_t swap = *captured;
		*captured = *length;
		*length = swap;
	}
}

/* A header that cannot be one: too large, or all zero as in the unwritten tail of a file whose
 * writer's machine stopped. */
static bool impossible(const uint8_t *p, uint32_t captured, uint32_t length, struct want *want)
{
	if (captured > LIMIT_PACKET)
		error_set(&want->damage, "a packet of %u captured bytes", captured);
	else if (!length && !captured && !load_be32(p) && !load_be32(p + 4))
		error_set(&want->damage, "zeros in the place of a packet");
	else
		return false;
	return true;
}

size_t pcap_file_next(const struct pcap_file *f, struct stream *s, struct frame *out, size_t room,
		      struct want *want)
{
	const uint8_t *p = s->p, *const end = s->end;
	const struct pcap_file c = *f;
	size_t n = 0;

	want->bytes = c.header;
	want->inside = "a packet";
	while (n < room && (size_t)(end - p) >= c.header) {
		uint32_t captured = order_u32(p + 8, c.big), length = order_u32(p + 12, c.big);

		order_lengths(&c, &captured, &length);
		if ((captured > LIMIT_PACKET || !length) && impossible(p, captured, length, want))
			break;
		if ((size_t)(end - p) - c.header < captured) {
			want->bytes = c.header + captured;
			break;
		}
		out[n++] = (struct frame){
			.time = order_u32(p, c.big) * NS_PER_S +
				(uint64_t)order_u32(p + 4, c.big) * c.unit,
			.data = p + c.header,
			.captured = captured,
			/* seen in the wild: more captured than there was */
			.length = captured > length ? captured : length,
			.link = c.link,
		};
		p += c.header + captured;
	}
	s->p = p;
	return n;
}
