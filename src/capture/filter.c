#include "capture/filter.h"

#include <endian.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"

#define LINKTYPE_NULL 0
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_RAW 101
#define LINKTYPE_ENC 109
#define LINKTYPE_LINUX_SLL 113
#define LINKTYPE_RADIOTAP 127

struct program {
	uint32_t link;
	bool big; /* for frames of big-endian machines, where that makes a difference */
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

/* The expression is compiled as if for a file of this link type, not for an interface: libpcap then
 * maps LINKTYPE_ to DLT_ values, takes the address family numbers of every system for IPv6, and
 * minds the byte order of the machine that captured. So it gets a file: a header in memory. */
static pcap_t *open_as_file(uint32_t link, bool big)
{
	/* files of systems that wrote their DLT_RAW as it is */
	uint32_t known = link == 12 || link == 14 ? LINKTYPE_RAW : link;
	uint32_t header[6] = {0xa1b2c3d4, 0, 0, 0, LIMIT_PACKET, known};
	char text[PCAP_ERRBUF_SIZE];

	header[1] = big ? 2 << 16 | 4 : 4 << 16 | 2; /* two numbers of 16 bits */
	for (unsigned i = 0; i < 6; i++)
		header[i] = big ? htobe32(header[i]) : htole32(header[i]);
	FILE *f = fmemopen(header, sizeof header, "r");
	pcap_t *p = f ? pcap_fopen_offline(f, text) : NULL;
	if (f && !p)
		fclose(f);
	return p;
}

static int compile(const char *expression, uint32_t link, bool big, struct bpf_program *code,
		   struct error *e)
{
	int result = 0;
	pcap_t *p = open_as_file(link, big);

	if (!p)
		return error_set(e, "link type %u is not known", link);
	if (pcap_compile(p, code, expression, 1, PCAP_NETMASK_UNKNOWN))
		result = error_set(e, "%s", pcap_geterr(p));
	pcap_close(p);
	return result;
}

int filter_known(const char *expression, struct error *e)
{
	static const uint32_t links[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_LINUX_SLL,
					 LINKTYPE_RADIOTAP};
	struct bpf_program code;
	struct error other;

	for (unsigned i = 0; i < sizeof links / sizeof *links; i++)
		if (compile(expression, links[i], false, &code, i ? &other : e) == 0) {
			pcap_freecode(&code);
			return 0;
		}
	return -1;
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

static void add_program(struct filter *f, uint32_t link, bool big)
{
	struct program *p = &f->programs[f->last = f->count++];
	struct error why;

	p->link = link;
	p->big = big;
	p->usable = compile(f->expression, link, big, &p->code, &why) == 0;
	if (p->usable)
		f->usable++;
	else if (!f->first.text[0])
		f->first = why;
}

/* Two link types begin with an address family in the byte order of the machine that captured. It is
 * small, so the bytes tell which; the file's own order may be that of a tool that rewrote it. */
static bool is_big(const struct frame *f)
{
	return (f->link == LINKTYPE_NULL || f->link == LINKTYPE_ENC) && f->captured >= 4 &&
	       !f->data[0] && !f->data[1];
}

static bool suits(const struct program *p, uint32_t link, bool big)
{
	return p->link == link && p->big == big;
}

static struct program *program_for(struct filter *f, const struct frame *frame)
{
	bool big = is_big(frame);

	if (f->last < f->count && suits(&f->programs[f->last], frame->link, big))
		return &f->programs[f->last];
	for (unsigned i = 0; i < f->count; i++)
		if (suits(&f->programs[i], frame->link, big))
			return &f->programs[f->last = i];
	if (f->count == LIMIT_FILTER_LINKS)
		return &f->beyond;
	add_program(f, frame->link, big);
	return &f->programs[f->last];
}

void filter_prepare(struct filter *f, const struct frame *frame)
{
	program_for(f, frame);
}

int filter_check(struct filter *f, struct error *e)
{
	struct bpf_program code;
	struct error why = f->first;

	if (f->usable)
		return 0;
	if (!f->count && compile(f->expression, LINKTYPE_ETHERNET, false, &code, &why) == 0) {
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
	struct program *p = program_for(f, frame);
	struct pcap_pkthdr header = {.caplen = frame->captured, .len = frame->length};

	if (p->usable)
		return pcap_offline_filter(&p->code, &header, frame->data) != 0;
	if (!p->told)
		tell(f, p, frame->link);
	return false;
}
