#include "output/text.h"

#include "core/limits.h"
#include "core/date.h"

/* v/unit with three figures, cut and not rounded, so that 999,999 does not become 1000 k. */
static void three_figures(struct writer *w, uint64_t v, uint64_t unit)
{
	uint64_t whole = v / unit, rest = v % unit;

	wr_u64(w, whole);
	if (unit < 100 || whole >= 100)
		return;
	wr_char(w, '.');
	if (whole >= 10)
		wr_u64(w, rest / (unit / 10));
	else
		wr_u64_pad(w, rest / (unit / 100), 2);
}

void text_bytes(struct writer *w, uint64_t bytes)
{
	static const char *const names[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
	uint64_t unit = 1;
	size_t i = 0;

	while (i + 1 < sizeof names / sizeof *names && bytes / unit >= 1000) {
		unit *= 1000;
		i++;
	}
	three_figures(w, bytes, unit);
	wr_text(w, names[i]);
}

void text_count(struct writer *w, uint64_t n)
{
	uint64_t unit = 1;

	while (n / unit >= 1000)
		unit *= 1000;
	wr_u64(w, n / unit);
	while (unit > 1) {
		n %= unit;
		unit /= 1000;
		wr_char(w, ',');
		wr_u64_pad(w, n / unit, 3);
	}
}

static void two_units(struct writer *w, uint64_t v, uint64_t per, const char *great,
		      const char *small)
{
	wr_u64(w, v / per);
	wr_text(w, great);
	if (v % per) {
		wr_char(w, ' ');
		wr_u64(w, v % per);
		wr_text(w, small);
	}
}

void text_duration(struct writer *w, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (ns < 1000) {
		three_figures(w, ns, 1);
		wr_lit(w, " ns");
	} else if (ns < NS_PER_MS) {
		three_figures(w, ns, 1000);
		wr_lit(w, " us");
	} else if (ns < NS_PER_S) {
		three_figures(w, ns, NS_PER_MS);
		wr_lit(w, " ms");
	} else if (s < 60) {
		three_figures(w, ns, NS_PER_S);
		wr_lit(w, " s");
	} else if (s < 3600) {
		two_units(w, s, 60, " min", " s");
	} else if (s < 86400) {
		two_units(w, s / 60, 60, " h", " min");
	} else {
		two_units(w, s / 3600, 24, " d", " h");
	}
}

void text_time(struct writer *w, uint64_t ns)
{
	char out[DATE_LENGTH];
	struct writer whole = wr_of(out, sizeof out);
	struct date_cache none = {0};

	date_write(&whole, &none, ns);
	wr_bytes(w, out, 10);
	wr_char(w, ' ');
	wr_bytes(w, out + 11, 8);
	wr_char(w, 'Z');
}

static bool plain(char c)
{
	return c >= 0x20 && c < 0x7f;
}

static size_t name_width(char c)
{
	return plain(c) ? 1 : 4;
}

/* How many bytes before p[at] belong to an escape that p[at] is inside of. */
static size_t inside_escape(struct str s, size_t at)
{
	for (size_t back = 1; back <= 3 && back <= at; back++)
		if (s.p[at - back] == '\\')
			return back;
	return 0;
}

void text_name(struct writer *w, struct str name, size_t width)
{
	size_t total = 0, from = 0;

	for (size_t i = 0; i < name.n; i++)
		total += name_width(name.p[i]);
	if (width && total > width) {
		size_t dots = width < 3 ? width : 3;
		wr_bytes(w, "...", dots);
		while (from < name.n && total > width - dots)
			total -= name_width(name.p[from++]);
		/* the rest of a torn escape goes as well */
		size_t torn = from < name.n ? inside_escape(name, from) : 0;
		if (torn)
			from += 4 - torn;
	}
	for (; from < name.n; from++) {
		uint8_t c = (uint8_t)name.p[from];
		if (plain((char)c)) {
			wr_char(w, (char)c);
		} else {
			wr_char(w, '\\');
			wr_u64_pad(w, c, 3);
		}
	}
}

static size_t escaped_width(char c)
{
	return c == '\\' ? 2 : plain(c) ? 1 : 4;
}

void text_escaped(struct writer *w, struct str s, size_t width)
{
	size_t total = 0, kept = 0, cut = 0; /* `cut` bytes stay when the dots are needed */
	size_t dots = width < 3 ? width : 3;

	if (width == 0) {
		wr_escaped(w, s);
		return;
	}
	while (kept < s.n && total + escaped_width(s.p[kept]) <= width) {
		total += escaped_width(s.p[kept++]);
		if (total <= width - dots)
			cut = kept;
	}
	if (kept == s.n) {
		wr_escaped(w, s);
		return;
	}
	wr_escaped(w, (struct str){s.p, cut});
	wr_bytes(w, "...", dots);
}

void text_widen(struct text_column *columns, size_t n, const struct str *cells)
{
	for (size_t i = 0; i < n; i++) {
		size_t head = strlen(columns[i].head);
		if (columns[i].width < head)
			columns[i].width = head;
		if (columns[i].width < cells[i].n)
			columns[i].width = cells[i].n;
	}
}

static void blanks(struct writer *w, size_t n)
{
	while (n-- > 0)
		wr_char(w, ' ');
}

void text_row(struct writer *w, const struct text_column *columns, size_t n,
	      const struct str *cells)
{
	size_t owed = 0; /* blanks that are written only when something follows */

	for (size_t i = 0; i < n; i++) {
		struct str cell = cells ? cells[i] : str_of(columns[i].head);
		size_t pad = cell.n < columns[i].width ? columns[i].width - cell.n : 0;

		if (columns[i].right)
			owed += pad;
		if (cell.n) {
			blanks(w, owed);
			owed = 0;
			wr_str(w, cell);
		}
		if (!columns[i].right)
			owed += pad;
		owed += TEXT_GAP;
	}
	wr_char(w, '\n');
}
