#include "daemon/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CELLS_MAX (16 * 1024 * 1024)

void listing_begin(struct listing *l, const struct listing_column *columns, unsigned count,
		   bool json, struct bytes *out)
{
	*l = (struct listing){.columns = columns, .count = count, .json = json, .out = out};
	if (json) {
		l->buffer = mem_alloc(LISTING_ROW_MAX);
		bytes_u8(out, '[');
	}
	bytes_init(&l->cells, CELLS_MAX);
}

/* The key of the next cell in JSON; begins a row when it is its first. */
static const char *key_of(struct listing *l)
{
	if (l->at == 0) {
		l->row = json_of(l->buffer, LISTING_ROW_MAX);
		l->row.string_max = LISTING_CELL_MAX;
		json_open(&l->row, NULL, '{');
	}
	return l->columns[l->at].key;
}

/* The cell is complete. */
static void next(struct listing *l)
{
	if (++l->at < l->count)
		return;
	l->at = 0;
	if (l->json) {
		json_close(&l->row, '}');
		if (l->rows)
			bytes_u8(l->out, ',');
		bytes_add(l->out, l->buffer, wr_length(&l->row.w));
		l->out->full |= l->row.w.full;
	}
	l->rows++;
}

static void keep(struct listing *l, const struct writer *w)
{
	size_t cell = l->rows * l->count + l->at;

	if (cell == l->ends_room) {
		l->ends_room = l->ends_room ? l->ends_room * 2 : 256;
		l->ends = mem_resize(l->ends, l->ends_room * sizeof *l->ends);
	}
	bytes_add(&l->cells, w->start, wr_length(w));
	l->ends[cell] = (uint32_t)l->cells.n;
	next(l);
}

#define CELL(l, json_call, text_call)                                                              \
	do {                                                                                       \
		char text[LISTING_CELL_MAX];                                                       \
		struct writer w = wr_of(text, sizeof text);                                        \
		if ((l)->json) {                                                                   \
			const char *key = key_of(l);                                               \
			(void)key;                                                                 \
			json_call;                                                                 \
			next(l);                                                                   \
		} else {                                                                           \
			text_call;                                                                 \
			keep(l, &w);                                                               \
		}                                                                                  \
	} while (0)

void listing_none(struct listing *l)
{
	CELL(l, (void)0, wr_char(&w, '-'));
}

void listing_word(struct listing *l, const char *word)
{
	CELL(l, json_text(&l->row, key, word), wr_text(&w, word));
}

void listing_text(struct listing *l, struct str s, size_t width)
{
	if (!s.n)
		listing_none(l);
	else
		CELL(l, json_plain(&l->row, key, s), text_escaped(&w, s, width));
}

void listing_name(struct listing *l, struct str name, size_t width)
{
	if (!name.n)
		listing_none(l);
	else
		CELL(l, json_name(&l->row, key, name), text_name(&w, name, width));
}

void listing_addr(struct listing *l, const struct addr *a)
{
	char address[ADDR_TEXT_MAX];

	addr_text(a, address);
	CELL(l, json_word(&l->row, key, address), wr_text(&w, address));
}

void listing_count(struct listing *l, uint64_t n)
{
	CELL(l, json_u64(&l->row, key, n), text_count(&w, n));
}

void listing_number(struct listing *l, uint64_t n)
{
	CELL(l, json_u64(&l->row, key, n), wr_u64(&w, n));
}

void listing_size(struct listing *l, uint64_t bytes)
{
	CELL(l, json_u64(&l->row, key, bytes), text_bytes(&w, bytes));
}

void listing_time(struct listing *l, uint64_t ns)
{
	if (!ns)
		listing_none(l);
	else
		CELL(l, json_time(&l->row, key, ns), text_time(&w, ns));
}

void listing_flag(struct listing *l, bool v)
{
	CELL(l, json_bool(&l->row, key, v), wr_text(&w, v ? "yes" : "no"));
}

void listing_share(struct writer *w, uint64_t part, uint64_t whole)
{
	double share = whole ? 100.0 * (double)part / (double)whole : 0;
	uint64_t hundredths = (uint64_t)(share * 100);

	if ((double)hundredths < share * 100)
		hundredths++;
	wr_u64(w, hundredths / 100);
	wr_char(w, '.');
	wr_u64_pad(w, hundredths % 100, 2);
}

void listing_percent(struct listing *l, uint64_t part, uint64_t whole)
{
	CELL(l, (json_key(&l->row, key), listing_share(&l->row.w, part, whole)),
	     (listing_share(&w, part, whole), wr_lit(&w, " %")));
}

static void cells_of(const struct listing *l, size_t row, struct str *out)
{
	for (unsigned i = 0; i < l->count; i++) {
		size_t cell = row * l->count + i;
		size_t from = cell ? l->ends[cell - 1] : 0;
		out[i] = (struct str){(const char *)l->cells.p + from, l->ends[cell] - from};
	}
}

static void table(struct listing *l)
{
	struct text_column columns[LISTING_COLUMNS_MAX] = {{0}};
	struct str cells[LISTING_COLUMNS_MAX];
	char line[LISTING_COLUMNS_MAX * (LISTING_CELL_MAX + TEXT_GAP) * 2];

	for (unsigned i = 0; i < l->count; i++)
		columns[i] = (struct text_column){.head = l->columns[i].head,
						  .right = l->columns[i].right};
	for (size_t r = 0; r < l->rows; r++) {
		cells_of(l, r, cells);
		text_widen(columns, l->count, cells);
	}
	for (size_t r = 0; r <= l->rows; r++) {
		struct writer w = wr_of(line, sizeof line);
		if (r)
			cells_of(l, r - 1, cells);
		text_row(&w, columns, l->count, r ? cells : NULL);
		bytes_add(l->out, line, wr_length(&w));
	}
}

void listing_end(struct listing *l, const char *none)
{
	if (l->json) {
		bytes_add(l->out, "]\n", 2);
	} else if (l->cells.full) {
		l->out->full = true;
	} else if (l->rows) {
		table(l);
	} else {
		bytes_print(l->out, "%s\n", none);
	}
	bytes_fini(&l->cells);
	free(l->buffer);
	free(l->ends);
}

struct json listing_json(struct bytes *b, size_t n)
{
	char *at = (char *)bytes_more(b, n);
	struct json j = json_of(at, at ? n : 0);

	j.w.full = !at;
	return j;
}

void listing_json_end(struct bytes *b, const struct json *j)
{
	if (b->full)
		return;
	b->n -= (size_t)(j->w.end - j->w.p);
	b->full |= j->w.full;
}
