/* 802.11 data frames, and the headers that capturing adds before them. IEEE 802.11-2020 clause 9,
 * www.radiotap.org, www.tcpdump.org/linktypes. */
#include "decode/walk.h"

static uint16_t load_le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static uint32_t load_le32(const uint8_t *p)
{
	return __builtin_bswap32(load_be32(p));
}

/* Takes a header of `size` bytes whose first `read` bytes were looked at. */
static bool skip_rest(struct walk *w, size_t size, size_t read)
{
	return size >= read && cur_skip(&w->c, size - read);
}

/* The flags byte of a radiotap header, 0 when there is none. The first two fields are the only ones
 * that matter: TSFT, 8 bytes aligned to 8, and the flags. */
static uint8_t radiotap_flags(const uint8_t *p, size_t size)
{
	uint32_t present = load_le32(p + 4);
	size_t at = 8;

	for (uint32_t word = present; word & UINT32_C(1) << 31; at += 4) {
		if (at + 4 > size)
			return 0;
		word = load_le32(p + at);
	}
	if (present & 1)
		at = ((at + 7) & ~(size_t)7) + 8;
	return present & 2 && at < size ? p[at] : 0;
}

static enum next frame_with_flags(struct walk *w, bool padded);

enum next wlan_radiotap(struct walk *w)
{
	enum { PADDED = 0x20, BAD_FCS = 0x40 };
	const uint8_t *p = w->c.p;

	if (cur_left(&w->c) < 8 || p[0] != 0)
		return walk_bad_link(w);
	size_t size = load_le16(p + 2);
	if (size < 8 || !cur_skip(&w->c, size))
		return walk_bad_link(w);
	uint8_t flags = radiotap_flags(p, size);
	if (flags & BAD_FCS) /* the receiver threw it away, too */
		return walk_bad_link(w);
	return frame_with_flags(w, flags & PADDED);
}

enum next wlan_ppi(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 8);

	if (!p || !skip_rest(w, load_le16(p + 2), 8))
		return walk_bad_link(w);
	w->link = load_le32(p + 4);
	return NEXT_LINK;
}

enum next wlan_avs(struct walk *w)
{
	const uint8_t *p = cur_take(&w->c, 8);

	return p && skip_rest(w, load_be32(p + 4), 8) ? NEXT_WLAN : walk_bad_link(w);
}

/* Some drivers that say Prism send AVS; AVS starts with a magic number. Prism's own header is in
 * the byte order of the machine that captured, and small. */
enum next wlan_prism(struct walk *w)
{
	if (cur_left(&w->c) < 8)
		return walk_bad_link(w);
	if ((load_be32(w->c.p) & 0xfffff000) == 0x80211000)
		return wlan_avs(w);
	uint32_t size = load_le32(w->c.p + 4);
	if (size > 0xffff)
		size = __builtin_bswap32(size);
	return size >= 8 && cur_skip(&w->c, size) ? NEXT_WLAN : walk_bad_link(w);
}

enum next wlan_frame(struct walk *w)
{
	return frame_with_flags(w, false);
}

/* Pieces of an MSDU are not put together: the first tells by its IP length how long the whole is,
 * the others carry no header. */
static enum next frame_with_flags(struct walk *w, bool padded)
{
	enum { TO_DS = 1, FROM_DS = 2, PROTECTED = 0x40, ORDER = 0x80 }; /* second byte */
	enum { DATA = 2, NULL_DATA = 4, QOS = 8 };                       /* type; subtype bits */
	enum { AMSDU = 0x80 };
	const uint8_t *p = w->c.p;
	size_t size = 24;

	if (!cur_left(&w->c) || (p[0] & 3) != 0) /* protocol version */
		return walk_bad_link(w);
	unsigned type = p[0] >> 2 & 3, subtype = p[0] >> 4;
	if (type != DATA || subtype & NULL_DATA)
		return walk_not_ip(w);
	if (cur_left(&w->c) < size)
		return walk_bad_link(w);
	if (p[1] & PROTECTED) {
		w->d->stats->wlan_protected++;
		return NEXT_NOTHING;
	}
	if ((p[22] & 0x0f) != 0) /* fragment number */
		return walk_not_ip(w);
	if ((p[1] & TO_DS) && (p[1] & FROM_DS))
		size += 6;
	size_t qos = size;
	if (subtype & QOS)
		size += 2 + (p[1] & ORDER ? 4 : 0); /* HT control */
	if (padded)
		size = (size + 3) & ~(size_t)3;
	if (!cur_skip(&w->c, size))
		return walk_bad_link(w);
	if (!(subtype & QOS) || !(p[qos] & AMSDU))
		return NEXT_LLC;
	w->d->more = w->c;
	w->d->more_cut = w->cut;
	w->d->more_base = *w->out;
	return NEXT_AMSDU;
}

/* Destination, source, length, then 802.2; each but the last padded to 4 bytes. */
enum next wlan_amsdu(struct walk *w)
{
	struct decoder *d = w->d;
	const uint8_t *p = cur_take(&d->more, 14);

	if (!p)
		return walk_bad_link(w);
	size_t length = load_be16(p + 12), padded = ((14 + length + 3) & ~(size_t)3) - 14;
	w->c = d->more;
	w->cut = d->more_cut;
	walk_trim(w, length);
	if (padded < cur_left(&d->more))
		cur_skip(&d->more, padded);
	else
		d->more.p = d->more.end;
	return NEXT_LLC;
}
