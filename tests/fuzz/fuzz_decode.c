/* Frames of one link type through one decoder, so that fragments meet. Input: the link type (2
 * bytes), then frames, each its length (2 bytes), how much longer it was on the wire and how much
 * packet time passed (a byte each), and its bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "core/limits.h"
#include "decode/decode.h"

static volatile uint64_t sink;

/* Reads all that was given out, and holds it to what packet.h says. */
static void use(const struct packet *p)
{
	uint64_t sum = p->tuple.sport + p->tuple.dport + p->seq + p->encap;

	if (p->captured > p->length || (p->tuple.proto != PROTO_TCP && p->tuple.proto != PROTO_UDP))
		abort();
	for (uint32_t i = 0; i < p->captured; i++)
		sum += p->payload[i];
	sink = sum;
}

/* What can become of a frame that no packet came out of. */
static uint64_t outcomes(const struct stats *s)
{
	return s->link_unknown + s->not_ip + s->link_malformed + s->ip_malformed +
	       s->transport_malformed + s->transport_other + s->nesting_exceeded +
	       s->wlan_protected + s->fragments;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cursor c = cur_of(data, n);
	struct stats stats = {0};
	struct decoder *d = decoder_new(&stats);
	uint32_t link = cur_u16(&c);
	uint64_t now = NS_PER_S;
	unsigned frames = 0;

	while (cur_left(&c) >= 4) {
		size_t size = cur_u16(&c), longer = (size_t)cur_u8(&c) * 16;
		now += cur_u8(&c) * NS_PER_S / 8;
		if (size > cur_left(&c))
			size = cur_left(&c);
		/* a copy of its own, so that a read beyond the frame is seen */
		uint8_t *bytes = malloc(size ? size : 1);
		memcpy(bytes, cur_take(&c, size), size);
		struct frame f = {.time = now,
				  .data = bytes,
				  .captured = (uint32_t)size,
				  .length = (uint32_t)(size + longer),
				  .link = link};
		struct packet p;
		uint64_t before = outcomes(&stats);
		bool any = false;
		for (bool ok = decode_frame(d, &f, &p); ok; ok = decode_more(d, &p)) {
			use(&p);
			any = true;
		}
		if (!any && outcomes(&stats) == before)
			abort();
		free(bytes);
		if (++frames % 8 == 0)
			decoder_release(d, now);
	}
	decoder_free(d);
	return 0;
}
