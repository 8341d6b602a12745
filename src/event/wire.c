#include "event/wire.h"

#include <stdlib.h>

#include "base/mem.h"
#include "event/wire_facts.h"

/* The words of fields.def's first column. */
enum {
	SYSMON_22 = 1 << WIRE_DNS_QUERY,
	CLIENT_3008 = 1 << WIRE_DNS_CLIENT,
	DNS = 1 << WIRE_DNS,
	NET_DNS = 1 << WIRE_NET_DNS,
	ZEEK_DNS = 1 << WIRE_ZEEK_DNS,
	SYSMON_3 = 1 << WIRE_CONNECTION,
	FIREWALL = 1 << WIRE_FIREWALL,
	NET_CONN = 1 << WIRE_NET_CONN,
	NET_FLOW = 1 << WIRE_NET_FLOW,
	ZEEK_CONN = 1 << WIRE_ZEEK_CONN,
	PROXY = 1 << WIRE_PROXY,
	WEB = 1 << WIRE_WEBSERVER,
	ZEEK_HTTP = 1 << WIRE_ZEEK_HTTP,
	ZEEK_SSL = 1 << WIRE_ZEEK_SSL,
	ZEEK_X509 = 1 << WIRE_ZEEK_X509,

	HOST = SYSMON_3 | SYSMON_22 | CLIENT_3008,
	ZEEK = ZEEK_DNS | ZEEK_CONN | ZEEK_HTTP | ZEEK_SSL | ZEEK_X509,
	NET = NET_DNS | NET_CONN | NET_FLOW,
	EVERY = (1 << WIRE_VIEWS) - 1,
};

/* And of the last one. */
enum known {
	KNOWN,
	CLEAR,
	HIDDEN,
};

static const struct row {
	uint32_t views;
	const char *name;
	wire_fact *fact;
	enum known known;
} rows[] = {
#define FIELD(views, name, fact, known) {views, name, wire_fact_##fact, known},
#include "event/fields.def"
#undef FIELD
};

#define ROWS (sizeof rows / sizeof *rows)

struct bound {
	wire_fact *fact;
	uint32_t field;
};

/* What is called to make the events of a view. */
struct plan {
	struct bound *bound;
	unsigned leads, count; /* the first are of fields that lead to rules */
};

struct wire {
	struct plan plan[WIRE_VIEWS][2];  /* plain; encrypted: of fields that rules name */
	struct plan all[WIRE_VIEWS][2];	  /* with all others, too */
	wire_ask *ask;			  /* NULL: nobody is asked */
	uint64_t *unknown[WIRE_VIEWS][2]; /* plain; encrypted */
	struct port_names *ports;
	struct date_cache dates;
	bool dns_text;
	struct event_value values[EVENT_VALUES_MAX + 1];
	char text[WIRE_TEXT_ROOM];
};

const struct logsource *wire_logsources(enum wire_view v, size_t *count)
{
	static const struct logsource sources[WIRE_VIEWS] = {
		[WIRE_DNS_QUERY] = {.category = "dns_query", .service = "sysmon"},
		[WIRE_DNS_CLIENT] = {.service = "dns-client"},
		[WIRE_DNS] = {.category = "dns"},
		[WIRE_NET_DNS] = {.category = "network", .product = "egret", .service = "dns"},
		[WIRE_ZEEK_DNS] = {.product = "zeek", .service = "dns"},
		[WIRE_CONNECTION] = {.category = "network_connection", .service = "sysmon"},
		[WIRE_FIREWALL] = {.category = "firewall"},
		[WIRE_NET_CONN] = {.category = "network",
				   .product = "egret",
				   .service = "connection"},
		[WIRE_NET_FLOW] = {.category = "network", .product = "egret", .service = "flow"},
		[WIRE_ZEEK_CONN] = {.product = "zeek", .service = "conn"},
		[WIRE_PROXY] = {.category = "proxy"},
		[WIRE_WEBSERVER] = {.category = "webserver"},
		[WIRE_ZEEK_HTTP] = {.product = "zeek", .service = "http"},
		[WIRE_ZEEK_SSL] = {.product = "zeek", .service = "ssl"},
		[WIRE_ZEEK_X509] = {.product = "zeek", .service = "x509"},
	};

	*count = 1;
	return &sources[v];
}

