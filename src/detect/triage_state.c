/* What was said of findings, in the state folder. */
#include <string.h>

#include "detect/triage_part.h"

static void save_text(const char *z, struct bytes *out)
{
	bytes_text(out, str_of(z));
}

static void save_marks(const struct triage *t, struct bytes *out)
{
	bytes_u32le(out, pool_live(&t->marks));
	for (uint32_t n = t->order.oldest; n != POOL_NONE; n = triage_mark_at(t, n)->order.newer) {
		const struct mark *m = triage_mark_at(t, n);
		bytes_add(out, m->id, FINDING_ID_MAX - 1);
		bytes_u8(out, m->verdict);
		bytes_u32le(out, m->user);
		bytes_u64le(out, m->time);
		bytes_u64le(out, m->until);
		bytes_u64le(out, m->up);
		bytes_u64le(out, m->matches);
		save_text(m->reason, out);
	}
}

static void save_sanctions(const struct triage *t, struct bytes *out)
{
	bytes_u32le(out, t->last_number);
	bytes_u32le(out, (uint32_t)t->allowed_count);
	for (size_t i = 0; i < t->allowed_count; i++) {
		const struct allowed *x = &t->allowed[i];
		save_text(x->service, out);
		save_text(x->tenant, out);
		save_text(x->clients, out);
		save_text(x->reason, out);
		bytes_u64le(out, x->until);
		bytes_u32le(out, x->number);
	}
}

void triage_save(const struct triage *t, struct bytes *out)
{
	save_marks(t, out);
	save_sanctions(t, out);
	bytes_u32le(out, (uint32_t)t->audit_count);
	for (size_t i = 0; i < t->audit_count; i++) {
		const struct audited *x = &t->audit[(t->audit_first + i) % t->audit_count];
		bytes_u64le(out, x->time);
		bytes_u64le(out, x->until);
		bytes_u32le(out, x->user);
		bytes_u8(out, x->action);
		save_text(x->id, out);
		save_text(x->service, out);
		save_text(x->tenant, out);
		save_text(x->clients, out);
		save_text(x->reason, out);
	}
}

static bool load_id(struct str text, char id[FINDING_ID_MAX])
{
	if (text.n != FINDING_ID_MAX - 1)
		return false;
	memcpy(id, text.p, text.n);
	id[text.n] = '\0';
	return triage_is_id(id);
}

static bool load_marks(struct triage *t, struct cursor *in)
{
	uint32_t count = cur_u32le(in);
	struct error e;

	for (uint32_t i = 0; i < count && !in->bad; i++) {
		char id[FINDING_ID_MAX];
		const uint8_t *p = cur_take(in, FINDING_ID_MAX - 1);
		uint8_t verdict = cur_u8(in);
		if (in->bad || !load_id((struct str){(const char *)p, FINDING_ID_MAX - 1}, id) ||
		    (verdict != TRIAGE_ACKED && verdict != TRIAGE_MUTED))
			return false;
		struct mark *m = triage_put_mark(t, id, verdict, &e);
		if (!m)
			return false;
		m->user = cur_u32le(in);
		m->time = cur_u64le(in);
		m->until = cur_u64le(in);
		m->up = cur_u64le(in);
		m->matches = cur_u64le(in);
		m->reason = triage_text(cur_text(in), TRIAGE_REASON_MAX);
	}
	return !in->bad;
}

static bool load_sanctions(struct triage *t, struct cursor *in)
{
	t->last_number = cur_u32le(in);
	uint32_t count = cur_u32le(in);
	struct error e;

	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct sanction s = {.service = cur_text(in)};
		s.tenant = cur_text(in);
		s.clients = cur_text(in);
		s.reason = cur_text(in);
		s.until = cur_u64le(in);
		s.number = cur_u32le(in);
		if (in->bad || triage_put_sanction(t, &s, &e))
			return false;
	}
	return !in->bad;
}

static bool load_audit(struct triage *t, struct cursor *in)
{
	uint32_t count = cur_u32le(in);

	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct audited *x = triage_put_audit(t);
		x->time = cur_u64le(in);
		x->until = cur_u64le(in);
		x->user = cur_u32le(in);
		x->action = cur_u8(in);
		struct str id = cur_text(in);
		x->service = triage_text(cur_text(in), TRIAGE_TEXT_MAX);
		x->tenant = triage_text(cur_text(in), TRIAGE_TEXT_MAX);
		x->clients = triage_text(cur_text(in), TRIAGE_TEXT_MAX);
		x->reason = triage_text(cur_text(in), TRIAGE_REASON_MAX);
		if (x->action >= ACTIONS || (id.n && !load_id(id, x->id))) {
			x->action = ACT_ACK;
			return false;
		}
	}
	return !in->bad;
}

int triage_load(struct triage *t, struct cursor *in, unsigned version, struct error *e)
{
	(void)version;
	if (load_marks(t, in) && load_sanctions(t, in) && load_audit(t, in) && !cur_left(in))
		return 0;
	return error_set(e, "what was said of findings is damaged");
}
