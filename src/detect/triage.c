#include "detect/triage.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "detect/triage_part.h"

#define TIDY_EVERY (60 * NS_PER_S)

struct triage *triage_new(void)
{
	struct triage *t = mem_zalloc(sizeof *t);

	pool_init(&t->marks, sizeof(struct mark), TRIAGE_MAX);
	hindex_init(&t->index, 64);
	lru_init(&t->order, &t->marks, offsetof(struct mark, order));
	lru_init(&t->acks, &t->marks, offsetof(struct mark, ack));
	return t;
}

static void allowed_fini(struct allowed *x)
{
	free(x->service);
	free(x->tenant);
	free(x->clients);
	free(x->reason);
	networks_fini(&x->networks);
}

static void audited_fini(struct audited *x)
{
	free(x->service);
	free(x->tenant);
	free(x->clients);
	free(x->reason);
}

void triage_free(struct triage *t)
{
	if (!t)
		return;
	for (uint32_t n = t->order.oldest; n != POOL_NONE; n = triage_mark_at(t, n)->order.newer)
		free(triage_mark_at(t, n)->reason);
	for (size_t i = 0; i < t->allowed_count; i++)
		allowed_fini(&t->allowed[i]);
	for (size_t i = 0; i < t->audit_count; i++)
		audited_fini(&t->audit[i]);
	free(t->allowed);
	free(t->audit);
	hindex_fini(&t->index);
	pool_fini(&t->marks);
	free(t);
}

size_t triage_memory(void)
{
	size_t text = mem_memory(TRIAGE_TEXT_MAX + 1), reason = mem_memory(TRIAGE_REASON_MAX + 1);

	return mem_memory(sizeof(struct triage)) + pool_memory(sizeof(struct mark), TRIAGE_MAX) +
	       hindex_memory(TRIAGE_MAX) + TRIAGE_MAX * reason +
	       TRIAGE_SANCTIONS * (2 * sizeof(struct allowed) + 3 * text + reason +
				   mem_memory(4 * sizeof(struct networks))) +
	       TRIAGE_AUDIT_MAX * (2 * sizeof(struct audited) + 3 * text + reason);
}

char *triage_text(struct str s, size_t most)
{
	return mem_strndup(s.p ? s.p : "", s.n < most ? s.n : most);
}

/* the audit trail */

struct audited *triage_put_audit(struct triage *t)
{
	if (t->audit_count == TRIAGE_AUDIT_MAX) {
		struct audited *x = &t->audit[t->audit_first];
		t->audit_first = (t->audit_first + 1) % TRIAGE_AUDIT_MAX;
		audited_fini(x);
		*x = (struct audited){0};
		return x;
	}
	if (t->audit_count == t->audit_room) {
		t->audit_room = t->audit_room ? 2 * t->audit_room : 16;
		t->audit = mem_resize(t->audit, t->audit_room * sizeof *t->audit);
	}
	t->audit[t->audit_count] = (struct audited){0};
	return &t->audit[t->audit_count++];
}

static struct audited *note(struct triage *t, enum triage_action action, const char *id,
			    const struct triage_who *who)
{
	struct audited *x = triage_put_audit(t);

	x->time = who->time;
	x->user = who->user;
	x->action = (uint8_t)action;
	if (id)
		memcpy(x->id, id, FINDING_ID_MAX);
	x->reason = triage_text(who->reason, TRIAGE_REASON_MAX);
	return x;
}

static void note_sanction(struct triage *t, enum triage_action action, const struct allowed *s,
			  const struct triage_who *who)
{
	struct audited *x = note(t, action, NULL, who);

	x->until = s->until;
	x->service = triage_text(str_of(s->service), TRIAGE_TEXT_MAX);
	x->tenant = triage_text(str_of(s->tenant), TRIAGE_TEXT_MAX);
	x->clients = triage_text(str_of(s->clients), TRIAGE_TEXT_MAX);
}

void triage_audit(const struct triage *t, triage_each_entry *each, void *context)
{
	static const char *const word[ACTIONS] = {
		[ACT_ACK] = "ack",	     [ACT_MUTE] = "mute",     [ACT_UNMUTE] = "unmute",
		[ACT_SANCTION] = "sanction", [ACT_REVOKE] = "revoke", [ACT_REOPEN] = "reopen",
	};

	for (size_t i = 0; i < t->audit_count; i++) {
		const struct audited *x = &t->audit[(t->audit_first + i) % t->audit_count];
		struct triage_entry entry = {.time = x->time,
					     .until = x->until,
					     .user = x->user,
					     .action = word[x->action],
					     .service = str_of(x->service),
					     .tenant = str_of(x->tenant),
					     .clients = str_of(x->clients),
					     .reason = str_of(x->reason)};
		memcpy(entry.id, x->id, sizeof entry.id);
		each(context, &entry);
	}
}

