#include "output/finding_json.h"

#include "output/json.h"
#include "output/line.h"

static void write_names(struct json *j, const struct finding *f)
{
	json_open(j, "names", '[');
	for (unsigned i = 0; i < f->name_count; i++) {
		json_open(j, NULL, '{');
		json_name(j, "name", f->names[i].name);
		json_word(j, "source",
			  f->names[i].source ? name_source_name(f->names[i].source) : "query");
		json_close(j, '}');
	}
	json_close(j, ']');
	line_flag(j, "more_names", f->more_names);
}

static void write_rule(struct json *j, const struct finding *f)
{
	json_open(j, "rule", '{');
	json_word(j, "id", finding_rule_id(f));
	json_word(j, "name", finding_title(f));
	json_close(j, '}');
	json_open(j, "threat", '{');
	json_word(j, "framework", "MITRE ATT&CK");
	json_open(j, "technique", '{');
	json_open(j, "id", '[');
	json_word(j, NULL, "T1567");
	json_close(j, ']');
	json_open(j, "subtechnique", '{');
	json_open(j, "id", '[');
	json_word(j, NULL, "T1567.002");
	json_close(j, ']');
	json_close(j, '}');
	json_close(j, '}');
	json_close(j, '}');
}

static void write_ends(struct json *j, const struct finding *f)
{
	json_open(j, "source", '{');
	line_addr(j, "ip", &f->client);
	json_u64(j, "bytes", f->up);
	json_close(j, '}');
	json_open(j, "destination", '{');
	if (f->has_server) {
		line_addr(j, "ip", &f->server);
		json_u64(j, "port", f->tuple.dport);
	}
	json_u64(j, "bytes", f->down);
	if (f->name_count)
		json_name(j, "domain", f->names[0].name);
	json_close(j, '}');
	if (f->has_server) {
		char id[COMMUNITY_ID_MAX];
		tuple_community_id(&f->tuple, id);
		json_open(j, "network", '{');
		json_word(j, "community_id", id);
		json_close(j, '}');
	}
}

size_t finding_json(const struct finding *f, char *out, size_t room)
{
	struct json j = json_of(out, room);

	json_open(&j, NULL, '{');
	json_time(&j, "@timestamp", f->last);
	json_open(&j, "ecs", '{');
	json_word(&j, "version", "9.0.0");
	json_close(&j, '}');
	json_open(&j, "event", '{');
	json_word(&j, "kind", "alert");
	json_open(&j, "category", '[');
	json_word(&j, NULL, "network");
	json_close(&j, ']');
	json_word(&j, "dataset", "egret.finding");
	json_word(&j, "id", f->id);
	json_time(&j, "start", f->first);
	json_time(&j, "end", f->last);
	json_close(&j, '}');
	write_rule(&j, f);
	write_ends(&j, f);
	json_open(&j, "egret", '{');
	json_open(&j, "finding", '{');
	json_word(&j, "kind", finding_kind_name(f->kind));
	json_word(&j, "level", finding_level(f));
	json_str(&j, "service", str_of(f->service->name));
	json_str(&j, "category", str_of(f->service->category));
	json_word(&j, "tier", tier_name(f->tier));
	json_u64(&j, "connections", f->connections);
	json_u64(&j, "queries", f->queries);
	line_if(&j, "missed", f->up_missed);
	line_if(&j, "threshold", f->threshold);
	write_names(&j, f);
	json_close(&j, '}');
	json_close(&j, '}');
	json_close(&j, '}');
	wr_char(&j.w, '\n');
	return wr_length(&j.w);
}
