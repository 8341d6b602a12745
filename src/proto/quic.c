#include "proto/quic.h"

#include <string.h>

#include "proto/quic_frames.h"

#define CLIENT_DATAGRAM_MIN 1200 /* RFC 9000 section 14.1 */
#define CLIENT_DCID_MIN     8    /* section 7.2 */

/* The fixed bit tells QUIC from much else (RTP above all). A client may clear it only with a token
 * that it holds from an earlier connection (RFC 9287 section 3.1). */
static bool fixed_bit_right(const struct quic_packet *p)
{
	return p->first & 0x40 || (p->type == QUIC_PACKET_INITIAL && p->token_length > 0);
}

/* Four zero bytes for a version are not much to go by. */
static bool lists_known_version(struct cursor list)
{
	while (cur_left(&list) >= 4) {
		if (quic_version_find(cur_u32(&list)))
			return true;
	}
	return false;
}

static bool plausible(struct cursor datagram, struct quic_packet *p)
{
	if (quic_packet_read(&datagram, p) == PARSE_BAD || !p->scid.p)
		return false;
	if (p->type == QUIC_PACKET_NEGOTIATION)
		return lists_known_version(p->rest);
	if (p->type == QUIC_PACKET_OTHER)
		return quic_version_reserved(p->version);
	return fixed_bit_right(p);
}

bool quic_is_long_header(struct cursor datagram)
{
	struct quic_packet p;

	return plausible(datagram, &p);
}

bool quic_is_client_initial(struct cursor datagram, size_t wire_length)
{
	struct quic_packet p;

	return wire_length >= CLIENT_DATAGRAM_MIN && plausible(datagram, &p) &&
	       p.type == QUIC_PACKET_INITIAL && p.dcid.n >= CLIENT_DCID_MIN &&
	       p.length <= wire_length;
}

void quic_state_init(struct quic_state *s)
{
	memset(s, 0, offsetof(struct quic_state, stream));
	quic_stream_reset(&s->stream);
}

/* A connection, or an attempt at one, begins with these ids: what came before is of another. */
static void begin(struct quic_state *s, uint32_t version, struct quic_cid dcid,
		  const struct quic_keys *keys)
{
	s->version = version;
	s->keyed = keys != NULL;
	s->retried = false;
	s->dcid_length = dcid.n;
	memcpy(s->dcid, dcid.p, dcid.n);
	if (keys)
		s->keys = *keys;
	s->next_pn = 0;
	quic_stream_reset(&s->stream);
}

static struct quic_cid state_dcid(const struct quic_state *s)
{
	return (struct quic_cid){s->dcid, s->dcid_length};
}

static bool open_with(const struct quic_keys *k, const struct quic_packet *p, uint8_t *scratch,
		      struct cursor *payload, uint64_t *pn)
{
	return quic_packet_open(k, p->start, (size_t)p->length, p->pn_offset, scratch, payload, pn);
}

/* Finds the keys of a whole Initial packet.
 *
 * They stay those of the first destination connection id when the client takes up the server's. A
 * new id of its own has its own keys: after a Retry that was not seen, or when another connection
 * begins on the same ports. Compatible version negotiation changes the version but neither the id
 * that keys come from nor the stream (RFC 9369 section 4.1). */
static bool open_initial(struct quic_state *s, const struct quic_packet *p, uint8_t *scratch,
			 struct cursor *payload)
{
	bool same_version = p->version == s->version;
	bool same_dcid = quic_cid_eq(p->dcid, state_dcid(s));
	struct quic_keys k;
	uint64_t pn = s->next_pn;

	if (same_version && open_with(&s->keys, p, scratch, payload, &pn)) {
		if (pn >= s->next_pn)
			s->next_pn = pn + 1;
		return true;
	}
	if (same_version && same_dcid)
		return false;
	if (!same_version && !same_dcid) {
		quic_keys_derive(&k, p->known->family, s->dcid, s->dcid_length);
		if (open_with(&k, p, scratch, payload, &pn)) {
			s->keys = k;
			s->version = p->version;
			s->next_pn = pn + 1;
			return true;
		}
	}
	pn = 0;
	quic_keys_derive(&k, p->known->family, p->dcid.p, p->dcid.n);
	if (!open_with(&k, p, scratch, payload, &pn))
		return false;
	begin(s, p->version, p->dcid, &k);
	s->next_pn = pn + 1;
	return true;
}

static void read_initial(struct quic_state *s, const struct quic_packet *p, bool whole,
			 struct stats *stats)
{
	uint8_t scratch[LIMIT_QUIC_PACKET]; /* not zeroed: costs nothing */
	struct cursor payload;