/* (Of nearly all pairs the first letters differ already, and there are very many.) */
static bool same_name(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}

/* The views of a row that have no earlier row of the same name. */
static uint32_t views_of_row(size_t row)
{
	uint32_t views = rows[row].views;

	for (size_t i = 0; i < row && views; i++)
		if (rows[i].views & views && same_name(rows[i].name, rows[row].name))
			views &= ~rows[i].views;
	return views;
}

static void bind(struct plan *p, wire_fact *fact, uint32_t field)
{
	p->bound = mem_resize(p->bound, (p->count + 1) * sizeof *p->bound);
	p->bound[p->count++] = (struct bound){fact, field};
}

/* Keywords look into what a log of that source holds: not into our names for the same things,
 * unless the log is ours. */
static bool is_own(const struct row *r, enum wire_view v)
{
	return r->views != EVERY || (NET >> v & 1);
}

static void bind_row(struct wire *w, const struct row *r, uint32_t views, uint32_t field)
{
	for (unsigned v = 0; v < WIRE_VIEWS; v++) {
		if (!(views >> v & 1))
			continue;
		if (field != FIELD_NONE) {
			uint64_t bit = UINT64_C(1) << field % 64;
			if (r->known == HIDDEN)
				w->unknown[v][0][field / 64] |= bit;
			if (r->known != KNOWN)
				w->unknown[v][1][field / 64] |= bit;
		}
		for (unsigned encrypted = 0; encrypted < 2; encrypted++) {
			if (r->known == HIDDEN || (encrypted && r->known == CLEAR))
				continue;
			if (field != FIELD_NONE)
				bind(&w->plan[v][encrypted], r->fact, field);
			if (field != FIELD_NONE || is_own(r, (enum wire_view)v))
				bind(&w->all[v][encrypted], r->fact, field);
		}
	}
}

static bool is_dns_text(wire_fact *f)
{
	return f == wire_fact_answer_data || f == wire_fact_zeek_answers ||
	       f == wire_fact_sysmon_results || f == wire_fact_client_results;
}

static void bind_rows(struct wire *w, const struct fields *fields, enum known known)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		if (r->known != known)
			continue;
		uint32_t field = fields_find(fields, str_of(r->name));
		bind_row(w, r, views_of_row(i), field);
		if (field == FIELD_NONE)
			continue;
		w->dns_text |= is_dns_text(r->fact);
		if (!w->ports && (r->fact == wire_fact_source_port_name ||
				  r->fact == wire_fact_destination_port_name))
			w->ports = port_names_new(PORT_NAMES_FILE);
	}
}

struct wire *wire_new(const struct fields *fields)
{
	struct wire *w = mem_alloc(sizeof *w);
	size_t words = fields_count(fields) / 64 + 1;

	memset(w, 0, offsetof(struct wire, values));
	for (unsigned v = 0; v < WIRE_VIEWS; v++)
		for (unsigned k = 0; k < 2; k++)
			w->unknown[v][k] = mem_array(words, sizeof(uint64_t));
	bind_rows(w, fields, KNOWN);
	bind_rows(w, fields, CLEAR);
	bind_rows(w, fields, HIDDEN);
	return w;
}

void wire_free(struct wire *w)
{
	if (!w)
		return;
	for (unsigned v = 0; v < WIRE_VIEWS; v++)
		for (unsigned k = 0; k < 2; k++) {
			free(w->plan[v][k].bound);
			free(w->all[v][k].bound);
			free(w->unknown[v][k]);
		}
	port_names_free(w->ports);
	free(w);
}

bool wire_wants_dns_text(const struct wire *w)
{
	return w->dns_text;
}

