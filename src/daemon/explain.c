#include "daemon/explain.h"

#include "core/hostname.h"
#include "detect/hunt.h"

static void explain_name(const struct generation *g, struct str name, FILE *out)
{
	char canonical[HOSTNAME_MAX];
	size_t n = hostname_from_text(name, canonical);

	domain_set_explain(g->set, (struct str){canonical, n}, out);
}

/* The name that a record tells of, and the service that it belongs to. */
static struct hunt_subject subject_of(const struct generation *g, const struct record *r)
{
	struct hunt_subject s = {0};

	if (r->kind == RECORD_DNS)
		s.name = r->dns.question;
	else if (r->kind == RECORD_HTTP)
		s.name = r->http.host;
	else if (r->kind == RECORD_TLS || r->kind == RECORD_QUIC)
		s.name = r->tls.server_name;
	else
		s.name = r->flow.name;
	if (s.name.n)
		s.entry = domain_set_match(g->set, s.name);
	return s;
}

static int explain_line(const struct generation *g, const struct logsource *as, struct str text,
			FILE *out, struct error *e)
{
	if (!g->rules)
		return error_set(e, "there are no rules to explain");
	struct line_in *in = line_in_new(g->rules->fields, as);
	struct line line = line_in_read(in, text, 1, e);
	struct findings *none = findings_new(&(struct findings_options){0});
	struct hunt *h = hunt_new(&(struct hunt_options){.rules = g->rules, .findings = none});
	int failed = line.kind == LINE_BAD ? -1 : 0;

	if (line.kind == LINE_RECORD) {
		struct hunt_subject subject = subject_of(g, line.record);
		hunt_explain_record(h, line.record, &subject, out);
	}
	if (line.kind == LINE_EVENT)
		hunt_explain_line(h, &line, out);
	hunt_free(h);
	findings_free(none);
	line_in_free(in);
	return failed;
}

int explain(const struct generation *g, const struct logsource *as, struct str what, FILE *out,
	    struct error *e)
{
	if (what.n && what.p[0] == '{')
		return explain_line(g, as, what, out, e);
	explain_name(g, what, out);
	return 0;
}