	if (!s->keyed) {
		/* even of a packet that cannot be verified: the next may have another id */
		struct quic_keys k;
		quic_keys_derive(&k, p->known->family, p->dcid.p, p->dcid.n);
		begin(s, p->version, p->dcid, &k);
	}
	if (whole && p->length <= sizeof scratch && open_initial(s, p, scratch, &payload))
		quic_frames_read(payload, &s->stream);
	else
		stats->quic_undecryptable++;
}

/* The first datagram decides whether there is a connection to follow. */
static enum parse first_look(struct quic_state *s, struct cursor datagram, struct stats *stats)
{
	struct quic_packet p;

	if (quic_packet_read(&datagram, &p) == PARSE_BAD)
		return PARSE_BAD;
	if (!p.scid.p || p.type == QUIC_PACKET_INITIAL || p.type == QUIC_PACKET_ZERO_RTT)
		return PARSE_MORE;
	if (p.type != QUIC_PACKET_OTHER)
		return PARSE_BAD;
	if (!quic_version_reserved(p.version)) {
		stats->quic_version_unknown++;
		return PARSE_BAD;
	}
	if (p.dcid.n <= QUIC_CID_MAX)
		begin(s, p.version, p.dcid, NULL);
	return PARSE_MORE;
}

/* Zero bytes between packets: padding outside of them. */
static void skip_zeros(struct cursor *c)
{
	while (cur_left(c) && *c->p == 0)
		cur_skip(c, 1);
}

static void read_packets(struct quic_state *s, struct cursor c, struct stats *stats)
{
	struct quic_packet p;
	struct quic_cid dcid = {0};

	for (; cur_left(&c) && s->packets < LIMIT_QUIC_PACKETS; skip_zeros(&c)) {
		enum parse r = quic_packet_read(&c, &p);

		if (r == PARSE_BAD || !p.scid.p)
			return;
		if (!dcid.p)
			dcid = p.dcid;
		/* Of another id: the server ignores it as well (RFC 9000 section 12.2). */
		bool ours = quic_cid_eq(p.dcid, dcid);
		if (ours && p.type == QUIC_PACKET_INITIAL) {
			s->packets++;
			read_initial(s, &p, r == PARSE_DONE, stats);
		} else if (ours && p.type == QUIC_PACKET_OTHER &&
			   !quic_version_reserved(p.version)) {
			stats->quic_version_unknown++;
		}
		if (r == PARSE_MORE)
			return;
	}
}

enum parse quic_hello(const struct quic_state *s, struct tls_hello *hello)
{
	struct cursor c = cur_of(s->stream.data, s->stream.have);

	return tls_client_hello(&c, true, hello);
}

enum parse quic_client_datagram(struct quic_state *s, struct cursor datagram, struct stats *stats,
				struct tls_hello *hello)
{
	if (s->done)
		return quic_hello(s, hello);
	if (s->version == 0 && first_look(s, datagram, stats) == PARSE_BAD) {
		*hello = (struct tls_hello){0};
		return PARSE_BAD;
	}
	uint8_t before = s->packets;
	read_packets(s, datagram, stats);
	/* Datagrams without an Initial packet use up the bound, too: the client sends those once it
	 * is past its hello (RFC 9001 section 4.9.1). */
	if (s->packets == before && before < LIMIT_QUIC_PACKETS)
		s->packets++;

	enum parse r = quic_hello(s, hello);
	s->done = r == PARSE_DONE;
	if (r == PARSE_MORE && s->packets >= LIMIT_QUIC_PACKETS)
		return PARSE_BAD;
	return r;
}

/* RFC 9000 section 6.2: one that lists the version in use is not an answer to it. */
static bool negotiation_valid(const struct quic_state *s, const struct quic_packet *p)
{
	struct cursor list = p->rest;

	if (!quic_cid_eq(p->scid, state_dcid(s)))
		return false;
	while (cur_left(&list) >= 4) {
		if (cur_u32(&list) == s->version)
			return false;
	}
	return true;
}

/* Neither kind of packet shares its datagram with others (section 12.2). */
void quic_server_datagram(struct quic_state *s, struct cursor datagram)
{
	struct quic_packet p;
	struct quic_keys k;

	if (s->done || s->version == 0 || quic_packet_read(&datagram, &p) != PARSE_DONE)
		return;
	if (p.type == QUIC_PACKET_NEGOTIATION && negotiation_valid(s, &p)) {
		s->version = 0;
		s->keyed = false;
		quic_stream_reset(&s->stream);
	} else if (p.type == QUIC_PACKET_RETRY && p.version == s->version && s->keyed &&
		   !s->retried &&
		   quic_retry_valid(p.known->family, s->dcid, s->dcid_length, p.start,
				    (size_t)p.length)) {
		quic_keys_derive(&k, p.known->family, p.scid.p, p.scid.n);
		begin(s, p.version, p.scid, &k);
		s->retried = true;
	}
}
