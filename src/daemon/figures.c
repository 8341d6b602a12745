#include "daemon/figures.h"

#include <stddef.h>
#include <string.h>

#define SIZE_OF(field) sizeof(((struct overview *)NULL)->field)

const struct figure figures[] = {
#define FIGURE(group, name, kind, field, label, value, help)                                       \
	{group,		 #name, FIGURE_##kind, (uint16_t)offsetof(struct overview, field),         \
	 SIZE_OF(field), label, value,	       help},
#include "daemon/figures.def"
#undef FIGURE
};

const unsigned figure_count = sizeof figures / sizeof *figures;

_Static_assert(sizeof(struct overview) <= UINT16_MAX, "offsets fit");

uint64_t figure_get(const struct overview *o, const struct figure *f)
{
	const char *at = (const char *)o + f->offset;
	uint64_t v = 0;
	uint32_t four;

	switch (f->size) {
	case 8:
		memcpy(&v, at, 8);
		break;
	case 4:
		memcpy(&four, at, 4);
		v = four;
		break;
	default:
		v = (uint8_t)*at;
	}
	return f->kind == FIGURE_FLAG ? v != 0 : v;
}

uint64_t histogram_quantile(const struct histogram *h, double share)
{
	uint64_t sum = 0, all = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		all += h->bucket[i];
	if (!all)
		return 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		sum += h->bucket[i];
		if ((double)sum >= share * (double)all)
			return h->least << i;
	}
	return UINT64_MAX;
}