/* acks and mutes */

bool triage_is_id(const char id[FINDING_ID_MAX])
{
	for (int i = 0; i < FINDING_ID_MAX - 1; i++)
		if (!((id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f')))
			return false;
	return id[FINDING_ID_MAX - 1] == '\0';
}

/* Ids are hashes. */
static uint64_t series_hash(const char *id)
{
	char text[FINDING_SERIES + 1];

	memcpy(text, id, FINDING_SERIES);
	text[FINDING_SERIES] = '\0';
	return strtoull(text, NULL, 16);
}

static bool same_series(const char *a, const char *b)
{
	return memcmp(a, b, FINDING_SERIES) == 0;
}

static void remove_mark(struct triage *t, uint32_t n)
{
	struct mark *m = triage_mark_at(t, n);

	hindex_remove(&t->index, series_hash(m->id), n);
	lru_remove(&t->order, n);
	if (m->verdict == TRIAGE_ACKED)
		lru_remove(&t->acks, n);
	free(m->reason);
	pool_put(&t->marks, n);
}

/* A mark that is of this very finding, or a mute of its series. */
static uint32_t find_mark(const struct triage *t, const char *id, bool series, uint64_t now)
{
	uint32_t best = POOL_NONE;

	for (struct hprobe q = hindex_probe(&t->index, series_hash(id));
	     hindex_next(&t->index, &q);) {
		const struct mark *m = triage_mark_at(t, q.ref);
		if (m->until && m->until <= now)
			continue;
		if (memcmp(m->id, id, FINDING_ID_MAX) == 0)
			return q.ref;
		if (series && m->verdict == TRIAGE_MUTED && same_series(m->id, id))
			best = q.ref;
	}
	return best;
}

/* Acks are of findings that end: the oldest goes. */
static bool make_room(struct triage *t)
{
	if (t->acks.oldest == POOL_NONE)
		return false;
	remove_mark(t, t->acks.oldest);
	return true;
}

struct mark *triage_put_mark(struct triage *t, const char id[FINDING_ID_MAX],
			     enum triage_verdict verdict, struct error *e)
{
	uint32_t n = find_mark(t, id, verdict == TRIAGE_MUTED, 0);

	if (n != POOL_NONE)
		remove_mark(t, n);
	if (pool_live(&t->marks) == t->marks.limit && !make_room(t)) {
		error_set(e, "%u findings are muted: that is as many as there can be", TRIAGE_MAX);
		return NULL;
	}
	n = pool_get(&t->marks);
	struct mark *m = triage_mark_at(t, n);
	memcpy(m->id, id, FINDING_ID_MAX);
	m->verdict = (uint8_t)verdict;
	hindex_add(&t->index, series_hash(id), n);
	lru_add(&t->order, n);
	if (verdict == TRIAGE_ACKED)
		lru_add(&t->acks, n);
	return m;
}

static int say(struct triage *t, const struct triage_mark *said, const struct triage_who *who,
	       struct error *e)
{
	if (!triage_is_id(said->id))
		return error_set(e, "an id is 16 hexadecimal digits");
	struct mark *m = triage_put_mark(t, said->id, said->verdict, e);
	if (!m)
		return -1;
	m->user = who->user;
	m->time = who->time;
	m->until = said->until;
	m->up = said->up;
	m->matches = said->matches;
	m->reason = triage_text(who->reason, TRIAGE_REASON_MAX);
	note(t, said->verdict == TRIAGE_ACKED ? ACT_ACK : ACT_MUTE, said->id, who)->until =
		said->until;
	return 0;
}

int triage_ack(struct triage *t, const char id[FINDING_ID_MAX], uint64_t up, uint64_t matches,
	       const struct triage_who *who, struct error *e)
{
	struct triage_mark m = {.verdict = TRIAGE_ACKED, .up = up, .matches = matches};

	strncpy(m.id, id, FINDING_ID_MAX - 1);
	return say(t, &m, who, e);
}

int triage_mute(struct triage *t, const char id[FINDING_ID_MAX], uint64_t up, uint64_t matches,
		uint64_t until, const struct triage_who *who, struct error *e)
{
	struct triage_mark m = {
		.verdict = TRIAGE_MUTED, .up = up, .matches = matches, .until = until};

	if (until && until <= who->time)
		return error_set(e, "that time is over");
	strncpy(m.id, id, FINDING_ID_MAX - 1);
	return say(t, &m, who, e);
}

int triage_unmute(struct triage *t, const char id[FINDING_ID_MAX], const struct triage_who *who,
		  struct error *e)
{
	if (!triage_is_id(id))
		return error_set(e, "an id is 16 hexadecimal digits");
	uint32_t n = find_mark(t, id, true, 0);
	if (n == POOL_NONE)
		return error_set(e, "%s is neither muted nor acknowledged", id);
	for (; n != POOL_NONE; n = find_mark(t, id, true, 0))
		remove_mark(t, n);
	note(t, ACT_UNMUTE, id, who);
	return 0;
}

void triage_marks(const struct triage *t, triage_each_mark *each, void *context)
{
	for (uint32_t n = t->order.oldest; n != POOL_NONE; n = triage_mark_at(t, n)->order.newer) {
		const struct mark *m = triage_mark_at(t, n);
		struct triage_mark out = {.verdict = m->verdict,
					  .time = m->time,
					  .until = m->until,
					  .user = m->user,
					  .up = m->up,
					  .matches = m->matches,
					  .reason = str_of(m->reason)};
		memcpy(out.id, m->id, sizeof out.id);
		each(context, &out);
	}
}

/* sanctions */

static uint64_t service_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)ascii_lower(s.p[i])) * 0x100000001b3u;
	return h;
}

