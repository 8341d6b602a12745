#include "proto/dns_wire.h"

#include "core/hostname.h"

enum parse dns_skip_name(struct cursor *c)
{
	for (;;) {
		if (c->p == c->end)
			return PARSE_MORE;
		uint8_t n = cur_u8(c);
		if (n == 0)
			return PARSE_DONE;
		if (n >= 0xc0)
			return cur_skip(c, 1) ? PARSE_DONE : PARSE_MORE;
		if (n & 0xc0)
			return PARSE_BAD;
		if (!cur_skip(c, n))
			return PARSE_MORE;
	}
}

/* The name behind a pointer, if it is one of those that were read lately. */
static const struct str *known_name(const struct dns_reading *r, const struct cursor *c)
{
	if (cur_left(c) < 2 || c->p[0] < 0xc0)
		return NULL;
	size_t offset = load_be16(c->p) & 0x3fff;
	for (unsigned i = 0; i < 2; i++)
		if (offset && offset == r->known[i].offset)
			return &r->known[i].name;
	return NULL;
}

bool dns_read_name(struct dns_reading *r, struct cursor *c, struct str *name)
{
	struct dns_message *out = r->out;
	const struct str *known = known_name(r, c);
	const uint8_t *start = c->p;

	if (known) {
		*name = *known;
		return cur_skip(c, 2);
	}
	*name = (struct str){0};
	if (DNS_TEXT_ROOM - out->text_used < HOSTNAME_MAX) {
		out->cut = true;
		return dns_skip_name(c) == PARSE_DONE;
	}
	char *text = out->text + out->text_used;
	size_t n = hostname_from_dns(r->message, c, text);
	if (n == 0)
		return false;
	out->text_used += n;
	*name = (struct str){text, n};
	/* a pointer is no place that others point to, and the first name is the question's */
	if (start[0] < 0xc0) {
		unsigned i = r->known[0].offset ? 1 : 0;
		r->known[i].offset = (size_t)(start - r->message.p);
		r->known[i].name = *name;
	}
	return true;
}

struct writer dns_begin_text(const struct dns_reading *r, size_t max)
{
	size_t room = DNS_TEXT_ROOM - r->out->text_used;
	return wr_of(r->out->text + r->out->text_used, room < max ? room : max);
}

struct str dns_end_text(struct dns_reading *r, const struct writer *w)
{
	if (w->full)
		r->out->cut = true;
	r->out->text_used += wr_length(w);
	return (struct str){w->start, wr_length(w)};
}
