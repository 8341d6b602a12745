#include "core/tuple.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <string.h>

void tuple_community_id(const struct tuple *t, char out[COMMUNITY_ID_MAX])
{
	size_t width = addr_is_v4(&t->src) && addr_is_v4(&t->dst) ? 4 : 16;
	const uint8_t *src = t->src.b + 16 - width, *dst = t->dst.b + 16 - width;
	uint16_t sport = t->sport, dport = t->dport;
	int order = memcmp(src, dst, width);

	if (order > 0 || (order == 0 && sport > dport)) {
		const uint8_t *a = src;
		src = dst;
		dst = a;
		sport = t->dport;
		dport = t->sport;
	}
	uint8_t tail[2] = {t->proto, 0}; /* protocol and padding */
	uint8_t ports[4] = {(uint8_t)(sport >> 8), (uint8_t)sport, (uint8_t)(dport >> 8),
			    (uint8_t)dport};
	uint8_t seed[2] = {0};
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx h;

	sha1_init(&h);
	sha1_update(&h, sizeof seed, seed);
	sha1_update(&h, width, src);
	sha1_update(&h, width, dst);
	sha1_update(&h, sizeof tail, tail);
	if (t->proto == PROTO_TCP || t->proto == PROTO_UDP || t->proto == PROTO_SCTP)
		sha1_update(&h, sizeof ports, ports);
	sha1_digest(&h, sizeof digest, digest);
	memcpy(out, "1:", 2);
	base64_encode_raw(out + 2, sizeof digest, digest);
	out[2 + BASE64_ENCODE_RAW_LENGTH(sizeof digest)] = '\0';
}
