/* ack, mute, sanction and what was said so far. */
#include <time.h>

#include "base/clock.h"
#include "daemon/command_part.h"
#include "daemon/listing.h"
#include "daemon/question.h"
#include "daemon/words.h"

#define AUDIT_USUAL 50

static struct triage_who who_of(const struct command_call *c, struct str reason)
{
	return (struct triage_who){
		.time = clock_wall(), .user = (uint32_t)c->reply->request.user, .reason = reason};
}

static void told(struct question *q, const char *word)
{
	struct control_reply *r = q->reply;

	if (r->request.json)
		bytes_print(&r->text, "{\"done\":\"%s\",\"id\":\"%s\"}\n", word, q->id);
	else
		bytes_print(&r->text, "%s %s\n", q->id, word);
}

/* What a finding had come to when something was said of it. */
struct sizes {
	uint64_t up, matches;
};

static void take_sizes(void *context, const struct finding *f)
{
	*(struct sizes *)context = (struct sizes){f->up, f->matches};
}

static int sizes_of(struct question *q, struct analyst *a, struct sizes *s, struct error *e)
{
	if (analyst_finding(a, q->id, take_sizes, s))
		return 0;
	return error_set(e, "no finding %s", q->id);
}

static int answer_ack(struct question *q, struct analyst *a, struct error *e)
{
	struct sizes s;

	if (sizes_of(q, a, &s, e) ||
	    triage_ack(analyst_triage(a), q->id, s.up, s.matches, &q->who, e))
		return -1;
	told(q, "acked");
	return 0;
}

static int answer_mute(struct question *q, struct analyst *a, struct error *e)
{
	struct sizes s;

	if (sizes_of(q, a, &s, e) ||
	    triage_mute(analyst_triage(a), q->id, s.up, s.matches, q->until, &q->who, e))
		return -1;
	told(q, "muted");
	return 0;
}

static int answer_unmute(struct question *q, struct analyst *a, struct error *e)
{
	if (triage_unmute(analyst_triage(a), q->id, &q->who, e))
		return -1;
	told(q, "unmuted");
	return 0;
}

/* ID [REASON], the same for two commands. */
static void id_and_reason(const struct command_call *c,
			  int (*answer)(struct question *, struct analyst *, struct error *))
{
	struct question q = {.answer = answer};

	if (!c->count || !question_id(c->word[0], q.id)) {
		command_fail(c, "a finding's id is wanted, 16 hexadecimal digits");
		return;
	}
	if (!command_words_at_most(c, 2))
		return;
	q.who = who_of(c, c->count > 1 ? c->word[1] : (struct str){NULL, 0});
	question_ask(c, &q);
}

void command_ack(const struct command_call *c)
{
	id_and_reason(c, answer_ack);
}

void command_unmute(const struct command_call *c)
{
	id_and_reason(c, answer_unmute);
}

/* False: it is no length of time, and the reply has ended. */
static bool until_of(const struct command_call *c, struct str span, uint64_t *until)
{
	uint64_t ns;

	if (!words_span(span, &ns)) {
		command_fail(c, "--for: a time is wanted, as in 90s, 30m, 12h, 7d, 2w; ten years "
				"at most");
		return false;
	}
	*until = clock_wall() + ns;
	return true;
}

void command_mute(const struct command_call *c)
{
	struct question q = {.answer = answer_mute};
	struct str span = {NULL, 0}, reason = {NULL, 0}, id = {NULL, 0};
	const struct words_option options[] = {{"--for", &span, true}, {"--reason", &reason, true}};
	struct error e;
	size_t n;

	if (words_split(c->word, c->count, options, 2, &id, 1, &n, &e))
		control_done(c->reply, &e);
	else if (!n || !question_id(id, q.id))
		command_fail(c, "a finding's id is wanted, 16 hexadecimal digits");
	else if (until_of(c, span, &q.until)) {
		q.who = who_of(c, reason);
		question_ask(c, &q);
	}
}

static int answer_sanction(struct question *q, struct analyst *a, struct error *e)
{
	struct control_reply *r = q->reply;
	struct sanction s = {.service = q->service,
			     .tenant = q->tenant,
			     .clients = q->clients,
			     .until = q->until,
			     .reason = q->who.reason};

	/* what is on no list is named by its domain */
	if (q->env->service && !memchr(q->service.p, '.', q->service.n)) {
		const char *name = q->env->service(q->env->context, q->service);
		if (!name)
			return error_set(e, "no list has a service \"%.*s\"",
					 (int)(q->service.n > 64 ? 64 : q->service.n),
					 q->service.p);
		s.service = str_of(name);
	}
	if (triage_sanction(analyst_triage(a), &s, &q->who, &q->number, e))
		return -1;
	bytes_print(&r->text,
		    r->request.json ? "{\"done\":\"sanctioned\",\"number\":%u}\n" : "sanction %u\n",
		    q->number);
	return 0;
}

