/* Any bytes as a capture file: pcap, pcapng, each packed or not. */
#include <stdlib.h>

#include "capture/pcap_file.h"
#include "capture/pcapng_file.h"
#include "capture/reader.h"
#include "capture/stream.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ROOM 16

static void expect(bool good)
{
	if (!good)
		abort();
}

/* Reads every byte, so that a sanitizer sees where it lies. */
static uint32_t sum_of(const struct frame *f, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		expect(f[i].captured <= f[i].length && f[i].captured <= LIMIT_PACKET);
		for (uint32_t k = 0; k < f[i].captured; k++)
			sum = sum * 31 + f[i].data[k];
	}
	return sum;
}

/* The formats alone, over memory that ends exactly where the input does. */
static void in_place(const uint8_t *data, size_t n)
{
	struct stream s = {.p = data, .end = data + n};
	struct want want = {0};
	struct frame frames[ROOM];
	size_t got;

	if (n >= 4 && pcapng_file_is(data)) {
		struct pcapng_file f;
		pcapng_file_init(&f);
		while ((got = pcapng_file_next(&f, &s, frames, ROOM, &want)))
			sum_of(frames, got);
		pcapng_file_fini(&f);
	} else if (n >= PCAP_FILE_HEADER && pcap_file_is(data)) {
		struct pcap_file f;
		if (pcap_file_init(&f, data, &want.damage))
			return;
		s.p += PCAP_FILE_HEADER;
		while ((got = pcap_file_next(&f, &s, frames, ROOM, &want)))
			sum_of(frames, got);
	}
}

/* The whole way, with frames that must stay as they are until the next refill. */
static void through_reader(const uint8_t *data, size_t n)
{
	enum reader_refusal why;
	struct error e;
	struct reader *r = reader_open(stream_open_memory(data, n), &why, &e);
	struct frame first[ROOM], more[ROOM];
	size_t got, again, room = 1 + n % ROOM;

	if (!r)
		return;
	while ((got = reader_next(r, first, room, true))) {
		uint32_t sum = sum_of(first, got);
		while ((again = reader_next(r, more, ROOM, false)))
			sum_of(more, again);
		expect(sum == sum_of(first, got));
	}
	expect(reader_ended(r) && !reader_next(r, first, room, true));
	reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	in_place(data, n);
	through_reader(data, n);
	return 0;
}
