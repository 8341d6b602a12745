#include "detect/host_view.h"

#include <stdlib.h>

#include "base/mem.h"

static void complete(void *context, uint64_t token, const struct join_host *h)
{
	struct host_view *v = context;
	size_t slot = token % HOST_VIEW_WAITING;

	if (v->waiting[slot].token != token)
		return;
	for (unsigned i = 0; i < v->waiting[slot].count; i++)
		findings_complete(v->findings, v->waiting[slot].finding[i], h->host, h->user,
				  h->image);
}

struct host_view *host_view_new(const struct fields *fields, struct findings *findings)
{
	struct host_view *v = mem_zalloc(sizeof *v);

	v->join = join_new(complete, v);
	v->findings = findings;
	v->image = fields_find(fields, STR("Image"));
	v->user = fields_find(fields, STR("User"));
	v->initiated = fields_find(fields, STR("Initiated"));
	v->words = fields_count(fields) / 64 + 1;
	v->unknown = mem_array(v->words, sizeof *v->unknown);
	v->values = mem_array(EVENT_VALUES_MAX + 2, sizeof *v->values);
	v->waiting = mem_array(HOST_VIEW_WAITING, sizeof *v->waiting);
	return v;
}

void host_view_free(struct host_view *v)
{
	if (!v)
		return;
	join_free(v->join);
	free(v->unknown);
	free(v->values);
	free(v->waiting);
	free(v);
}

static bool accepted(const struct host_view *v, const struct event *e)
{
	for (uint32_t i = 0; i < e->count; i++)
		if (e->values[i].field == v->initiated && v->initiated != FIELD_NONE)
			return str_ieq(e->values[i].text, STR("false"));
	return false;
}

void host_view_event(struct host_view *v, const struct event *e, const struct join_key *k,
		     const struct join_host *h)
{
	if ((h->image.n || h->user.n) && !accepted(v, e))
		join_event(v->join, k, h);
}

void host_view_record(struct host_view *v, const struct join_key *k, uint64_t token)
{
	v->joined = join_record(v->join, k, token, &v->host);
}

void host_view_note(struct host_view *v, uint64_t token, uint32_t finding)
{
	size_t slot = token % HOST_VIEW_WAITING;

	if (v->joined || finding == FINDINGS_NONE)
		return;
	if (v->waiting[slot].token != token) {
		v->waiting[slot].token = token;
		v->waiting[slot].count = 0;
	}
	if (v->waiting[slot].count < HOST_VIEW_FINDINGS)
		v->waiting[slot].finding[v->waiting[slot].count++] = finding;
}

void host_view_adopt(struct host_view *v, struct host_view *old)
{
	join_adopt(v->join, old->join);
	memcpy(v->waiting, old->waiting, HOST_VIEW_WAITING * sizeof *v->waiting);
	for (size_t slot = 0; slot < HOST_VIEW_WAITING; slot++) {
		unsigned kept = 0;
		for (unsigned i = 0; i < v->waiting[slot].count; i++) {
			uint32_t finding = v->waiting[slot].finding[i];
			if (findings_has(v->findings, finding))
				v->waiting[slot].finding[kept++] = finding;
		}
		v->waiting[slot].count = kept;
	}
}

static void fill(struct host_view *v, struct event *e, uint32_t field, struct str text)
{
	if (field == FIELD_NONE || !text.n || !event_unknown(e, field) ||
	    e->count == EVENT_VALUES_MAX + 2)
		return;
	v->values[e->count++] =
		(struct event_value){.field = field, .kind = VALUE_TEXT, .text = text};
	v->unknown[field / 64] &= ~(UINT64_C(1) << field % 64);
}

struct event host_view_fill(struct host_view *v, const struct event *given)
{
	struct event e = *given;

	if (!v->joined || !given->unknown || given->count > EVENT_VALUES_MAX)
		return e;
	memcpy(v->values, given->values, given->count * sizeof *given->values);
	memcpy(v->unknown, given->unknown, v->words * sizeof *v->unknown);
	e.values = v->values;
	e.unknown = v->unknown;
	fill(v, &e, v->image, v->host.image);
	fill(v, &e, v->user, v->host.user);
	return e;
}
