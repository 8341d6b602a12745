#include "capture/reader.h"

#include <stdlib.h>

#include "base/mem.h"
#include "capture/pcap_file.h"
#include "capture/pcapng_file.h"

#define MAGIC 4

struct reader {
	struct stream *stream;
	bool is_ng;
	bool ended;
	union {
		struct pcap_file pcap;
		struct pcapng_file ng;
	};
	struct error problem; /* "" = none */
};

static const char *place(const struct reader *r)
{
	return stream_packed(r->stream) ? " of the unpacked data" : "";
}

/* 0 when the first bytes are those of a capture file, and r is set up for it. */
static int recognise(struct reader *r, enum reader_refusal *why, struct error *e)
{
	struct stream *s = r->stream;

	if (!stream_fill(s, MAGIC)) {
		*why = READER_UNTOLD;
		if (s->damage.text[0])
			return error_set(e, "%s", s->damage.text);
		if (!stream_left(s))
			return error_set(e, "is empty");
	} else if (pcapng_file_is(s->p)) {
		r->is_ng = true;
		pcapng_file_init(&r->ng);
		return 0;
	} else if (pcap_file_is(s->p)) {
		*why = READER_BROKEN;
		if (!stream_fill(s, PCAP_FILE_HEADER))
			return error_set(e, "%s", s->damage.text[0] ? s->damage.text
								   : "cut short inside its header");
		if (pcap_file_init(&r->pcap, s->p, e))
			return -1;
		s->p += PCAP_FILE_HEADER;
		return 0;
	}
	*why = READER_FOREIGN;
	return error_set(e, "is no capture file (pcap or pcapng, also as gzip or zstd)");
}

struct reader *reader_open(struct stream *s, enum reader_refusal *why, struct error *e)
{
	struct reader *r = mem_zalloc(sizeof *r);

	r->stream = s;
	if (recognise(r, why, e)) {
		reader_close(r);
		return NULL;
	}
	return r;
}

void reader_close(struct reader *r)
{
	if (r->is_ng)
		pcapng_file_fini(&r->ng);
	stream_close(r->stream);
	free(r);
}

/* The file gives no more than lies in the window, and that is less than `want` asks for. */
static void end_of_file(struct reader *r, const struct want *want)
{
	const struct stream *s = r->stream;
	bool between = stream_left(s) == 0 && !(r->is_ng && r->ng.skip);

	r->ended = true;
	if (s->damage.text[0])
		r->problem = s->damage;
	else if (!between)
		error_set(&r->problem, "cut short: ends at byte %llu%s inside %s",
			  (unsigned long long)(stream_offset(s) + stream_left(s)), place(r),
			  want->inside);
}

size_t reader_next(struct reader *r, struct frame *out, size_t room, bool refill)
{
	while (!r->ended) {
		struct want want = {0};
		size_t n = r->is_ng ? pcapng_file_next(&r->ng, r->stream, out, room, &want)
				    : pcap_file_next(&r->pcap, r->stream, out, room, &want);
		if (n)
			return n;
		if (want.damage.text[0]) {
			r->ended = true;
			error_set(&r->problem, "damaged at byte %llu%s: %s",
				  (unsigned long long)stream_offset(r->stream), place(r),
				  want.damage.text);
		} else if (!refill) {
			break;
		} else if (!stream_fill(r->stream, want.bytes)) {
			end_of_file(r, &want);
		}
	}
	return 0;
}

bool reader_ended(const struct reader *r)
{
	return r->ended;
}

const char *reader_problem(const struct reader *r)
{
	return r->problem.text[0] ? r->problem.text : NULL;
}
