#include "output/finding_note.h"

#include <stdio.h>

#include "core/limits.h"
#include "output/text.h"

#define NAME_WIDTH  100
#define TITLE_WIDTH 200
#define HOST_WIDTH  64

int finding_severity(enum sigma_level level)
{
	switch (level) {
	case LEVEL_CRITICAL:
		return 2;
	case LEVEL_HIGH:
		return 3;
	case LEVEL_MEDIUM:
		return 4;
	case LEVEL_LOW:
		return 5;
	default:
		return 6;
	}
}

static void write_who(struct writer *w, const struct finding *f)
{
	if (f->has_client)
		addr_write(w, &f->client);
	else if (f->host.n)
		text_escaped(w, f->host, HOST_WIDTH);
	else
		wr_lit(w, "somebody");
}

/* "MEGA (mega.nz)", "SharePoint (sharepoint:contoso)", "mega.nz", "198.51.100.7"; false when nothing is known. */
static bool write_where(struct writer *w, const struct finding *f)
{
	struct str name = f->name_count ? f->names[0].name : (struct str){0};

	if (f->service) {
		text_escaped(w, str_of(f->service->name), HOST_WIDTH);
		if (f->tenant.n) {
			wr_lit(w, " (");
			text_escaped(w, f->tenant, NAME_WIDTH);
			wr_char(w, ')');
		} else if (name.n) {
			wr_lit(w, " (");
			text_name(w, name, NAME_WIDTH);
			if (f->name_count > 1 || f->more_names)
				wr_lit(w, ", ...");
			wr_char(w, ')');
		}
	} else if (name.n) {
		text_name(w, name, NAME_WIDTH);
	} else if (f->has_server) {
		addr_write(w, &f->tuple.dst);
	} else {
		return false;
	}
	return true;
}

/* ", 3 connections in 12 min 5 s" */
static void write_how(struct writer *w, const struct finding *f)
{
	if (!f->connections)
		return;
	wr_lit(w, ", ");
	text_count(w, f->connections);
	wr_text(w, f->connections == 1 ? " connection" : " connections");
	if (f->last > f->first && f->last - f->first >= NS_PER_S) {
		wr_lit(w, " in ");
		text_duration(w, (f->last - f->first) / NS_PER_S * NS_PER_S);
	}
}

static void write_amount(struct writer *w, const struct finding *f)
{
	if (f->lost > 0)
		wr_lit(w, "at least ");
	text_bytes(w, f->up);
}

static void write_upload(struct writer *w, const struct finding *f)
{
	write_who(w, f);
	wr_lit(w, " uploaded ");
	write_amount(w, f);
	wr_lit(w, " to ");
	if (!write_where(w, f))
		wr_lit(w, "an unknown host");
	write_how(w, f);
}

static void write_name(struct writer *w, const struct finding *f)
{
	write_who(w, f);
	wr_text(w, f->connections ? " spoke to " : " looked up ");
	if (!write_where(w, f))
		wr_lit(w, "an unknown host");
	wr_lit(w, ", tier ");
	wr_text(w, tier_name(f->tier));
	write_how(w, f);
	if (f->up) {
		wr_lit(w, ", ");
		write_amount(w, f);
		wr_lit(w, " up");
	}
}

static void write_evidence(struct writer *w, const struct evidence *e)
{
	char number[48];

	wr_text(w, e->name);
	wr_char(w, ' ');
	if (strcmp(e->unit, "bytes") == 0 && e->value >= 0 && e->value < 1e18) {
		text_bytes(w, (uint64_t)e->value);
		return;
	}
	snprintf(number, sizeof number, "%.4g", e->value);
	wr_text(w, number);
	if (*e->unit) {
		wr_char(w, ' ');
		wr_text(w, e->unit);
	}
}

