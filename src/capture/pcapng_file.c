#include "capture/pcapng_file.h"

#include <stdlib.h>

#include "base/mem.h"
#include "capture/ng_clock.h"
#include "core/limits.h"

#define BLOCK_SECTION 0x0a0d0d0a /* the same in both byte orders */
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 2 /* obsolete */
#define BLOCK_SIMPLE 3
#define BLOCK_ENHANCED 6

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define BLOCK_FRAME 12    /* type, length, and the length again at the end */
#define SECTION_BODY 16   /* byte order, version, section length */

#define OPTION_END 0
#define OPTION_TSRESOL 9
#define OPTION_TSOFFSET 14

struct ng_interface {
	uint32_t link;
	uint32_t snaplen; /* 0 = unlimited */
	struct ng_clock clock;
};

/* One block, looked at as a whole. */
struct block {
	uint32_t type;
	uint32_t total; /* bytes, frame included */
	bool big;
	struct cursor body;
};

enum verdict { BLOCK_DONE, BLOCK_GIVES_FRAME, BLOCK_BAD };

static uint32_t body_u32(struct block *b)
{
	return b->big ? cur_u32(&b->body) : cur_u32le(&b->body);
}

static uint16_t body_u16(struct block *b)
{
	return b->big ? cur_u16(&b->body) : cur_u16le(&b->body);
}

bool pcapng_file_is(const uint8_t *magic)
{
	return load_be32(magic) == BLOCK_SECTION;
}

void pcapng_file_init(struct pcapng_file *f)
{
	*f = (struct pcapng_file){0};
}

void pcapng_file_fini(struct pcapng_file *f)
{
	free(f->interfaces);
}

static enum verdict bad(struct want *want, const char *text)
{
	error_set(&want->damage, "%s", text);
	return BLOCK_BAD;
}

static enum verdict section(struct pcapng_file *f, struct block *b, struct want *want)
{
	if (cur_left(&b->body) < SECTION_BODY)
		return bad(want, "a section header that is too short");
	cur_skip(&b->body, 4);
	unsigned major = body_u16(b), minor = body_u16(b);
	if (major != 1) {
		error_set(&want->damage, "pcapng version %u.%u is not known", major, minor);
		return BLOCK_BAD;
	}
	f->big = b->big;
	f->count = 0;
	return BLOCK_DONE;
}

/* The options that tell the clock. */
static bool interface_options(struct block *b, uint8_t *resolution, int64_t *offset)
{
	while (cur_left(&b->body)) {
		unsigned code = body_u16(b), length = body_u16(b);
		struct cursor value = cur_sub(&b->body, length);
		cur_skip(&b->body, -length & 3);
		if (b->body.bad)
			return false;
		if (code == OPTION_END)
			return true;
		if (code == OPTION_TSRESOL && length == 1)
			*resolution = cur_u8(&value);
		if (code == OPTION_TSOFFSET && length == 8) {
			uint64_t first = order_u32(value.p, b->big);
			uint64_t second = order_u32(value.p + 4, b->big);
			*offset = (int64_t)(b->big ? first << 32 | second : second << 32 | first);
		}
	}
	return true;
}

static enum verdict interface(struct pcapng_file *f, struct block *b, struct want *want)
{
	uint8_t resolution = NG_CLOCK_MICRO;
	int64_t offset = 0;
	struct ng_interface i = {.link = body_u16(b)};

	cur_skip(&b->body, 2);
	i.snaplen = body_u32(b);
	if (b->body.bad || !interface_options(b, &resolution, &offset))
		return bad(want, "an interface description that is cut");
	if (f->count == LIMIT_INTERFACES)
		return bad(want, "too many interfaces");
	i.clock = ng_clock_of(resolution, offset);
	if (f->count == f->room) {
		f->room = f->room ? 2 * f->room : 4;
		f->interfaces = mem_resize(f->interfaces, f->room * sizeof i);
	}
	f->interfaces[f->count++] = i;
	return BLOCK_DONE;
}

/* The end of every kind of packet block: `captured` bytes at the cursor. */
static enum verdict packet(struct block *b, uint32_t captured, uint32_t length, struct frame *out,
			   struct want *want)
{
	if (captured > LIMIT_PACKET) {
		error_set(&want->damage, "a packet of %u captured bytes", captured);
		return BLOCK_BAD;
	}
	out->data = cur_take(&b->body, captured);
	if (!out->data)
		return bad(want, "a packet that is longer than its block");
	out->captured = captured;
	out->length = captured > length ? captured : length;
	return BLOCK_GIVES_FRAME;
}

static enum verdict timed_packet(struct pcapng_file *f, struct block *b, struct frame *out,
				 struct want *want)
{
	uint32_t number = b->type == BLOCK_ENHANCED ? body_u32(b) : body_u16(b);

