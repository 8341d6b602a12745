#include "core/record_pack.h"

#include <stdint.h>

typedef void text_visit(void *context, struct str *s);

static void each_of_list(struct str_list *l, text_visit *visit, void *context)
{
	for (unsigned i = 0; i < l->count; i++)
		visit(context, &l->item[i]);
}

static void each_of_tls(struct record_tls *t, text_visit *visit, void *context)
{
	visit(context, &t->server_name);
	each_of_list(&t->alpn, visit, context);
	visit(context, &t->alpn_chosen);
	visit(context, &t->cert_subject);
	visit(context, &t->cert_issuer);
	each_of_list(&t->cert_names, visit, context);
}

static void each_of_http(struct record_http *h, text_visit *visit, void *context)
{
	visit(context, &h->method);
	visit(context, &h->target);
	visit(context, &h->host);
	visit(context, &h->user_agent);
	visit(context, &h->content_type);
	visit(context, &h->referrer);
	visit(context, &h->version);
}

/* Every text of a record but those of DNS answers. */
static void each_text(struct record *r, text_visit *visit, void *context)
{
	switch (r->kind) {
	case RECORD_DNS:
		visit(context, &r->dns.question);
		break;
	case RECORD_TLS:
	case RECORD_QUIC:
		each_of_tls(&r->tls, visit, context);
		break;
	case RECORD_HTTP:
		each_of_http(&r->http, visit, context);
		break;
	default:
		visit(context, &r->flow.name);
		each_of_list(&r->flow.other_names, visit, context);
	}
}

static void each_of_answers(struct dns_answer *a, unsigned n, text_visit *visit, void *context)
{
	for (unsigned i = 0; i < n; i++) {
		visit(context, &a[i].name);
		visit(context, &a[i].text);
	}
}

/* Of the union, only the kind's own part is carried. */
static size_t head_size(enum record_kind kind)
{
	static const size_t size[RECORD_KINDS] = {
		[RECORD_DNS] = RECORD_UP_TO(dns),   [RECORD_TLS] = RECORD_UP_TO(tls),
		[RECORD_QUIC] = RECORD_UP_TO(tls),  [RECORD_HTTP] = RECORD_UP_TO(http),
		[RECORD_CONN] = RECORD_UP_TO(flow), [RECORD_FLOW] = RECORD_UP_TO(flow),
	};
	return (size[kind] + 15) & ~(size_t)15;
}

static unsigned answer_count(const struct record *r)
{
	return r->kind == RECORD_DNS ? r->dns.answers_kept : 0;
}

static void add_size(void *context, struct str *s)
{
	*(size_t *)context += s->n;
}

size_t record_packed_size(const struct record *r)
{
	/* (visited for reading only) */
	struct record *given = (struct record *)(uintptr_t)r;
	unsigned answers = answer_count(r);
	size_t size = head_size(r->kind) + answers * sizeof(struct dns_answer);

	each_text(given, add_size, &size);
	if (answers)
		each_of_answers((struct dns_answer *)(uintptr_t)r->dns.answers, answers, add_size,
				&size);
	return size;
}

struct packing {
	char *block;
	size_t at;
};

/* In a block, a text's pointer is its offset. */
static void put_text(void *context, struct str *s)
{
	struct packing *p = context;

	if (s->n)
		memcpy(p->block + p->at, s->p, s->n);
	s->p = (const char *)(uintptr_t)p->at;
	p->at += s->n;
}

void record_pack(const struct record *r, void *out)
{
	struct record *copy = out;
	unsigned answers = answer_count(r);
	size_t head = head_size(r->kind), list = answers * sizeof(struct dns_answer);
	struct packing p = {.block = out, .at = head + list};
	size_t whole = sizeof *r < head ? sizeof *r : head;

	memcpy(copy, r, whole);
	if (answers)
		memcpy((char *)out + head, r->dns.answers, list);
	each_text(copy, put_text, &p);
	each_of_answers((struct dns_answer *)((char *)out + head), answers, put_text, &p);
}

static void find_text(void *context, struct str *s)
{
	s->p = (const char *)context + (uintptr_t)s->p;
}

const struct record *record_unpack(void *block)
{
	struct record *r = block;
	unsigned answers = answer_count(r);

	each_text(r, find_text, block);
	if (answers) {
		struct dns_answer *list =
			(struct dns_answer *)((char *)block + head_size(r->kind));
		each_of_answers(list, answers, find_text, block);
		r->dns.answers = list;
	}
	return r;
}