int triage_put_sanction(struct triage *t, const struct sanction *s, struct error *e)
{
	struct networks clients;

	if (t->allowed_count == TRIAGE_SANCTIONS)
		return error_set(e, "%u services are sanctioned: that is as many as there can be",
				 TRIAGE_SANCTIONS);
	if (!s->service.n || s->service.n > TRIAGE_TEXT_MAX || s->tenant.n > TRIAGE_TEXT_MAX)
		return error_set(e, "a service or tenant has 1 to %d characters", TRIAGE_TEXT_MAX);
	networks_init(&clients);
	if (s->clients.n && networks_add(&clients, s->clients, e))
		return -1;
	if (t->allowed_count == t->allowed_room) {
		t->allowed_room = t->allowed_room ? 2 * t->allowed_room : 16;
		t->allowed = mem_resize(t->allowed, t->allowed_room * sizeof *t->allowed);
	}
	t->allowed[t->allowed_count++] =
		(struct allowed){.service = triage_text(s->service, TRIAGE_TEXT_MAX),
				 .tenant = triage_text(s->tenant, TRIAGE_TEXT_MAX),
				 .clients = triage_text(s->clients, TRIAGE_TEXT_MAX),
				 .reason = triage_text(s->reason, TRIAGE_REASON_MAX),
				 .hash = service_hash(s->service),
				 .networks = clients,
				 .until = s->until,
				 .number = s->number};
	return 0;
}

int triage_sanction(struct triage *t, const struct sanction *s, const struct triage_who *who,
		    uint32_t *number, struct error *e)
{
	struct sanction numbered = *s;

	if (s->until && s->until <= who->time)
		return error_set(e, "that time is over");
	numbered.number = t->last_number + 1;
	if (!numbered.reason.n)
		numbered.reason = who->reason;
	if (triage_put_sanction(t, &numbered, e))
		return -1;
	*number = ++t->last_number;
	note_sanction(t, ACT_SANCTION, &t->allowed[t->allowed_count - 1], who);
	return 0;
}

static void remove_sanction(struct triage *t, size_t i)
{
	allowed_fini(&t->allowed[i]);
	memmove(&t->allowed[i], &t->allowed[i + 1], (--t->allowed_count - i) * sizeof *t->allowed);
}

int triage_revoke(struct triage *t, uint32_t number, const struct triage_who *who, struct error *e)
{
	for (size_t i = 0; i < t->allowed_count; i++)
		if (t->allowed[i].number == number) {
			note_sanction(t, ACT_REVOKE, &t->allowed[i], who);
			remove_sanction(t, i);
			return 0;
		}
	return error_set(e, "there is no sanction %u", number);
}

