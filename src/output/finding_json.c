#include "output/finding_json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* "attack.t1567.002" → "T1567.002"; empty when the tag is no technique. */
static struct str technique(const char *tag, char out[16])
{
	static const char prefix[] = "attack.t";
	size_t n = strlen(tag);

	if (strncasecmp(tag, prefix, sizeof prefix - 1) != 0 || n < 12 || n > 16)
		return (struct str){0};
	out[0] = 'T';
	memcpy(out + 1, tag + 8, n - 8);
	return (struct str){out, n - 7};
}

/* ECS wants techniques and sub-techniques apart; a sub-technique names its technique too. */
static void write_techniques(struct json *j, const struct finding *f, bool sub)
{
	char text[16];

	json_open(j, "id", '[');
	for (const char *const *t = f->rule->tags; t && *t; t++) {
		struct str s = technique(*t, text);
		bool is_sub = s.n > 5;
		if (s.n && is_sub == sub)
			json_str(j, NULL, s);
		else if (is_sub)
			json_str(j, NULL, (struct str){s.p, 5});
	}
	json_close(j, ']');
}

static bool has_techniques(const struct finding *f, bool sub)
{
	char text[16];

	for (const char *const *t = f->rule->tags; t && *t; t++) {
		struct str s = technique(*t, text);
		if (s.n && (!sub || s.n > 5))
			return true;
	}
	return false;
}

static void write_rule(struct json *j, const struct finding *f)
{
	json_open(j, "rule", '{');
	json_text(j, "id", f->rule->id);
	json_text(j, "name", f->rule->title);
	json_close(j, '}');
	if (!has_techniques(f, false))
		return;
	json_open(j, "threat", '{');
	json_word(j, "framework", "MITRE ATT&CK");
	json_open(j, "technique", '{');
	write_techniques(j, f, false);
	if (has_techniques(f, true)) {
		json_open(j, "subtechnique", '{');
		write_techniques(j, f, true);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void write_ends(struct json *j, const struct finding *f)
{
	json_open(j, "source", '{');
	if (f->has_client)
		line_addr(j, "ip", &f->client);
	json_u64(j, "bytes", f->up);
	json_close(j, '}');
	json_open(j, "destination", '{');
	if (f->has_server) {
		line_addr(j, "ip", &f->tuple.dst);
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

/* What an event of the host itself says. */
static void write_host(struct json *j, const struct finding *f)
{
	if (f->host.n) {
		json_open(j, "host", '{');
		json_plain(j, "name", f->host);
		json_close(j, '}');
	}
	if (f->user.n) {
		json_open(j, "user", '{');
		json_plain(j, "name", f->user);
		json_close(j, '}');
	}
	if (f->image.n) {
		json_open(j, "process", '{');
		json_plain(j, "executable", f->image);
		json_close(j, '}');
	}
}

static void write_texts(struct json *j, const char *key, const char *const *text, unsigned n)
{
	if (!n)
		return;
	json_open(j, key, '[');
	for (unsigned i = 0; i < n; i++)
		json_text(j, NULL, text[i]);
	json_close(j, ']');
}

/* Counts as whole numbers, the rest with four digits. */
static void write_number(struct json *j, const char *key, double v)
{
	char text[48];

	json_key(j, key);
	snprintf(text, sizeof text, v == (double)(int64_t)v ? "%.0f" : "%.4f", v);
	wr_text(&j->w, text);
}

static void write_evidence(struct json *j, const struct finding *f)
{
	if (!f->evidence_count)
		return;
	json_open(j, "evidence", '[');
	for (unsigned i = 0; i < f->evidence_count; i++) {
		const struct evidence *e = &f->evidence[i];
		json_open(j, NULL, '{');
		json_word(j, "name", e->name);
		if (e->text.n)
			json_str(j, "text", e->text);
		else
			write_number(j, "value", e->value);
		if (e->threshold != 0)
			write_number(j, "threshold", e->threshold);
		if (*e->unit)
			json_word(j, "unit", e->unit);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_lines(struct json *j, const struct finding *f)
{
	if (!f->line_count)
		return;
	json_open(j, "lines", '[');
	for (unsigned i = 0; i < f->line_count; i++)
		json_u64(j, NULL, f->lines[i]);
	json_close(j, ']');
	line_flag(j, "more_lines", f->more_lines);
}

static void write_service(struct json *j, const struct finding *f)
{
	if (!f->service)
		return;
	json_plain(j, "service", str_of(f->service->name));
	json_plain(j, "category", str_of(f->service->category));
	json_word(j, "tier", tier_name(f->tier));
	json_u64(j, "connections", f->connections);
	json_u64(j, "queries", f->queries);
	line_if(j, "missed", f->up_missed);
	line_if(j, "threshold", f->threshold);
}

static void write_match(struct json *j, const struct finding *f)
{
	json_word(j, "certainty", f->possible ? "possible" : "match");
	line_if(j, "matches", f->matches);
	write_texts(j, "hangs_on", f->hangs_on, f->possible ? f->hangs_on_count : 0);
	write_texts(j, "because", f->because, f->because_count);
	if (f->group_count) {
		json_open(j, "group", '[');
		for (unsigned i = 0; i < f->group_count; i++)
			json_str(j, NULL, f->group[i]);
		json_close(j, ']');
	}
	write_evidence(j, f);
	if (f->score > 0)
		write_number(j, "score", f->score);
	write_lines(j, f);
}

/* Of a run without end: nothing of it is there in a replay. */
static void write_telling(struct json *j, const struct finding *f)
{
	static const char *const verdict[] = {
		[TRIAGE_ACKED] = "acked",
		[TRIAGE_MUTED] = "muted",
		[TRIAGE_SANCTIONED] = "sanctioned",
		[TRIAGE_REOPENED] = "reopened",
	};

	line_if(j, "update", f->told);
	if (f->triage)
		json_word(j, "triage", verdict[f->triage]);
	if (f->lost > 0)
		write_number(j, "loss", f->lost < 0.0001 ? 0.0001 : f->lost);
	if (f->window)
		json_time(j, "window", f->window);
	if (f->tenant.n && (f->window || f->kind == FINDING_DETECTOR))
		json_str(j, "tenant", f->tenant);
}

size_t finding_json(const struct finding *f, char *out, size_t room)
{
	struct json j = json_of(out, room);

	j.string_max = FINDING_STRING_MAX;
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
	write_host(&j, f);
	json_open(&j, "egret", '{');
	json_open(&j, "finding", '{');
	json_word(&j, "kind", finding_kind_name(f->kind));
	if (f->level)
		json_word(&j, "level", sigma_level_name(f->level));
	write_match(&j, f);
	write_service(&j, f);
	write_names(&j, f);
	write_telling(&j, f);
	json_close(&j, '}');
	json_close(&j, '}');
	json_close(&j, '}');
	wr_char(&j.w, '\n');
	return wr_length(&j.w);
}
