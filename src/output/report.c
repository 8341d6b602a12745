#include "output/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "output/text.h"

#define ROW_TEXT 1024
#define NAME_WIDTH 48

enum column { LEVEL, CLIENT, SERVICE, TIER, UPLOADED, CONNECTIONS, FIRST, NAMES, COLUMNS };

struct row {
	char text[ROW_TEXT];
	struct {
		uint16_t at, length;
	} cell[COLUMNS]; /* in text */
};

struct table {
	struct row *rows;
	size_t count, room;
};

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

static void write_cell(struct writer *w, const struct finding *f, enum column c)
{
	switch (c) {
	case LEVEL:
		wr_text(w, finding_level(f));
		break;
	case CLIENT:
		addr_write(w, &f->client);
		break;
	case SERVICE:
		text_escaped(w, str_of(f->service->name), 32);
		break;
	case TIER:
		wr_text(w, tier_name(f->tier));
		break;
	case UPLOADED:
		if (f->up) {
			text_bytes(w, f->up);
			if (f->up_missed * 100 > f->up)
				wr_char(w, '*');
		} else {
			wr_char(w, '-');
		}
		break;
	case CONNECTIONS:
		wr_u64(w, f->connections);
		break;
	case FIRST:
		text_time(w, f->first);
		break;
	default:
		write_names(w, f);
	}
}

static void add_row(void *context, const struct finding *f)
{
	struct table *t = context;

	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 32;
		t->rows = mem_resize(t->rows, t->room * sizeof *t->rows);
	}
	struct row *r = &t->rows[t->count++];
	struct writer w = wr_of(r->text, sizeof r->text);
	for (int c = 0; c < COLUMNS; c++) {
		r->cell[c].at = (uint16_t)wr_length(&w);
		write_cell(&w, f, (enum column)c);
		r->cell[c].length = (uint16_t)(wr_length(&w) - r->cell[c].at);
	}
}

static void cells_of(const struct row *r, struct str out[COLUMNS])
{
	for (int c = 0; c < COLUMNS; c++)
		out[c] = (struct str){r->text + r->cell[c].at, r->cell[c].length};
}

static bool is_marked(const struct row *r)
{
	struct str cells[COLUMNS];

	cells_of(r, cells);
	return cells[UPLOADED].n && cells[UPLOADED].p[cells[UPLOADED].n - 1] == '*';
}

void report_findings(const struct analyst *a, FILE *out)
{
	struct text_column columns[COLUMNS] = {
		[LEVEL] = {.head = "LEVEL"},
		[CLIENT] = {.head = "CLIENT"},
		[SERVICE] = {.head = "SERVICE"},
		[TIER] = {.head = "TIER"},
		[UPLOADED] = {.head = "UPLOADED", .right = true},
		[CONNECTIONS] = {.head = "CONNS", .right = true},
		[FIRST] = {.head = "FIRST SEEN"},
		[NAMES] = {.head = "NAMES"},
	};
	struct table t = {0};
	char line[2 * ROW_TEXT];

	analyst_findings(a, add_row, &t);
	if (!t.count) {
		fputs("No findings: no upload passed its threshold, no name of tier A was seen.\n",
		      out);
		return;
	}
	struct str cells[COLUMNS];
	bool marked = false;
	for (size_t i = 0; i < t.count; i++) {
		cells_of(&t.rows[i], cells);
		text_widen(columns, COLUMNS, cells);
		marked |= is_marked(&t.rows[i]);
	}
	for (size_t i = 0; i <= t.count; i++) {
		struct writer w = wr_of(line, sizeof line);
		if (i)
			cells_of(&t.rows[i - 1], cells);
		text_row(&w, columns, COLUMNS, i ? cells : NULL);
		fwrite(line, 1, wr_length(&w), out);
	}
	if (marked)
		fputs("* more than 1 % of it was not captured: counted by sequence numbers\n", out);
	free(t.rows);
}

static void put_count(FILE *out, uint64_t n, const char *what)
{
	char text[TEXT_AMOUNT_MAX + 16];
	struct writer w = wr_of(text, sizeof text);

	text_count(&w, n);
	fprintf(out, "%.*s %s", (int)wr_length(&w), text, what);
}

static void put_bytes(FILE *out, uint64_t n)
{
	char text[TEXT_AMOUNT_MAX + 16];
	struct writer w = wr_of(text, sizeof text);

	text_bytes(&w, n);
	fwrite(text, 1, wr_length(&w), out);
}

