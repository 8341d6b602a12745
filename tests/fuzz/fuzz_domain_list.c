/* The reader of service lists, on any bytes; nothing is compiled. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/domain_list.h"
#include "services/domain_near.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct domain_list *l)
{
	for (size_t i = 0; i < l->entry_count; i++) {
		const struct domain_entry *d = &l->entries[i];
		struct str body = domain_body(d);

		if (!d->service || !d->service->name[0] || !d->service->category[0] || !d->line ||
		    d->tier > TIER_D || d->role > ROLE_DOWNLOAD_CDN || body.n == 0)
			abort();
		for (size_t k = 0; k < body.n; k++)
			if (body.p[k] <= 0x20 || body.p[k] >= 0x7f)
				abort();
	}
}

/* Near misses walk names and patterns from their ends: let each name of the list be looked for. */
static void near(const struct domain_list *l)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	for (size_t i = 0; i < l->entry_count && i < 8; i++)
		domain_near_print(l, domain_body(&l->entries[i]), out);
	domain_near_print(l, (struct str){0}, out);
	fclose(out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct domain_list l;
	struct error e = {0};

	domain_list_init(&l);
	int failed = domain_list_parse(&l, "x", (struct str){(const char *)data, n}, &e);
	if (failed ? strncmp(e.text, "x:", 2) != 0 : e.text[0] != '\0')
		abort();
	domain_list_end(&l);
	check(&l);
	near(&l);
	domain_list_fini(&l);
	return 0;
}
