/* Text for people: amounts, durations, columns, and names from the wire cut to a width. All of it
 * is printable ASCII. (An ellipsis is three dots: the UTF-8 character holds bytes that a Latin-1
 * terminal takes for control codes.) */
#ifndef EGRET_OUTPUT_TEXT_H
#define EGRET_OUTPUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/writer.h"

#define TEXT_AMOUNT_MAX 16 /* longest of text_bytes, text_duration, text_count */

/* Powers of 1000, three figures or more: "0 B", "999 B", "1.00 kB", "12.3 MB", "480 GB". */
void text_bytes(struct writer *w, uint64_t bytes);
/* "1,234,567". */
void text_count(struct writer *w, uint64_t n);
/* The two greatest units: "850 ns", "12.3 ms", "4.20 s", "12 min 5 s", "3 h 7 min", "2 d 4 h". */
void text_duration(struct writer *w, uint64_t ns);
/* A point in time to the second: "2026-11-24 08:39:37Z". */
void text_time(struct writer *w, uint64_t ns);

/* A host name (core/hostname.h form; anything else than printable ASCII becomes \DDD). When longer
 * than width the front is cut, since the end says whose name it is: "...storage.mega.co.nz". */
void text_name(struct writer *w, struct str name, size_t width);
/* Any bytes, escaped as wr_escaped does, the end cut to the width: "Mozilla/5.0 (X11; ...". Neither
 * tears an escape. Width 0: no bound. */
void text_escaped(struct writer *w, struct str s, size_t width);

/* Columns: first widen over all rows, then write each row. Cells are printable ASCII. */
struct text_column {
	const char *head;
	bool right;   /* numbers */
	size_t width; /* begins at 0 */
};

#define TEXT_GAP 2 /* blanks between columns */

void text_widen(struct text_column *columns, size_t n, const struct str *cells);
/* With its newline, without blanks at the end. cells NULL: the heads. */
void text_row(struct writer *w, const struct text_column *columns, size_t n,
	      const struct str *cells);

#endif
