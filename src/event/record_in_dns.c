/* The question, the answer and its records. */
#include "event/record_in_part.h"
#include "proto/dns.h"

/* TYPE65280 and CLASS65280 (RFC 3597 section 5). */
static uint16_t number_after(struct str s, struct str word)
{
	struct json_item rest = {.text = {s.p + word.n, s.n - word.n}};

	return (uint16_t)record_in_number(&rest, UINT16_MAX);
}

static uint16_t type_of(struct str s)
{
	static const uint16_t common[] = {DNS_A, DNS_AAAA, DNS_CNAME, DNS_HTTPS};
	char text[16];

	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (str_eq(str_of(dns_type_name(common[i], text)), s))
			return common[i];
	if (str_has_prefix(s, STR("TYPE")))
		return number_after(s, STR("TYPE"));
	for (unsigned i = 0; i <= 32769; i = i == 1023 ? 32768 : i + 1)
		if (dns_type_assigned((uint16_t)i) && str_eq(str_of(dns_type_name((uint16_t)i, text)), s))
			return (uint16_t)i;
	return 0;
}

static uint16_t class_of(struct str s)
{
	static const uint16_t known[] = {DNS_IN, DNS_CH, DNS_HS, DNS_CLASS_NONE, DNS_CLASS_ANY};
	char text[16];

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(str_of(dns_class_name(known[i], text)), s))
			return known[i];
	return str_has_prefix(s, STR("CLASS")) ? number_after(s, STR("CLASS")) : 0;
}

static uint8_t rcode_of(struct str s)
{
	for (unsigned i = 0; i < 32; i++)
		if (str_eq(str_of(dns_rcode_name((uint8_t)i)), s))
			return (uint8_t)i;
	return 0;
}

static uint8_t op_code_of(const struct json_item *i)
{
	static const char *const words[16] = {[0] = "QUERY",  [1] = "IQUERY", [2] = "STATUS",
					      [4] = "NOTIFY", [5] = "UPDATE", [6] = "DSO"};

	for (unsigned k = 0; k < 16; k++)
		if (words[k] && str_eq(str_of(words[k]), i->text))
			return (uint8_t)k;
	return (uint8_t)record_in_number(i, UINT8_MAX);
}

static enum dns_flavour flavour_of(struct str s)
{
	for (unsigned i = DNS_UNICAST; i <= DNS_LLMNR; i++)
		if (str_eq(str_of(dns_flavour_name((enum dns_flavour)i)), s))
			return (enum dns_flavour)i;
	return DNS_UNICAST;
}

static void add_hint(struct dns_answer *a, const struct json_item *i)
{
	if (a->hints < 4 && record_in_addr(i, &a->hint[a->hints]))
		a->hints++;
}

/* Master file text: printable, so that nothing else gets on from there. */
static struct str data_text(struct record_in *r, const struct json_item *i)
{
	struct str s = i->text;
	bool good = i->kind == VALUE_TEXT;

	for (size_t k = 0; k < s.n && good; k++)
		good = s.p[k] >= 0x20 && s.p[k] < 0x7f;
	return good ? s : record_in_name(r, i);
}

/* The record that the item is of; a new one when it is the first. Address hints are in a list of
 * their own, so that they are of the one before. */
static struct dns_answer *answer_at(struct record_in *r, enum part first, bool hint,
				    const struct json_item *i)
{
	static const uint8_t section[] = {DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL};

	if (r->list != first || (!hint && r->element != i->element)) {
		if (r->answers == LIMIT_DNS_ANSWERS)
			return NULL;
		r->list = (uint8_t)first;
		r->element = i->element;
		r->answer[r->answers] = (struct dns_answer){
			.section = section[(first - PART_ANSWER_NAME) / (PART_AUTHORITY_NAME - PART_ANSWER_NAME)]};
		r->record.dns.answers_kept = (uint16_t)++r->answers;
	}
	return &r->answer[r->answers - 1];
}

