#include "capture/filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"

#define LINKTYPE_ETHERNET 1

struct program {
	uint32_t link;
	bool usable;
	bool told; /* that it is not usable */
	struct bpf_program code;
};

struct filter {
	char *expression;
	void (*problem)(void *context, const char *text);
	void *context;
	unsigned count, usable, last; /* last: the program used last */
	struct program programs[LIMIT_FILTER_LINKS];
	struct program beyond; /* stands for all link types beyond the bound */
	struct error first;  /* why the expression did not compile for the first that failed */
};

/* Files hold LINKTYPE_ values, libpcap's functions want DLT_ values; most are the same numbers. */
static int dlt_of(uint32_t link)
{
	static const struct {
		uint32_t link;
		int dlt;
	} differing[] = {
		{12, DLT_RAW},		  /* files of systems that wrote DLT_RAW as it is */
		{14, DLT_RAW},
		{100, DLT_ATM_RFC1483},
		{101, DLT_RAW},
		{102, DLT_SLIP_BSDOS},
		{103, DLT_PPP_BSDOS},
		{104, DLT_C_HDLC},
		{106, DLT_ATM_CLIP},
		{107, DLT_FRELAY},
		{108, DLT_LOOP},
		{109, DLT_ENC},
		{246, DLT_PFSYNC},
	};

	for (size_t i = 0; i < sizeof differing / sizeof *differing; i++)
		if (differing[i].link == link)
			return differing[i].dlt;
	return (int)link;
}

static int compile(const char *expression, uint32_t link, struct bpf_program *code, struct error *e)
{
	int result = 0;
	pcap_t *p = pcap_open_dead(dlt_of(link), LIMIT_PACKET);

	if (!p)
		return error_set(e, "out of memory");
	if (pcap_compile(p, code, expression, 1, PCAP_NETMASK_UNKNOWN))
		result = error_set(e, "%s", pcap_geterr(p));
	pcap_close(p);
	return result;
}

struct filter *filter_new(const char *expression,
			  void (*problem)(void *context, const char *text), void *context)
{
	struct filter *f = mem_zalloc(sizeof *f);

	f->expression = mem_strndup(expression, strlen(expression));
	f->problem = problem;
	f->context = context;
	return f;
}

void filter_free(struct filter *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->programs[i].usable)
			pcap_freecode(&f->programs[i].code);
	free(f->expression);
	free(f);
}

static void add_program(struct filter *f, uint32_t link)
{
	struct program *p = &f->programs[f->last = f->count++];
	struct error why;

	p->link = link;
	p->usable = compile(f->expression, link, &p->code, &why) == 0;
	if (p->usable)
		f->usable++;
	else if (!f->first.text[0])
		f->first = why;
}

static struct program *program_for(struct filter *f, uint32_t link)
{
	if (f->last < f->count && f->programs[f->last].link == link)
		return &f->programs[f->last];
	for (unsigned i = 0; i < f->count; i++) {
		if (f->programs[i].link == link)
			return &f->programs[f->last = i];
	}
	if (f->count == LIMIT_FILTER_LINKS)
		return &f->beyond;
	add_program(f, link);
	return &f->programs[f->last];
}

void filter_prepare(struct filter *f, uint32_t link)
{
	program_for(f, link);
}

int filter_check(struct filter *f, struct error *e)
{
	struct bpf_program code;
	struct error why = f->first;

	if (f->usable)
		return 0;
	if (!f->count && compile(f->expression, LINKTYPE_ETHERNET, &code, &why) == 0) {
		pcap_freecode(&code);
		return 0;
	}
	return error_set(e, "filter: %s", why.text);
}

static void tell(struct filter *f, struct program *p, uint32_t link)
{
	struct error text;

	p->told = true;
	if (p == &f->beyond)
		error_set(&text, "more than %d link types: packets of the others are left out",
			  LIMIT_FILTER_LINKS);
	else
		error_set(&text, "the filter does not suit packets of link type %u: left out", link);
	f->problem(f->context, text.text);
}

bool filter_pass(struct filter *f, const struct frame *frame)
{
	struct program *p = program_for(f, frame->link);
	struct pcap_pkthdr header = {.caplen = frame->captured, .len = frame->length};

	if (p->usable)
		return pcap_offline_filter(&p->code, &header, frame->data) != 0;
	if (!p->told)
		tell(f, p, frame->link);
	return false;
}
