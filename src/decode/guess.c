#include "decode/walk.h"

bool guess_ip(const struct cursor *c, size_t at)
{
	size_t left = cur_left(c);

	if (left < at || left - at < 20)
		return false;
	const uint8_t *p = c->p + at;
	if (p[0] >> 4 == 4) {
		size_t header = (size_t)(p[0] & 0xf) * 4, total = load_be16(p + 2);
		return header >= 20 && (total >= header || total == 0);
	}
	return p[0] >> 4 == 6 && left - at >= 40;
}

bool guess_ethernet(const struct cursor *c, size_t at)
{
	size_t left = cur_left(c);

	/* tags are looked through, as far as a frame may reasonably have some */
	for (unsigned tags = 0; tags < 4; tags++, at += 4) {
		if (left < at || left - at < 14)
			return false;
		switch (load_be16(c->p + at + 12)) {
		case 0x0800:
			return guess_ip(c, at + 14) && c->p[at + 14] >> 4 == 4;
		case 0x86dd:
			return guess_ip(c, at + 14) && c->p[at + 14] >> 4 == 6;
		case 0x8847:
		case 0x8848:
		case 0x8864:
			return true;
		case 0x8100:
		case 0x88a8:
		case 0x9100:
		case 0x9200:
		case 0x9300:
			continue;
		default:
			return false;
		}
	}
	return false;
}
