#include "output/report.h"

#include <string.h>

#include "output/text.h"

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
		"packets",	   "packet_bytes",	"files",
		"flows",	   "flows_tcp",		"flows_udp",
		"streams",	   "dns_messages",	"tls_hellos",
		"quic_hellos",	   "http_requests",	"records_dns",
		"records_tls",	   "records_quic",	"records_http",
		"records_conn",	   "records_flow",	"tunnels",
		"fragments",	   "fragments_joined",	"not_ip",
		"transport_other", "tcp_retransmitted",
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
	fprintf(out, "%.1f %% of upload bytes",
		a->up ? 100.0 * (double)named / (double)a->up : 100.0);
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

static void put_analyst_oddities(const struct analyst_summary *a, FILE *out, bool *any)
{
	put_oddity(out, a->names_evicted, "Addresses whose names were forgotten while they held",
		   any);
	put_oddity(out, a->accounts_refused, "Records left out of the ledger: it is full", any);
	put_oddity(out, a->accounts_evicted,
		   "Uses of services that made room in the ledger", any);
	put_oddity(out, a->texts_refused, "Names and other texts cut or left out: too many", any);
	put_oddity(out, a->pasts_evicted,
		   "Clients, services and tenants that the detectors had no room for", any);
	put_oddity(out, a->findings_refused, "Matches left out of the findings: there are too many",
		   any);
	put_oddity(out, a->correlation_evicted,
		   "Matches that correlations forgot while they still counted", any);
	put_oddity(out, a->regex_limit, "Expressions that were given up at their limit", any);
	put_oddity(out, a->flows_untracked, "Connection records beyond the bound of the analyst",
		   any);
}

static void put_rules(const struct analyst_summary *a, FILE *out)
{
	if (!a->rules)
		return;
	fputs("rules:    ", out);
	put_count(out, a->rules, "loaded, ");
	put_count(out, a->rule_findings, "findings of theirs\n");
}

void report_lines(const struct report_lines *l, const struct analyst_summary *a, FILE *out)
{
	bool any = false;

	fputs("read:     ", out);
	put_count(out, l->records, "records, ");
	put_count(out, l->events, "events\n");
	put_rules(a, out);
	put_oddity(out, l->bad, "Lines that are no JSON object", &any);
	put_oddity(out, l->unsourced, "Events whose log source is not known (--as says it)", &any);
	put_oddity(out, l->values_lost, "Values beyond the bounds of one event", &any);
	put_analyst_oddities(a, out, &any);
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
	put_rules(&r->analyst, out);
	for (unsigned i = 0; i < stat_count; i++)
		if (!is_ordinary(stat_infos[i].name))
			put_oddity(out, stat_get(s, i), stat_infos[i].help, &any);
	for (unsigned i = 0; i < r->link_count; i++) {
		char help[64];
		snprintf(help, sizeof help, "Packets of unknown link type %u", r->links[i].link);
		put_oddity(out, r->links[i].frames, help, &any);
	}
	put_analyst_oddities(&r->analyst, out, &any);
	fputs("took:     ", out);
	put_duration(out, r->cpu);
	fputs(" of CPU, ", out);
	put_duration(out, r->wall);
	fputs(", ", out);
	put_bytes(out, r->memory);
	fputs(" of memory\n", out);
}
