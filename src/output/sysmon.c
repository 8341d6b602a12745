#include "output/sysmon.h"

#include <stdlib.h>

#include "base/mem.h"
#include "event/port_names.h"
#include "event/win_text.h"
#include "output/json.h"
#include "output/line.h"

#define RESULTS_JSON_MAX (64 * 1024) /* escaped */

struct sysmon_out {
	struct port_names *ports;
	struct date_cache dates;
	uint64_t record_id; /* of the last event */
	char results[WIN_RESULTS_MAX];
};

struct provider {
	const char *name, *guid;
	unsigned event, version, task;
};

struct sysmon_out *sysmon_new(const char *services)
{
	struct sysmon_out *s = mem_zalloc(sizeof *s);

	s->ports = port_names_new(services ? services : PORT_NAMES_FILE);
	return s;
}

void sysmon_free(struct sysmon_out *s)
{
	if (!s)
		return;
	port_names_free(s->ports);
	free(s);
}

static void put_null(struct json *j, const char *key)
{
	json_key(j, key);
	wr_lit(&j->w, "null");
}

static void put_name(struct json *j, const char *key, struct str name)
{
	j->string_max = LINE_NAME;
	json_name(j, key, name);
}

/* With six digits of fraction, as evtx_dump has it. */
static void put_system_time(struct json *j, struct date_cache *dates, uint64_t ns)
{
	enum { MICROSECONDS = 26 };
	char text[DATE_LENGTH];
	struct writer w = wr_of(text, sizeof text);

	date_write(&w, dates, ns);
	json_key(j, "SystemTime");
	wr_char(&j->w, '"');
	wr_bytes(&j->w, text, MICROSECONDS);
	wr_lit(&j->w, "Z\"");
}

static void put_utc_time(struct sysmon_out *s, struct json *j, uint64_t ns)
{
	json_key(j, "UtcTime");
	wr_char(&j->w, '"');
	win_utc_time(&j->w, &s->dates, ns);
	wr_char(&j->w, '"');
}

static void open_attributes(struct json *j, const char *key)
{
	json_open(j, key, '{');
	json_open(j, "#attributes", '{');
}

static void close_attributes(struct json *j)
{
	json_close(j, '}');
	json_close(j, '}');
}

static void put_provider(struct json *j, const struct provider *p)
{
	open_attributes(j, "Provider");
	json_word(j, "Name", p->name);
	json_word(j, "Guid", p->guid);
	json_word(j, "EventSourceName", SYSMON_SOURCE);
	close_attributes(j);
}

/* All up to the members of EventData. */
static void open_event(struct sysmon_out *s, struct json *j, const struct provider *p,
		       const struct record *r)
{
	json_open(j, NULL, '{');
	open_attributes(j, "Event");
	json_word(j, "xmlns", "http://schemas.microsoft.com/win/2004/08/events/event");
	json_close(j, '}');
	json_open(j, "System", '{');
	put_provider(j, p);
	json_u64(j, "EventID", p->event);
	json_u64(j, "Version", p->version);
	json_u64(j, "Level", 4);
	json_u64(j, "Task", p->task);
	json_u64(j, "Opcode", 0);
	json_word(j, "Keywords", "0x8000000000000000");
	open_attributes(j, "TimeCreated");
	put_system_time(j, &s->dates, r->time);
	close_attributes(j);
	json_u64(j, "EventRecordID", s->record_id + 1);
	put_null(j, "Correlation");
	open_attributes(j, "Execution");
	put_null(j, "ProcessID");
	put_null(j, "ThreadID");
	close_attributes(j);
	json_key(j, "Channel");
	wr_char(&j->w, '"');
	wr_text(&j->w, p->name);
	wr_lit(&j->w, WIN_CHANNEL "\"");
	json_key(j, "Computer"); /* its address is all that the wire knows of its name */
	wr_char(&j->w, '"');
	addr_write(&j->w, &r->tuple.src);
	wr_char(&j->w, '"');
	open_attributes(j, "Security");
	put_null(j, "UserID");
	close_attributes(j);
	json_close(j, '}');
	json_open(j, "EventData", '{');
}