void triage_sanctions(const struct triage *t, triage_each_sanction *each, void *context)
{
	for (size_t i = 0; i < t->allowed_count; i++) {
		const struct allowed *x = &t->allowed[i];
		each(context, &(struct sanction){.service = str_of(x->service),
						 .tenant = str_of(x->tenant),
						 .clients = str_of(x->clients),
						 .until = x->until,
						 .reason = str_of(x->reason),
						 .number = x->number});
	}
}

/* findings */

/* The one service that a finding is about; empty: it is about more than one, or none. */
static struct str subject(const struct finding *f)
{
	if (f->kind == FINDING_DETECTOR && strcmp(f->rule->id, "egret.fanout") == 0)
		return (struct str){0};
	if (!f->service)
		return f->kind == FINDING_DETECTOR && f->group_count == 1 ? f->group[0]
									  : (struct str){0};
	struct str name = str_of(f->service->name);
	if (f->kind != FINDING_CORRELATION)
		return name;
	for (unsigned g = 0; g < f->group_count; g++) {
		if (str_ieq(f->group[g], name))
			return name;
		for (unsigned i = 0; i < f->name_count; i++)
			if (str_ieq(f->group[g], f->names[i].name))
				return name;
	}
	return (struct str){0};
}

static bool tenant_is(struct str tenant, struct str wanted)
{
	if (str_ieq(tenant, wanted))
		return true;
	const char *colon = tenant.n ? memchr(tenant.p, ':', tenant.n) : NULL;
	if (!colon)
		return false;
	size_t kind = (size_t)(colon + 1 - tenant.p);
	return str_ieq((struct str){colon + 1, tenant.n - kind}, wanted);
}

static bool is_sanctioned(const struct triage *t, const struct finding *f, uint64_t now)
{
	if (!t->allowed_count)
		return false;
	struct str service = subject(f);
	uint64_t hash = service_hash(service);
	for (size_t i = 0; service.n && i < t->allowed_count; i++) {
		const struct allowed *x = &t->allowed[i];
		if (x->hash != hash || (x->until && x->until <= now) ||
		    !str_ieq(service, str_of(x->service)))
			continue;
		if (*x->tenant && !tenant_is(f->tenant, str_of(x->tenant)))
			continue;
		if (!*x->clients || (f->has_client && networks_have(&x->networks, &f->client)))
			return true;
	}
	return false;
}

static bool has_reopened(const struct mark *m, const struct finding *f)
{
	uint64_t least = m->up > TRIAGE_LEAST ? m->up : TRIAGE_LEAST;

	if (f->up / TRIAGE_TIMES >= least)
		return true;
	least = m->matches > 1 ? m->matches : 1;
	return !m->up && f->matches / TRIAGE_TIMES >= least;
}

enum triage_verdict triage_of(const struct triage *t, const struct finding *f, uint64_t now)
{
	if (is_sanctioned(t, f, now))
		return TRIAGE_SANCTIONED;
	uint32_t n = find_mark(t, f->id, f->window != 0, now);
	if (n == POOL_NONE)
		return TRIAGE_NONE;
	const struct mark *m = triage_mark_at(t, n);
	return has_reopened(m, f) ? TRIAGE_REOPENED : (enum triage_verdict)m->verdict;
}

void triage_reopen(struct triage *t, const struct finding *f, uint64_t now)
{
	uint32_t n = find_mark(t, f->id, f->window != 0, now);

	if (n == POOL_NONE)
		return;
	struct mark *m = triage_mark_at(t, n);
	m->up = f->up;
	m->matches = f->matches;
	note(t, ACT_REOPEN, f->id, &(struct triage_who){.time = now});
}

void triage_tick(struct triage *t, uint64_t now)
{
	uint32_t newer;

	/* (what has run out holds no more anyway: it is only in the way) */
	if (now - t->tidied < TIDY_EVERY)
		return;
	t->tidied = now;
	for (uint32_t n = t->order.oldest; n != POOL_NONE; n = newer) {
		const struct mark *m = triage_mark_at(t, n);
		newer = m->order.newer;
		if (m->until && m->until <= now)
			remove_mark(t, n);
	}
	for (size_t i = t->allowed_count; i-- > 0;)
		if (t->allowed[i].until && t->allowed[i].until <= now)
			remove_sanction(t, i);
}
