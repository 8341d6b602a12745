#include "output/findings_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "output/text.h"

#define ROW_TEXT   1024
#define NAME_WIDTH 48
#define RULE_WIDTH 60

/* RULE and MATCHES stand in the table of rules where the other one has TIER and CONNECTIONS. */
enum column { LEVEL, CLIENT, SERVICE, TIER, UPLOADED, CONNECTIONS, FIRST, NAMES, COLUMNS };
enum { RULE = TIER, MATCHES = CONNECTIONS };

struct row {
	char text[ROW_TEXT];
	struct {
		uint16_t at, length;
	} cell[COLUMNS]; /* in text */
};

struct table {
	struct row *rows;
	size_t count, room;
	struct text_column columns[COLUMNS];
	bool marked, possible, lost;
	uint64_t left_out; /* possible matches of low level */
	uint64_t beyond;   /* FINDINGS_TABLE_ROWS */
};

struct findings_table {
	struct table uploads, rules;
};

struct findings_table *findings_table_new(void)
{
	static const struct text_column columns[COLUMNS] = {
		[LEVEL] = {.head = "LEVEL"},
		[CLIENT] = {.head = "CLIENT"},
		[SERVICE] = {.head = "SERVICE"},
		[TIER] = {.head = "TIER"},
		[UPLOADED] = {.head = "UPLOADED", .right = true},
		[CONNECTIONS] = {.head = "CONNS", .right = true},
		[FIRST] = {.head = "FIRST SEEN"},
		[NAMES] = {.head = "NAMES"},
	};
	struct findings_table *t = mem_zalloc(sizeof *t);

	memcpy(t->uploads.columns, columns, sizeof columns);
	memcpy(t->rules.columns, columns, sizeof columns);
	t->rules.columns[RULE].head = "RULE";
	t->rules.columns[MATCHES].head = "MATCHES";
	return t;
}

size_t findings_table_memory(void)
{
	/* doubling makes it up to twice as many rows, moving them 1.5 times that */
	return 2 * mem_memory(3 * FINDINGS_TABLE_ROWS * sizeof(struct row));
}

/* Writes the names that fit; what is only looked up says so. */
static void write_names(struct writer *w, const struct finding *f)
{
	for (unsigned i = 0; i < f->name_count && i < 2; i++) {
		if (i)
			wr_lit(w, ", ");
		text_name(w, f->names[i].name, NAME_WIDTH);
		switch (f->names[i].source) {
		case NAME_NONE:
			wr_lit(w, " (query)");
			break;
		case NAME_DNS_CLIENT:
		case NAME_DNS_ANY:
		case NAME_CERT:
		case NAME_PROXY:
			wr_lit(w, " (");
			wr_text(w, name_source_name(f->names[i].source));
			wr_char(w, ')');
			break;
		default: /* said by the client on the connection itself */
			break;
		}
	}
	if (f->name_count > 2 || f->more_names)
		wr_lit(w, ", ...");
}

static void write_client(struct writer *w, const struct finding *f)
{
	if (f->has_client)
		addr_write(w, &f->client);
	else if (f->host.n)
		text_escaped(w, f->host, 40);
	else
		wr_char(w, '-');
}

static void write_uploaded(struct writer *w, const struct finding *f)
{
	if (!f->up) {
		wr_char(w, '-');
		return;
	}
	if (f->lost > 0)
		wr_lit(w, ">= ");
	text_bytes(w, f->up);
	if (f->up_missed * 100 > f->up)
		wr_char(w, '*');
}

static void write_cell(struct writer *w, const struct finding *f, bool rule, enum column c)
{
	switch (c) {
	case LEVEL:
		wr_text(w, f->level ? sigma_level_name(f->level) : "-");
		break;
	case CLIENT:
		write_client(w, f);
		break;
	case SERVICE:
		text_escaped(w, str_of(f->service ? f->service->name : "-"), 32);
		break;
	case TIER:
		if (!rule) {
			wr_text(w, tier_name(f->tier));
			break;
		}
		text_escaped(w, str_of(f->rule->title), RULE_WIDTH);
		if (f->possible)
			wr_char(w, '?');
		break;
	case UPLOADED:
		write_uploaded(w, f);
		break;
	case CONNECTIONS:
		wr_u64(w, rule ? f->matches : f->connections);
		break;
	case FIRST:
		if (f->first)
			text_time(w, f->first);
		else
			wr_char(w, '-');
		break;
	default:
		write_names(w, f);
	}
}

void findings_table_add(void *context, const struct finding *f)
{
	struct findings_table *both = context;
	bool rule = f->kind > FINDING_NAME;
	struct table *t = rule ? &both->rules : &both->uploads;

	if (rule && f->possible && f->level < LEVEL_MEDIUM) {
		t->left_out++;
		return;
	}
	if (t->count == FINDINGS_TABLE_ROWS) {
		t->beyond++;
		return;
	}
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 32;
		t->rows = mem_resize(t->rows, t->room * sizeof *t->rows);
	}
	struct row *r = &t->rows[t->count++];
	struct writer w = wr_of(r->text, sizeof r->text);
	for (int c = 0; c < COLUMNS; c++) {
		r->cell[c].at = (uint16_t)wr_length(&w);
		write_cell(&w, f, rule, (enum column)c);
		r->cell[c].length = (uint16_t)(wr_length(&w) - r->cell[c].at);
	}
	t->marked |= f->up && f->up_missed * 100 > f->up;
	t->possible |= rule && f->possible;
	t->lost |= f->up && f->lost > 0;
}

static void cells_of(const struct row *r, struct str out[COLUMNS])
{
	for (int c = 0; c < COLUMNS; c++)
		out[c] = (struct str){r->text + r->cell[c].at, r->cell[c].length};
}

static void print(struct table *t, FILE *out)
{
	struct str cells[COLUMNS];
	char line[2 * ROW_TEXT];

	for (size_t i = 0; i < t->count; i++) {
		cells_of(&t->rows[i], cells);
		text_widen(t->columns, COLUMNS, cells);
	}
	for (size_t i = 0; t->count && i <= t->count; i++) {
		struct writer w = wr_of(line, sizeof line);
		if (i)
			cells_of(&t->rows[i - 1], cells);
		text_row(&w, t->columns, COLUMNS, i ? cells : NULL);
		fwrite(line, 1, wr_length(&w), out);
	}
	if (t->beyond)
		fprintf(out, "... and %llu more: --json tells them all\n",
			(unsigned long long)t->beyond);
	if (t->marked)
		fputs("* more than 1 % of it was not captured: counted by sequence numbers\n", out);
	if (t->lost)
		fputs(">= packets were lost meanwhile: it is at least that\n", out);
	if (t->left_out)
		fprintf(out, "%llu more are possible and of low level: --json tells them\n",
			(unsigned long long)t->left_out);
	if (t->possible)
		fputs("? possible: it hangs on what the wire cannot show (--json says on what)\n",
		      out);
	free(t->rows);
}

void findings_table_print(struct findings_table *t, FILE *out)
{
	if (!t->uploads.count && !t->rules.count)
		fputs("No findings: no upload passed its threshold, no name of tier A was seen, no "
		      "rule "
		      "matched.\n",
		      out);
	if (t->uploads.count)
		print(&t->uploads, out);
	if (t->uploads.count && t->rules.count)
		fputc('\n', out);
	if (t->rules.count || t->rules.left_out)
		print(&t->rules, out);
	free(t);
}
