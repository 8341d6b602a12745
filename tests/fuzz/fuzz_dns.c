/* DNS messages: the parser with and without rare types, whole and cut, the guess, the framing of
 * TCP. The first byte chooses. */
#include <stdlib.h>

#include "proto/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct dns_message message; /* large */

static void check_text(struct str s)
{
	if (s.n && (s.p < message.text || s.p + s.n > message.text + message.text_used))
		abort();
	for (size_t i = 0; i < s.n; i++) /* ldns lets tabs pass */
		if ((s.p[i] < 0x20 || s.p[i] >= 0x7f) && s.p[i] != '\t')
			abort();
}

static void check_message(void)
{
	if (message.text_used > DNS_TEXT_ROOM || message.answers > LIMIT_DNS_ANSWERS ||
	    message.questions > DNS_QUESTIONS_MAX)
		abort();
	for (unsigned i = 0; i < message.questions; i++)
		check_text(message.question[i].name);
	for (unsigned i = 0; i < message.answers; i++) {
		check_text(message.answer[i].name);
		check_text(message.answer[i].text);
		if (message.answer[i].hints > 4)
			abort();
	}
	if (!message.cut && !message.more && message.questions != message.question_count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	struct cursor c = cur_of(data + 1, n - 1), one;
	char name[16];
	bool complete = data[0] & 1, rare = data[0] & 2;

	if (data[0] & 4) {
		while (dns_tcp_next(&c, &one) == PARSE_DONE)
			if (dns_parse(one, true, rare, &message) == PARSE_DONE)
				check_message();
		return 0;
	}
	bool guess = dns_is_message(c);
	enum parse got = dns_parse(c, complete, rare, &message);
	if (got == PARSE_MORE || (guess && got != PARSE_DONE))
		abort();
	if (got == PARSE_DONE) {
		check_message();
		dns_type_name(message.flags, name);
		dns_class_name(message.flags, name);
		dns_rcode_name((uint8_t)message.id);
	}
	return 0;
}
