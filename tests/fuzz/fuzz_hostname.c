/* Host names from text, from an authority and from DNS wire form. The first two bytes say where in
 * the rest the DNS name starts. */
#include <stdlib.h>

#include "core/hostname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const char *name, size_t n)
{
	if (n >= HOSTNAME_MAX || name[n] != '\0')
		abort();
	for (size_t i = 0; i < n; i++)
		if (name[i] <= 0x20 || name[i] >= 0x7f || (name[i] >= 'A' && name[i] <= 'Z'))
			abort();
}

static void check_dns(struct cursor message, size_t at)
{
	struct cursor c = message;
	char out[HOSTNAME_MAX];

	cur_skip(&c, at);
	size_t length = hostname_from_dns(message, &c, out);
	check(out, length);
	if ((length == 0) != c.bad)
		abort();
	/* no empty label but the root */
	if (length > 1)
		for (size_t i = 0; i < length; i++)
			if (out[i] == '.' && (i == 0 || i + 1 == length || out[i + 1] == '.'))
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = {(const char *)data, n};
	char out[HOSTNAME_MAX];
	uint16_t port;

	check(out, hostname_from_text(text, out));
	size_t length = hostname_from_authority(text, out, &port);
	check(out, length);
	hostname_is_address((struct str){out, length});
	hostname_is_address(text);
	if (n >= 2)
		check_dns(cur_of(data + 2, n - 2), load_be16(data) % (n - 1));
	return 0;
}
