/* TCP (RFC 9293) and UDP (RFC 768). */
#include "decode/checksum.h"
#include "decode/walk.h"

enum {
	VERIFY_ALWAYS = 256, /* bytes with the transport header */
	VERIFY_EVERY = 16,   /* of those that are longer */
	WHOLE_MAX = 1480,    /* longer ones a receiving card may have joined, with a sum of none */
	SUM_TCP = 16, SUM_UDP = 6, /* where the checksum stands */
};

static enum next bad_transport(struct walk *w)
{
	w->d->stats->transport_malformed++;
	return NEXT_NOTHING;
}

/* A transmitter that leaves the sum to its card stores the sum of the pseudo header alone, not
 * complemented; some leave the length out of it (large sends). A receiving card that has verified it
 * may leave nothing. */
static bool is_partial(uint16_t stored, uint64_t pseudo, uint64_t length)
{
	return !stored || stored == checksum_fold(pseudo + length) || stored == checksum_fold(pseudo);
}

/* Whether to verify the checksum of n bytes at once. Reading all bytes of all packets was 8 % of a
 * whole replay: of the long ones a few are enough for the counter that shows a broken path, and
 * whoever reads their content asks for the others (packet_verify). */
static bool worth_verifying(const struct walk *w, size_t n)
{
	if (!w->out->header)
		return false;
	return n <= VERIFY_ALWAYS || w->d->long_segments++ % VERIFY_EVERY == 0;
}

/* Verifies n bytes that were captured whole. The v4-mapped form of an IPv4 address adds 0xffff to
 * the sum, which is 0 in ones' complement: the tuple serves for both families. */
static enum packet_checksum verify(const struct tuple *t, const uint8_t *p, size_t n)
{
	_Static_assert(offsetof(struct tuple, dst) == 16, "both addresses in one sum");
	uint64_t pseudo = checksum_sum32(t->src.b) + checksum_number(t->proto);
	uint64_t length = checksum_number((uint32_t)n);
	if (checksum_fold(pseudo + length + checksum_sum(p, n)) == 0xffff)
		return CHECKSUM_RIGHT;
	uint16_t stored;
	memcpy(&stored, p + (t->proto == PROTO_TCP ? SUM_TCP : SUM_UDP), 2);
	return is_partial(stored, pseudo, length) ? CHECKSUM_UNKNOWN : CHECKSUM_WRONG;
}

/* What the checksums say of the packet that w->out describes: n bytes from p, all that there is. */
static inline void judge(const struct walk *w, const uint8_t *p, size_t n)
{
	struct packet *out = w->out;
	bool none = out->tuple.proto == PROTO_UDP && !(p[SUM_UDP] | p[SUM_UDP + 1]);

	out->checksum = w->ip_checksum == CHECKSUM_WRONG ? CHECKSUM_WRONG : CHECKSUM_UNKNOWN;
	out->header = (uint8_t)(w->cut || w->no_checksum || none ? 0 : out->payload - p);
	if (!worth_verifying(w, n))
		return;
	enum packet_checksum sum = verify(&out->tuple, p, n);
	if (sum == CHECKSUM_UNKNOWN) {
		w->d->stats->partial_checksum++;
		out->header = 0;
	} else if (sum == CHECKSUM_WRONG) {
		w->d->stats->bad_transport_checksum++;
		if (n > WHOLE_MAX)
			out->header = 0;
		else
			out->checksum = CHECKSUM_WRONG;
	} else if (w->ip_checksum == CHECKSUM_RIGHT) {
		out->checksum = CHECKSUM_RIGHT;
	}
}

void packet_verify(struct packet *p)
{
	size_t n = p->header + (size_t)p->captured;

	if (p->header && n <= WHOLE_MAX)
		p->checksum = (uint8_t)verify(&p->tuple, p->payload - p->header, n);
}

/* The window scale option among n bytes of options, 0xff: none. */
static uint8_t window_scale(const uint8_t *p, size_t n)
{
	struct cursor c = cur_of(p, n);

	while (cur_left(&c)) {
		uint8_t kind = cur_u8(&c);
		if (kind == 0)
			break;
		if (kind == 1)
			continue;
		uint8_t size = cur_u8(&c);
		if (size < 2)
			break;
		if (kind == 3 && size == 3 && cur_left(&c))
			return c.p[0];
		cur_skip(&c, size - 2);
	}
	return 0xff;
}

/* A header whose options alone are cut away by the snaplen is good enough. */
enum next transport_tcp(struct walk *w)
{
	const uint8_t *p = w->c.p;
	size_t left = cur_left(&w->c), wire = walk_wire(w);
	struct packet *out = w->out;

	if (left < 20)
		return bad_transport(w);
	size_t header = (size_t)(p[12] >> 4) * 4;
	if (header < 20 || header > wire)
		return bad_transport(w);
	size_t here = header < left ? header : left;
	out->tuple.sport = load_be16(p);
	out->tuple.dport = load_be16(p + 2);
	out->tuple.proto = PROTO_TCP;
	out->seq = load_be32(p + 4);
	out->ack = load_be32(p + 8);
	out->flags = p[13];
	out->window = load_be16(p + 14);
	out->window_scale = p[13] & TCP_SYN ? window_scale(p + 20, here - 20) : 0xff;
	out->payload = p + here;
	out->captured = (uint32_t)(left - here);
	out->length = (uint32_t)(wire - header);
	judge(w, p, left);
	return NEXT_DONE;
}

enum next transport_udp(struct walk *w)
{
	const uint8_t *p = w->c.p;
	struct packet *out = w->out;

	if (cur_left(&w->c) < 8)
		return bad_transport(w);
	size_t length = load_be16(p + 4);
	if ((length && length < 8) || length > walk_wire(w))
		return bad_transport(w);
	if (length) /* 0: a jumbogram or a super-packet (RFC 2675 section 4) */
		walk_limit(w, length);
	size_t n = cur_left(&w->c);
	cur_skip(&w->c, 8);
	out->tuple.sport = load_be16(p);
	out->tuple.dport = load_be16(p + 2);
	out->tuple.proto = PROTO_UDP;
	out->seq = out->ack = 0;
	out->flags = 0;
	out->window = 0;
	out->window_scale = 0xff;
	out->payload = w->c.p;
	out->captured = (uint32_t)cur_left(&w->c);
	out->length = (uint32_t)walk_wire(w);
	judge(w, p, n);
	return tunnel_udp(w);
}
