/* Rows of an answer: an aligned table for people, or an array of JSON objects. The same calls make
 * both; what a person reads rounded, a program reads exactly. */
#ifndef EGRET_DAEMON_LISTING_H
#define EGRET_DAEMON_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "core/addr.h"
#include "output/json.h"
#include "output/text.h"

#define LISTING_COLUMNS_MAX 12
#define LISTING_CELL_MAX    1024	/* bytes of text */
#define LISTING_ROW_MAX	    (32 * 1024) /* bytes of JSON */

struct listing_column {
	const char *head; /* in the table */
	const char *key;  /* in JSON */
	bool right;	  /* numbers */
};

struct listing {
	const struct listing_column *columns;
	unsigned count;
	bool json;
	struct bytes *out;
	unsigned at; /* column of the next cell */
	size_t rows;
	/* JSON: the row being written */
	struct json row;
	char *buffer;
	/* table: all cells, one after the other */
	struct bytes cells;
	uint32_t *ends; /* of each cell in `cells` */
	size_t ends_room;
};

/* `columns` outlives the listing. */
void listing_begin(struct listing *l, const struct listing_column *columns, unsigned count,
		   bool json, struct bytes *out);
/* One call a column, in their order; a row ends by itself. */
void listing_none(struct listing *l); /* "-"; left out in JSON */
void listing_word(struct listing *l, const char *word);
void listing_text(struct listing *l, struct str s, size_t width);    /* what people wrote */
void listing_name(struct listing *l, struct str name, size_t width); /* core/hostname.h form */
void listing_addr(struct listing *l, const struct addr *a);
void listing_count(struct listing *l, uint64_t n);  /* "1,234,567" */
void listing_number(struct listing *l, uint64_t n); /* "1234567", of what is no amount */
void listing_size(struct listing *l, uint64_t bytes);
void listing_time(struct listing *l, uint64_t ns); /* 0: none */
void listing_flag(struct listing *l, bool v);
void listing_percent(struct listing *l, uint64_t part, uint64_t whole);
/* Writes the table, or `none` and a newline when it has no row. */
void listing_end(struct listing *l, const char *none);

/* "0.04": per cent, rounded up, so that what is lost never reads as nothing. */
void listing_share(struct writer *w, uint64_t part, uint64_t whole);
/* A JSON writer over up to n more bytes of b, and the end of it. */
struct json listing_json(struct bytes *b, size_t n);
void listing_json_end(struct bytes *b, const struct json *j);

#endif
