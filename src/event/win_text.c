#include "event/win_text.h"

#include "core/limits.h"
#include "proto/dns.h"

#define DNS_TC 0x0200

static unsigned kept(const struct record_dns *d)
{
	return d->answers_kept < LIMIT_DNS_ANSWERS ? d->answers_kept : LIMIT_DNS_ANSWERS;
}

uint32_t win_dns_status(const struct record_dns *d)
{
	unsigned read = 0;

	if (!d->answered)
		return WIN_ERROR_TIMEOUT;
	if (d->rcode)
		return WIN_DNS_RCODE + d->rcode;
	for (unsigned i = 0; i < kept(d); i++) {
		if (d->answers[i].section != DNS_ANSWER)
			continue;
		if (d->answers[i].type == d->qtype || d->qtype == DNS_ANY)
			return 0;
		read++;
	}
	/* it says that it has answers, and none of them could be read */
	if (d->answer_count && !read && !(d->flags & DNS_TC))
		return WIN_DNS_BAD_PACKET;
	return WIN_DNS_NO_RECORDS;
}

static bool is_address(const struct dns_answer *a)
{
	return a->has_address && (a->type == DNS_A || a->type == DNS_AAAA);
}

/* Leaves what does not fit to be undone by the caller. */
static void put_address(struct writer *w, const struct dns_answer *a, bool mapped)
{
	if (addr_is_v4(&a->address) && (mapped || a->type == DNS_AAAA))
		wr_lit(w, "::ffff:");
	addr_write(w, &a->address);
	wr_char(w, ';');
}

static void put_record(struct writer *w, const struct dns_answer *a)
{
	wr_lit(w, "type:  ");
	wr_u64(w, a->type);
	wr_char(w, ' ');
	wr_str(w, a->text);
	wr_char(w, ';');
}

enum pass {
	RECORDS,
	ADDRESSES,
	GLUE,
	PASSES,
};

static bool is_of(const struct dns_answer *a, enum pass pass)
{
	if (pass == GLUE)
		return a->section == DNS_ADDITIONAL && is_address(a);
	if (a->section != DNS_ANSWER)
		return false;
	if (pass == ADDRESSES)
		return is_address(a);
	/* an address record that could not be read tells nothing */
	return a->type != DNS_A && a->type != DNS_AAAA;
}

void win_dns_results(struct writer *w, const struct record_dns *d)
{
	struct writer out = *w;

	if (win_dns_status(d) != 0)
		return;
	if ((size_t)(out.end - out.p) > WIN_RESULTS_MAX)
		out.end = out.p + WIN_RESULTS_MAX;
	for (enum pass pass = RECORDS; pass < PASSES; pass++)
		for (unsigned i = 0; i < kept(d); i++) {
			const struct dns_answer *a = &d->answers[i];
			if (!is_of(a, pass))
				continue;
			if (pass == RECORDS)
				put_record(&out, a);
			else
				put_address(&out, a, pass == ADDRESSES && d->qtype == DNS_AAAA);
			if (out.full)
				return;
			w->p = out.p;
		}
}

void win_utc_time(struct writer *w, struct date_cache *dates, uint64_t ns)
{
	char text[DATE_LENGTH];
	struct writer t = wr_of(text, sizeof text);

	date_write(&t, dates, ns);
	text[10] = ' ';
	wr_bytes(w, text, WIN_TIME_LENGTH);
}