const uint64_t *wire_unknown(const struct wire *w, enum wire_view v, bool encrypted)
{
	return w->unknown[v][encrypted];
}

static uint32_t views_of_dns(const struct record_dns *d)
{
	return DNS | NET_DNS | (d->opcode == 0 ? ZEEK_DNS : 0) |
	       (win_dns_told(d) ? SYSMON_22 | CLIENT_3008 : 0);
}

static uint32_t views_of_tls(const struct record_tls *t)
{
	bool certificate = t->cert_subject.n || t->cert_issuer.n || t->cert_names.count;

	return PROXY | ZEEK_SSL | (certificate ? ZEEK_X509 : 0);
}

static uint32_t views_of_flow(const struct record *r)
{
	const struct record_flow *f = &r->flow;
	uint32_t views = 0;

	if (r->kind == RECORD_FLOW || f->end != END_NOT || f->delta_up || f->delta_down)
		views |= NET_FLOW;
	if (r->kind == RECORD_FLOW)
		return views;
	if (f->end != END_NOT)
		views |= NET_CONN | ZEEK_CONN;
	if (f->end == END_NOT || f->sequence == 0)
		views |= FIREWALL;
	return views | (win_connection_told(r) ? SYSMON_3 : 0);
}

static uint32_t views_of(const struct record *r)
{
	switch (r->kind) {
	case RECORD_DNS:
		return views_of_dns(&r->dns);
	case RECORD_TLS:
	case RECORD_QUIC:
		return views_of_tls(&r->tls);
	case RECORD_HTTP:
		return PROXY | ZEEK_HTTP | (r->http.connect ? 0 : WEB);
	default:
		return views_of_flow(r);
	}
}

/* The views that see of this record only what is not encrypted. */
static uint32_t encrypted_of(const struct record *r)
{
	if (r->kind == RECORD_QUIC)
		return PROXY | ZEEK_SSL;
	if (r->kind != RECORD_TLS)
		return 0;
	/* without the server's answer, nothing of it is known either */
	bool hidden = r->tls.version_chosen == 0 || r->tls.version_chosen >= 0x0304;
	return PROXY | (hidden ? ZEEK_SSL : 0);
}

void wire_set_ask(struct wire *w, wire_ask *ask)
{
	w->ask = ask;
}

void wire_lead(struct wire *w, enum wire_view v, bool encrypted, uint32_t field)
{
	struct plan *p = &w->plan[v][encrypted];

	for (unsigned i = p->leads; i < p->count; i++) {
		if (p->bound[i].field != field)
			continue;
		struct bound lead = p->bound[i];
		p->bound[i] = p->bound[p->leads];
		p->bound[p->leads++] = lead;
		return;
	}
}

static void make(struct wire_making *m, const struct plan *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		m->field = p->bound[i].field;
		p->bound[i].fact(m);
	}
}

void wire_events(struct wire *w, const struct record *r, const struct wire_service *s,
		 uint32_t wanted, bool all, wire_take *take, void *context)
{
	struct wire_making m = {.r = r,
				.service = s,
				.ports = w->ports,
				.dates = &w->dates,
				.values = w->values,
				.text = wr_of(w->text, sizeof w->text)};
	uint32_t hidden = encrypted_of(r);

	for (uint32_t left = views_of(r) & wanted; left; left &= left - 1) {
		unsigned v = (unsigned)__builtin_ctz(left);
		bool encrypted = hidden >> v & 1;
		const struct plan *p = all ? &w->all[v][encrypted] : &w->plan[v][encrypted];
		unsigned leads = w->ask && !all ? p->leads : p->count;
		struct event e = {.values = w->values,
				  .unknown = w->unknown[v][encrypted],
				  .time = r->time};
		m.view = (enum wire_view)v;
		m.count = 0;
		make(&m, p, 0, leads);
		e.count = m.count;
		if (w->ask && !all && !w->ask(context, m.view, encrypted, &e))
			continue;
		make(&m, p, leads, p->count);
		e.count = m.count;
		take(context, m.view, encrypted, &e);
	}
}