static void put_duration(FILE *out, uint64_t ns)
{
	char text[TEXT_AMOUNT_MAX + 16];
	struct writer w = wr_of(text, sizeof text);

	text_duration(&w, ns);
	fwrite(text, 1, wr_length(&w), out);
}

/* Counters that are what a good capture has too; all others are worth a line when not zero. */
static bool is_ordinary(const char *name)
{
	static const char *const ordinary[] = {
		"packets",	"packet_bytes", "files",	    "flows",
		"flows_tcp",	"flows_udp",	"streams",	    "dns_messages",
		"tls_hellos",	"quic_hellos",	"http_requests",    "records_dns",
		"records_tls",	"records_quic", "records_http",	    "records_conn",
		"records_flow", "tunnels",	"fragments",	    "fragments_joined",
		"not_ip",	"transport_other", "tcp_retransmitted",
	};

	for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
		if (strcmp(name, ordinary[i]) == 0)
			return true;
	return false;
}

static void put_names(const struct analyst_summary *a, FILE *out)
{
	fputs("uploads:  ", out);
	put_bytes(out, a->up);
	fprintf(out, " over ");
	put_count(out, a->connections, "connections, ");
	put_bytes(out, a->up_to_services);
	fputs(" of it to listed services\nnames:    ", out);
	uint64_t named = a->up - a->up_by_source[NAME_NONE];
	fprintf(out, "%.1f %% of upload bytes", a->up ? 100.0 * (double)named / (double)a->up : 100.0);
	for (int s = NAME_SNI; s <= NAME_CERT; s++)
		if (a->up_by_source[s])
			fprintf(out, ", %s %.1f %%", name_source_name(s),
				100.0 * (double)a->up_by_source[s] / (double)a->up);
	fputc('\n', out);
}

static void put_oddity(FILE *out, uint64_t n, const char *help, bool *any)
{
	if (!n)
		return;
	if (!*any)
		fputs("losses and oddities:\n", out);
	*any = true;
	char text[32];
	struct writer w = wr_of(text, sizeof text);
	text_count(&w, n);
	fprintf(out, "  %14.*s  %s\n", (int)wr_length(&w), text, help);
}

void report_summary(const struct report_run *r, FILE *out)
{
	const struct stats *s = r->stats;
	bool any = false;

	fputs("read:     ", out);
	put_count(out, s->packets, "packets, ");
	put_bytes(out, s->packet_bytes);
	fputs(" on the wire, ", out);
	put_count(out, s->files, s->files == 1 ? "file, " : "files, ");
	put_duration(out, r->last > r->first ? r->last - r->first : 0);
	fputs(" of traffic\nflows:    ", out);
	put_count(out, s->flows, "(");
	put_count(out, s->flows_tcp, "TCP, ");
	put_count(out, s->flows_udp, "UDP)\nrecords:  ");
	put_count(out, s->records_dns, "dns, ");
	put_count(out, s->records_tls, "tls, ");
	put_count(out, s->records_quic, "quic, ");
	put_count(out, s->records_http, "http, ");
	put_count(out, s->records_conn, "conn, ");
	put_count(out, s->records_flow, "flow\n");
	put_names(&r->analyst, out);
	for (unsigned i = 0; i < stat_count; i++)
		if (!is_ordinary(stat_infos[i].name))
			put_oddity(out, stat_get(s, i), stat_infos[i].help, &any);
	for (unsigned i = 0; i < r->link_count; i++) {
		char help[64];
		snprintf(help, sizeof help, "Packets of unknown link type %u", r->links[i].link);
		put_oddity(out, r->links[i].frames, help, &any);
	}
	put_oddity(out, r->analyst.names_evicted, "Addresses whose names were forgotten while they held",
		   &any);
	put_oddity(out, r->analyst.accounts_refused, "Records left out of the ledger: it is full", &any);
	put_oddity(out, r->analyst.flows_untracked, "Connection records beyond the bound of the analyst",
		   &any);
	fputs("took:     ", out);
	put_duration(out, r->cpu);
	fputs(" of CPU, ", out);
	put_duration(out, r->wall);
	fputs(", ", out);
	put_bytes(out, r->memory);
	fputs(" of memory\n", out);
}
