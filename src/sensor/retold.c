#include "sensor/retold.h"

#include <string.h>

#include "core/limits.h"

/* Room for `need` bytes, what is there moved over. */
static bool reserve(struct retold *r, struct slab *slab, uint32_t need)
{
	uint32_t room;

	if (r->bytes && r->room >= need)
		return true;
	uint8_t *bytes = need <= LIMIT_HEAD ? slab_get(slab, need, &room) : NULL;
	if (!bytes)
		return false;
	if (r->bytes) {
		memcpy(bytes, r->bytes, r->have);
		slab_put(slab, r->bytes, r->room);
	}
	r->bytes = bytes;
	r->room = room;
	return true;
}

void retold_begin(struct retold *r, struct slab *slab, struct cursor version)
{
	uint32_t n = (uint32_t)cur_left(&version);

	if (!n || !reserve(r, slab, n))
		return;
	memcpy(r->bytes, version.p, n);
	r->have = n;
}

static bool differs(const struct told *t, uint32_t at, struct cursor segment)
{
	size_t n = cur_left(&segment);

	if (at >= t->n)
		return false;
	return memcmp(t->bytes + at, segment.p, n < t->n - at ? n : t->n - at) != 0;
}

bool retold_take(struct retold *r, struct slab *slab, const struct told *t, uint32_t sequence,
		 struct cursor segment)
{
	int32_t from = (int32_t)(sequence - t->start);

	if (from < 0) {
		cur_skip(&segment, 0u - (uint32_t)from);
		from = 0;
	}
	uint32_t at = (uint32_t)from, n = (uint32_t)cur_left(&segment);
	if (segment.bad || !n || at > (r->bytes ? r->have : t->n))
		return false;
	bool other = differs(t, at, segment);
	if (!other && !r->bytes)
		return false;
	if (n > LIMIT_HEAD || at > LIMIT_HEAD - n)
		return other;
	if (!r->bytes)
		retold_begin(r, slab, cur_of(t->bytes, t->n));
	if (!r->bytes || !reserve(r, slab, at + n))
		return other;
	memcpy(r->bytes + at, segment.p, n);
	if (at + n > r->have)
		r->have = at + n;
	return other;
}

void retold_free(struct retold *r, struct slab *slab)
{
	if (r->bytes)
		slab_put(slab, r->bytes, r->room);
	*r = (struct retold){0};
}
