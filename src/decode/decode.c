#include "decode/decode.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "decode/walk.h"

#define ENCAP_TUNNELS                                                                              \
	(ENCAP_GRE | ENCAP_ERSPAN | ENCAP_VXLAN | ENCAP_GENEVE | ENCAP_GTP | ENCAP_IPIP |          \
	 ENCAP_TEREDO)

struct decoder *decoder_new(struct stats *stats)
{
	struct decoder *d = mem_zalloc(sizeof *d);

	d->stats = stats;
	d->fragments = fragments_new(stats, LIMIT_FRAGMENT_SETS, LIMIT_FRAGMENT_BYTES);
	return d;
}

size_t decoder_memory(void)
{
	return mem_memory(sizeof(struct decoder)) +
	       fragments_memory(LIMIT_FRAGMENT_SETS, LIMIT_FRAGMENT_BYTES);
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	fragments_free(d->fragments);
	free(d);
}

/* One step: reads one header. Called with a kind of header, not with an end of the walk. */
static enum next step(struct walk *w, enum next next)
{
	switch (next) {
	case NEXT_IPV4:
		return ip_v4(w);
	case NEXT_TCP:
		return transport_tcp(w);
	case NEXT_UDP:
		return transport_udp(w);
	case NEXT_IPV6:
		return ip_v6(w);
	case NEXT_LINK:
		return link_first(w);
	case NEXT_ETHERNET:
		return link_ethernet(w);
	case NEXT_VLAN:
		return link_vlan(w);
	case NEXT_LLC:
		return link_llc(w);
	case NEXT_MPLS:
		return mpls_stack(w);
	case NEXT_PPPOE:
		return ppp_pppoe(w);
	case NEXT_PPP:
		return ppp_frame(w);
	case NEXT_HDLC:
		return link_hdlc(w);
	case NEXT_RADIOTAP:
		return wlan_radiotap(w);
	case NEXT_WLAN:
		return wlan_frame(w);
	case NEXT_AMSDU:
		return wlan_amsdu(w);
	case NEXT_IP:
		return ip_any(w);
	case NEXT_GRE:
		return tunnel_gre(w);
	case NEXT_ERSPAN2:
		return tunnel_erspan(w);
	case NEXT_NOTHING:
	case NEXT_WAIT:
	case NEXT_DONE:
		break;
	}
	return NEXT_NOTHING;
}

static bool at_end(enum next next)
{
	return next <= NEXT_DONE;
}

/* Walks until the innermost header, the nesting budget or the end of sense is reached. */
static bool walk(struct walk *w, enum next next)
{
	for (unsigned budget = LIMIT_NESTING; !at_end(next); budget--) {
		if (!budget) {
			w->d->stats->nesting_exceeded++;
			next = NEXT_NOTHING;
			break;
		}
		next = step(w, next);
	}
	if (next == NEXT_NOTHING && w->has_outer) {
		*w->out = w->outer;
		next = NEXT_DONE;
	}
	if (next != NEXT_DONE)
		return false;
	w->d->stats->tunnels += (w->out->encap & ENCAP_TUNNELS) != 0;
	return true;
}

bool decode_more(struct decoder *d, struct packet *out)
{
	while (cur_left(&d->more)) {
		struct walk w = {.d = d, .out = out};
		*out = d->more_base;
		if (walk(&w, NEXT_AMSDU))
			return true;
	}
	return false;
}

bool decode_frame(struct decoder *d, const struct frame *f, struct packet *out)
{
	struct walk w; /* not cleared: the packet kept in it is large and seldom used */

	w.c = cur_of(f->data, f->captured);
	w.cut = f->length > f->captured ? f->length - f->captured : 0;
	w.d = d;
	w.out = out;
	w.link = f->link;
	w.bounded = false;
	w.no_checksum = false;
	w.ip_checksum = CHECKSUM_UNKNOWN;
	w.has_outer = false;
	/* every other field is set by the steps that lead to a packet */
	out->time = f->time;
	out->vlan = 0;
	out->encap = 0;
	d->more = (struct cursor){0};
	return walk(&w, NEXT_LINK) || decode_more(d, out);
}

void decoder_release(struct decoder *d, uint64_t now)
{
	fragments_release(d->fragments);
	fragments_expire(d->fragments, now);
}

unsigned decoder_unknown_links(const struct decoder *d, const struct unknown_link **list)
{
	unsigned n = 0;

	while (n < UNKNOWN_LINKS && d->unknown[n].frames)
		n++;
	*list = d->unknown;
	return n;
}