	if (b->type == BLOCK_PACKET)
		cur_skip(&b->body, 2); /* packets dropped */
	uint64_t high = body_u32(b), low = body_u32(b);
	uint32_t captured = body_u32(b), length = body_u32(b);
	if (b->body.bad)
		return bad(want, "a packet block that is too short");
	if (number >= f->count)
		return bad(want, "a packet of an interface that is not described");
	const struct ng_interface *i = &f->interfaces[number];
	f->time = ng_clock_ns(&i->clock, high << 32 | low);
	*out = (struct frame){.time = f->time, .link = i->link, .interface = number};
	return packet(b, captured, length, out, want);
}

static enum verdict simple_packet(struct pcapng_file *f, struct block *b, struct frame *out,
				  struct want *want)
{
	uint32_t length = body_u32(b), captured = length;

	if (b->body.bad)
		return bad(want, "a packet block that is too short");
	if (!f->count)
		return bad(want, "a packet of an interface that is not described");
	const struct ng_interface *i = &f->interfaces[0];
	if (i->snaplen && captured > i->snaplen)
		captured = i->snaplen;
	*out = (struct frame){.time = f->time, .link = i->link};
	return packet(b, captured, length, out, want);
}

static enum verdict look_into(struct pcapng_file *f, struct block *b, struct frame *out,
			      struct want *want)
{
	switch (b->type) {
	case BLOCK_SECTION:
		return section(f, b, want);
	case BLOCK_INTERFACE:
		return interface(f, b, want);
	case BLOCK_PACKET:
	case BLOCK_ENHANCED:
		return timed_packet(f, b, out, want);
	case BLOCK_SIMPLE:
		return simple_packet(f, b, out, want);
	default:
		return BLOCK_DONE;
	}
}

static bool is_known(uint32_t type)
{
	return type == BLOCK_SECTION || type == BLOCK_INTERFACE || type == BLOCK_PACKET ||
	       type == BLOCK_SIMPLE || type == BLOCK_ENHANCED;
}

/* Type and length of the block at p, of which BLOCK_FRAME bytes are there. */
static bool block_begin(const struct pcapng_file *f, const uint8_t *p, struct block *b,
			struct want *want)
{
	*b = (struct block){.type = order_u32(p, f->big), .big = f->big};
	if (b->type == BLOCK_SECTION) {
		b->big = load_be32(p + 8) == BYTE_ORDER_MAGIC;
		if (!b->big && order_u32(p + 8, false) != BYTE_ORDER_MAGIC) {
			bad(want, "a section header of unknown byte order");
			return false;
		}
	}
	b->total = order_u32(p + 4, b->big);
	if (b->total < BLOCK_FRAME || b->total % 4 ||
	    (is_known(b->type) && b->total > LIMIT_BLOCK)) {
		error_set(&want->damage, "a block of type 0x%x and impossible length %u", b->type,
			  b->total);
		return false;
	}
	return true;
}

/* Both lengths of a block must be the same. */
static bool block_ends(const uint8_t *p, uint32_t total, bool big, struct want *want)
{
	uint32_t again = order_u32(p, big);

	if (again == total)
		return true;
	error_set(&want->damage, "a block that says %u bytes at its start and %u at its end", total,
		  again);
	return false;
}

/* Goes on with a block larger than the window is wide. False when it is not through. */
static bool skip_on(struct pcapng_file *f, struct stream *s, struct want *want)
{
	size_t left = stream_left(s), body = f->skip - 4;
	size_t n = left < body ? left : body;

	s->p += n;
	f->skip -= (uint32_t)n;
	want->bytes = f->skip > 4 ? 1 : 4;
	if (f->skip > 4 || stream_left(s) < 4 || !block_ends(s->p, f->total, f->big, want))
		return false;
	s->p += 4;
	f->skip = 0;
	return true;
}

size_t pcapng_file_next(struct pcapng_file *f, struct stream *s, struct frame *out, size_t room,
			struct want *want)
{
	size_t n = 0;

	want->inside = "a block";
	while (n < room) {
		struct block b;
		size_t left = stream_left(s);

		if (f->skip) {
			if (!skip_on(f, s, want))
				break;
			continue;
		}
		want->bytes = BLOCK_FRAME;
		if (left < BLOCK_FRAME || !block_begin(f, s->p, &b, want))
			break;
		if (b.total > LIMIT_BLOCK) {
			f->skip = f->total = b.total;
			continue;
		}
		want->bytes = b.total;
		if (left < b.total || !block_ends(s->p + b.total - 4, b.total, b.big, want))
			break;
		b.body = cur_of(s->p + 8, b.total - BLOCK_FRAME);
		enum verdict v = look_into(f, &b, &out[n], want);
		if (v == BLOCK_BAD)
			break;
		n += v == BLOCK_GIVES_FRAME;
		s->p += b.total;
	}
	return n;
}