/* "10.0.0.5: TITLE (possible: hangs on Image), MEGA (mega.nz), 1.2 GB up, 3 matches" */
static void write_rule(struct writer *w, const struct finding *f)
{
	write_who(w, f);
	wr_lit(w, ": ");
	text_escaped(w, str_of(f->rule->title), TITLE_WIDTH);
	if (f->possible) {
		wr_lit(w, " (possible");
		for (unsigned i = 0; i < f->hangs_on_count; i++) {
			wr_text(w, i ? ", " : ": hangs on ");
			text_escaped(w, str_of(f->hangs_on[i]), HOST_WIDTH);
		}
		wr_char(w, ')');
	}
	if (f->service || f->name_count || f->has_server) {
		wr_lit(w, ", ");
		write_where(w, f);
	}
	if (f->up) {
		wr_lit(w, ", ");
		write_amount(w, f);
		wr_lit(w, " up");
	}
	if (f->evidence_count) {
		wr_lit(w, ", ");
		write_evidence(w, &f->evidence[0]);
	} else if (f->matches > 1) {
		wr_lit(w, ", ");
		text_count(w, f->matches);
		wr_lit(w, " matches");
	}
}

static void write_loss(struct writer *w, const struct finding *f)
{
	char number[32];

	if (!(f->lost > 0))
		return;
	snprintf(number, sizeof number, "; %.3g", f->lost * 100);
	wr_text(w, number);
	wr_lit(w, " % of packets were lost then");
}

struct fields {
	struct outlet_note *note;
	struct writer *w;
	const char *from; /* where the value that is being written begins */
};

static void add(struct fields *f, const char *key, struct str value)
{
	if (value.n && f->note->field_count < OUTLET_FIELDS_MAX)
		f->note->field[f->note->field_count++] = (struct outlet_field){key, value};
}

static void add_text(struct fields *f, const char *key, const char *value)
{
	add(f, key, str_of(value));
}

/* What was written since the last one. */
static void add_written(struct fields *f, const char *key)
{
	add(f, key, (struct str){f->from, (size_t)(f->w->p - f->from)});
	f->from = f->w->p;
}

static void add_fields(struct fields *to, const struct finding *f)
{
	char id[COMMUNITY_ID_MAX];

	add_text(to, "MESSAGE_ID", FINDING_MESSAGE_ID);
	add_text(to, "EGRET_FINDING_ID", f->id);
	add_text(to, "EGRET_KIND", finding_kind_name(f->kind));
	add_text(to, "EGRET_RULE_ID", f->rule->id);
	add_text(to, "EGRET_RULE", f->rule->title);
	add_text(to, "EGRET_LEVEL", f->level ? sigma_level_name(f->level) : "");
	add_text(to, "EGRET_CERTAINTY", f->possible ? "possible" : "match");
	if (f->has_client) {
		addr_write(to->w, &f->client);
		add_written(to, "EGRET_CLIENT");
	}
	add(to, "EGRET_HOST", f->host);
	add_text(to, "EGRET_SERVICE", f->service ? f->service->name : "");
	add(to, "EGRET_TENANT", f->tenant);
	if (f->name_count) {
		text_name(to->w, f->names[0].name, 0);
		add_written(to, "EGRET_NAME");
	}
	wr_u64(to->w, f->up);
	add_written(to, "EGRET_UPLOAD");
	if (f->has_server) {
		addr_write(to->w, &f->tuple.dst);
		add_written(to, "EGRET_SERVER");
		tuple_community_id(&f->tuple, id);
		wr_text(to->w, id);
		add_written(to, "EGRET_COMMUNITY_ID");
	}
	wr_u64(to->w, f->told);
	add_written(to, "EGRET_TOLD");
}

void finding_note(const struct finding *f, struct finding_note *out)
{
	struct writer w = wr_of(out->text, sizeof out->text);

	out->note = (struct outlet_note){.severity = finding_severity(f->level)};
	switch (f->kind) {
	case FINDING_UPLOAD:
		write_upload(&w, f);
		break;
	case FINDING_NAME:
		write_name(&w, f);
		break;
	default:
		write_rule(&w, f);
	}
	write_loss(&w, f);
	out->note.message = (struct str){out->text, wr_length(&w)};
	struct fields fields = {&out->note, &w, w.p};
	add_fields(&fields, f);
}