static void read_answer(struct record_in *r, enum part part, const struct json_item *i)
{
	unsigned size = PART_AUTHORITY_NAME - PART_ANSWER_NAME;
	unsigned of_answer = (part - PART_ANSWER_NAME) % size;
	enum part first = part - of_answer;
	struct dns_answer *a = answer_at(r, first, of_answer == PART_ANSWER_HINTS - PART_ANSWER_NAME, i);

	if (!a)
		return;
	switch (PART_ANSWER_NAME + of_answer) {
	case PART_ANSWER_NAME:
		a->name = record_in_name(r, i);
		break;
	case PART_ANSWER_TYPE:
		a->type = type_of(i->text);
		break;
	case PART_ANSWER_CLASS:
		a->class = class_of(i->text);
		break;
	case PART_ANSWER_TTL:
		a->ttl = (uint32_t)record_in_number(i, UINT32_MAX);
		break;
	case PART_ANSWER_DATA:
		a->text = data_text(r, i);
		break;
	case PART_ANSWER_ECH:
		a->has_ech = record_in_true(i);
		break;
	default:
		add_hint(a, i);
		break;
	}
	/* in either order of the two */
	if (!a->has_address && (a->type == DNS_A || a->type == DNS_AAAA)) {
		struct json_item data = {.text = a->text};
		a->has_address = record_in_addr(&data, &a->address);
		if (a->has_address)
			a->text = (struct str){NULL, 0};
	}
}

/* The n-th record of the answer section. */
static struct dns_answer *nth_answer(struct record_in *r, uint64_t n)
{
	for (unsigned i = 0; i < r->answers; i++)
		if (r->answer[i].section == DNS_ANSWER && n-- == 0)
			return &r->answer[i];
	return NULL;
}

static void read_svcb(struct record_in *r, enum part part, const struct json_item *i)
{
	struct dns_answer *a;

	if (part == PART_SVCB_ANSWER) {
		a = nth_answer(r, record_in_number(i, LIMIT_DNS_ANSWERS));
		r->svcb = a ? (unsigned)(a - r->answer) + 1 : 0;
	} else if (r->svcb) {
		a = &r->answer[r->svcb - 1];
		if (part == PART_SVCB_ECH)
			a->has_ech = record_in_true(i);
		else
			add_hint(a, i);
	}
}

static bool read_sizes(struct record_dns *d, enum part part, const struct json_item *i)
{
	switch (part) {
	case PART_DNS_FLAGS:
		d->flags = (uint16_t)record_in_number(i, UINT16_MAX);
		return true;
	case PART_DNS_RTT:
		d->rtt = record_in_number(i, UINT64_MAX);
		return true;
	case PART_DNS_QUERY_BYTES:
		d->query_bytes = (uint32_t)record_in_number(i, UINT32_MAX);
		return true;
	case PART_DNS_ANSWER_BYTES:
		d->answer_bytes = (uint32_t)record_in_number(i, UINT32_MAX);
		return true;
	case PART_DNS_ANSWER_COUNT:
		d->answer_count = (uint16_t)record_in_number(i, UINT16_MAX);
		return true;
	case PART_DNS_ID:
		d->id = (uint16_t)record_in_number(i, UINT16_MAX);
		return true;
	default:
		return false;
	}
}

void record_in_dns(struct record_in *r, enum part part, const struct json_item *i)
{
	struct record_dns *d = &r->record.dns;

	if (part >= PART_ANSWER_NAME && part <= PART_ADDITIONAL_HINTS) {
		read_answer(r, part, i);
		return;
	}
	if (read_sizes(d, part, i))
		return;
	switch (part) {
	case PART_DNS_OP_CODE:
		d->opcode = op_code_of(i);
		break;
	case PART_DNS_NAME:
		d->question = record_in_name(r, i);
		break;
	case PART_DNS_TYPE:
		d->qtype = type_of(i->text);
		break;
	case PART_DNS_CLASS:
		d->qclass = class_of(i->text);
		break;
	case PART_DNS_RESPONSE_CODE:
		d->rcode = rcode_of(i->text);
		break;
	case PART_DNS_FLAVOUR:
		d->flavour = flavour_of(i->text);
		break;
	case PART_DNS_ASKED:
		d->asked = record_in_true(i);
		break;
	case PART_DNS_ANSWERED:
		d->answered = record_in_true(i);
		break;
	case PART_SVCB_ANSWER:
	case PART_SVCB_ECH:
	case PART_SVCB_HINTS:
		read_svcb(r, part, i);
		break;
	default:
		break;
	}
}