/* An event is there as a whole or not at all. */
static void close_event(struct sysmon_out *s, struct json *j, struct json before)
{
	json_close(j, '}');
	json_close(j, '}');
	json_close(j, '}');
	wr_char(&j->w, '\n');
	if (j->w.full)
		*j = before;
	else
		s->record_id++;
	j->comma = false;
}

static struct provider sysmon_event(unsigned event)
{
	return (struct provider){WIN_SYSMON, "5770385F-C22A-43E0-BF4C-06F5698FFBD9", event, 5,
				 event};
}

static void put_connection(struct sysmon_out *s, struct json *j, const struct record *r)
{
	const struct provider p = sysmon_event(3);
	const struct tuple *t = &r->tuple;
	struct json before = *j;

	open_event(s, j, &p, r);
	json_word(j, "RuleName", "-");
	put_utc_time(s, j, r->time);
	put_null(j, "ProcessGuid");
	put_null(j, "ProcessId");
	put_null(j, "Image");
	put_null(j, "User");
	json_word(j, "Protocol", t->proto == PROTO_TCP ? "tcp" : "udp");
	json_bool(j, "Initiated", true);
	json_bool(j, "SourceIsIpv6", !addr_is_v4(&t->src));
	line_addr(j, "SourceIp", &t->src);
	put_null(j, "SourceHostname");
	json_u64(j, "SourcePort", t->sport);
	put_name(j, "SourcePortName", port_names_find(s->ports, t->proto, t->sport));
	json_bool(j, "DestinationIsIpv6", !addr_is_v4(&t->dst));
	line_addr(j, "DestinationIp", &t->dst);
	put_name(j, "DestinationHostname", r->flow.name.n ? r->flow.name : STR("-"));
	json_u64(j, "DestinationPort", t->dport);
	put_name(j, "DestinationPortName", port_names_find(s->ports, t->proto, t->dport));
	close_event(s, j, before);
}

static void put_results(struct json *j, struct str results)
{
	j->string_max = RESULTS_JSON_MAX;
	json_name(j, "QueryResults", results);
}

static void put_query(struct sysmon_out *s, struct json *j, const struct record *r,
		      struct str results)
{
	const struct provider p = sysmon_event(22);
	struct json before = *j;

	open_event(s, j, &p, r);
	json_word(j, "RuleName", "-");
	put_utc_time(s, j, r->time);
	put_null(j, "ProcessGuid");
	put_null(j, "ProcessId");
	put_name(j, "QueryName", r->dns.question);
	line_keyword(j, "QueryStatus", win_dns_status(&r->dns));
	put_results(j, results.n ? results : STR("-"));
	put_null(j, "Image");
	put_null(j, "User");
	close_event(s, j, before);
}

static void put_client_query(struct sysmon_out *s, struct json *j, const struct record *r,
			     struct str results)
{
	static const struct provider p = {WIN_DNS_CLIENT, "1C95126E-7EEA-49A9-A3FE-A378B03DDB4D",
					  3008, 0, 0};
	struct json before = *j;

	open_event(s, j, &p, r);
	put_name(j, "QueryName", r->dns.question);
	json_u64(j, "QueryType", r->dns.qtype);
	put_null(j, "QueryOptions");
	json_u64(j, "QueryStatus", win_dns_status(&r->dns));
	put_results(j, results);
	close_event(s, j, before);
}

size_t sysmon_json(struct sysmon_out *s, const struct record *r, char *out, size_t room)
{
	struct json j = json_of(out, room);

	if (win_connection_told(r)) {
		put_connection(s, &j, r);
	} else if (r->kind == RECORD_DNS && win_dns_told(&r->dns)) {
		struct writer w = wr_of(s->results, sizeof s->results);
		win_dns_results(&w, &r->dns);
		struct str results = {s->results, wr_length(&w)};
		put_query(s, &j, r, results);
		put_client_query(s, &j, r, results);
	}
	return wr_length(&j.w);
}
