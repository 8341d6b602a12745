#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/record_pack.h"
#include "output/record_json.h"
#include "samples.h"

static char before[RECORD_JSON_MAX], after[RECORD_JSON_MAX];

/* Packed, moved elsewhere and unpacked, it tells what it told. */
static void carry(const struct record *r)
{
	struct record_json state = {0};
	size_t n = record_packed_size(r), told = record_json(&state, r, before, sizeof before);
	char *first = mem_alloc(n), *second = mem_alloc(n);

	record_pack(r, first);
	memcpy(second, first, n);
	memset(first, 0xee, n);
	free(first);
	const struct record *same = record_unpack(second);
	cr_assert_eq(record_json(&state, same, after, sizeof after), told);
	cr_assert_arr_eq(before, after, told);
	free(second);
}

Test(record_pack, every_kind)
{
	struct sample *s = sample_new();

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		sample_full(s, k);
		carry(&s->r);
		sample_minimal(s, k);
		carry(&s->r);
		sample_huge(s, k, 1);
		carry(&s->r);
		for (uint64_t seed = 0; seed < 200; seed++) {
			sample_random(s, k, seed);
			carry(&s->r);
		}
	}
	sample_free(s);
}
