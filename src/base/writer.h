/* Bounded text writer over the caller's buffer, with a sticky overflow, as the cursor's mirror.
 * Once a write does not fit the writer is full and writes nothing more; check `full` once. */
#ifndef EGRET_BASE_WRITER_H
#define EGRET_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct writer {
	char *start, *p, *end;
	bool full;
};

static inline struct writer wr_of(char *buffer, size_t n)
{
	return (struct writer){.start = buffer, .p = buffer, .end = buffer + n};
}

static inline size_t wr_length(const struct writer *w)
{
	return (size_t)(w->p - w->start);
}

static inline void wr_bytes(struct writer *w, const char *p, size_t n)
{
	if (w->full || n > (size_t)(w->end - w->p)) {
		w->full = true;
		return;
	}
	memcpy(w->p, p, n);
	w->p += n;
}

static inline void wr_char(struct writer *w, char c)
{
	wr_bytes(w, &c, 1);
}

static inline void wr_str(struct writer *w, struct str s)
{
	if (s.n)
		wr_bytes(w, s.p, s.n);
}

#define wr_lit(w, literal) wr_bytes((w), (literal), sizeof(literal) - 1)

void wr_text(struct writer *w, const char *terminated);
void wr_u64(struct writer *w, uint64_t v);
void wr_i64(struct writer *w, int64_t v);
/* Fixed width, zero padded on the left. */
void wr_u64_pad(struct writer *w, uint64_t v, int width);
void wr_hex(struct writer *w, uint64_t v, int digits);
/* Bytes that came from the wire, for a terminal or a log: printable ASCII as it is, backslash
 * doubled, everything else as \xNN. */
void wr_escaped(struct writer *w, struct str s);

#endif
