#include "proto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static volatile unsigned sink;

static void touch(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sink += (unsigned char)s.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct x509_names names;
	x509_names_of(cur_of(data, n), &names);
	touch(names.subject);
	touch(names.issuer);
	for (unsigned i = 0; i < names.names.count; i++)
		touch(names.names.item[i]);
	return 0;
}