static bool networks_good(struct str text, struct error *e)
{
	struct networks n;

	if (!text.n)
		return true;
	networks_init(&n);
	int failed = networks_add(&n, text, e);
	networks_fini(&n);
	return !failed;
}

void command_sanction(const struct command_call *c)
{
	struct question q = {.answer = answer_sanction};
	struct str span = {NULL, 0}, reason = {NULL, 0};
	const struct words_option options[] = {{"--tenant", &q.tenant, false},
					       {"--clients", &q.clients, false},
					       {"--for", &span, false},
					       {"--reason", &reason, true}};
	struct error e;
	size_t n;

	if (words_split(c->word, c->count, options, 4, &q.service, 1, &n, &e) ||
	    !networks_good(q.clients, &e)) {
		control_done(c->reply, &e);
		return;
	}
	if (!n || !q.service.n) {
		command_fail(c, "a service is wanted, as findings name it");
		return;
	}
	if (span.p && !until_of(c, span, &q.until))
		return;
	q.who = who_of(c, reason);
	question_ask(c, &q);
}

static int answer_revoke(struct question *q, struct analyst *a, struct error *e)
{
	struct control_reply *r = q->reply;

	if (triage_revoke(analyst_triage(a), q->number, &q->who, e))
		return -1;
	bytes_print(&r->text,
		    r->request.json ? "{\"done\":\"revoked\",\"number\":%u}\n"
				    : "sanction %u revoked\n",
		    q->number);
	return 0;
}

void command_revoke(const struct command_call *c)
{
	struct question q = {.answer = answer_revoke};
	uint64_t number;

	if (!c->count || !words_number(c->word[0], UINT32_MAX, &number)) {
		command_fail(c, "the number of a sanction is wanted, as \"sanctions\" lists them");
		return;
	}
	if (!command_words_at_most(c, 2))
		return;
	q.number = (uint32_t)number;
	q.who = who_of(c, c->count > 1 ? c->word[1] : (struct str){NULL, 0});
	question_ask(c, &q);
}

static void each_sanction(void *context, const struct sanction *s)
{
	struct listing *l = context;

	listing_number(l, s->number);
	listing_text(l, s->service, 40);
	listing_text(l, s->tenant, 40);
	listing_text(l, s->clients, 48);
	listing_time(l, s->until);
	listing_text(l, s->reason, 80);
}

static int answer_sanctions(struct question *q, struct analyst *a, struct error *e)
{
	static const struct listing_column columns[] = {
		{"NUMBER", "number", true},  {"SERVICE", "service", false},
		{"TENANT", "tenant", false}, {"CLIENTS", "clients", false},
		{"UNTIL", "until", false},   {"REASON", "reason", false}};
	struct listing l;

	(void)e;
	listing_begin(&l, columns, 6, q->reply->request.json, &q->reply->text);
	triage_sanctions(analyst_triage(a), each_sanction, &l);
	listing_end(&l, "No sanctions.");
	return 0;
}

void command_sanctions(const struct command_call *c)
{
	struct question q = {.answer = answer_sanctions};

	if (command_words_at_most(c, 0))
		question_ask(c, &q);
}

struct audit {
	struct listing l;
	size_t all, wanted, seen;
};

static void count_entry(void *context, const struct triage_entry *entry)
{
	(void)entry;
	((struct audit *)context)->all++;
}

static void each_entry(void *context, const struct triage_entry *entry)
{
	struct audit *d = context;
	struct listing *l = &d->l;

	if (d->seen++ + d->wanted < d->all)
		return;
	listing_time(l, entry->time);
	listing_number(l, entry->user);
	listing_word(l, entry->action);
	listing_text(l, str_of(entry->id), 0);
	listing_text(l, entry->service, 40);
	listing_text(l, entry->tenant, 40);
	listing_text(l, entry->clients, 48);
	listing_time(l, entry->until);
	listing_text(l, entry->reason, 80);
}

static int answer_audit(struct question *q, struct analyst *a, struct error *e)
{
	static const struct listing_column columns[] = {
		{"TIME", "time", false},       {"USER", "user", true},
		{"ACTION", "action", false},   {"FINDING", "id", false},
		{"SERVICE", "service", false}, {"TENANT", "tenant", false},
		{"CLIENTS", "clients", false}, {"UNTIL", "until", false},
		{"REASON", "reason", false}};
	struct audit d = {.wanted = q->rows};

	(void)e;
	listing_begin(&d.l, columns, 9, q->reply->request.json, &q->reply->text);
	triage_audit(analyst_triage(a), count_entry, &d);
	triage_audit(analyst_triage(a), each_entry, &d);
	listing_end(&d.l, "Nothing was said so far.");
	return 0;
}

void command_audit(const struct command_call *c)
{
	struct question q = {.answer = answer_audit};
	uint64_t n;

	if (!command_words_at_most(c, 1) ||
	    !command_number(c, 0, AUDIT_USUAL, TRIAGE_AUDIT_MAX, &n))
		return;
	q.rows = n;
	question_ask(c, &q);
}
