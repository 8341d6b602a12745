/* A head told again with other content. */
#include <criterion/criterion.h>
#include <string.h>

#include "core/limits.h"
#include "sensor/retold.h"

struct telling {
	struct slab slab;
	struct retold r;
	struct told told;
};

static struct telling *telling_new(const char *first, uint32_t start)
{
	struct telling *t = calloc(1, sizeof *t);

	slab_init(&t->slab, MIB);
	t->told = (struct told){(const uint8_t *)first, start, (uint32_t)strlen(first)};
	return t;
}

static void telling_free(struct telling *t)
{
	retold_free(&t->r, &t->slab);
	cr_expect_eq(t->slab.used, 0);
	slab_fini(&t->slab);
	free(t);
}

static bool say(struct telling *t, int64_t at, const char *text)
{
	return retold_take(&t->r, &t->slab, &t->told, (uint32_t)(t->told.start + at),
			   cur_of(text, strlen(text)));
}

static void expect_version(const struct telling *t, const char *want)
{
	cr_assert_eq(t->r.have, strlen(want));
	cr_expect_eq(memcmp(t->r.bytes, want, strlen(want)), 0, "%.*s", (int)t->r.have, t->r.bytes);
}

Test(retold, the_same_again_is_nothing)
{
	struct telling *t = telling_new("abcdef", 1000);

	cr_expect_not(say(t, 0, "abcdef"));
	cr_expect_not(say(t, 2, "cd"));
	cr_expect_not(say(t, 4, "efgh"));
	cr_expect_not(say(t, 6, "ghi"));
	cr_expect_not(say(t, -5, "xxxxx"));
	cr_expect_not(say(t, -5, "xx"));
	cr_expect_not(say(t, 100, "x"));
	cr_expect_null(t->r.bytes);
	telling_free(t);
}

Test(retold, the_second_version_has_what_came_last)
{
	/* sequence numbers wrap in its midst */
	struct telling *t = telling_new("abcdef", UINT32_MAX - 2);

	cr_expect(say(t, 2, "CD"));
	expect_version(t, "abCDef");
	cr_expect_not(say(t, 4, "efGHI"));
	expect_version(t, "abCDefGHI");
	cr_expect_not(say(t, 9, "J"));
	cr_expect_not(say(t, 11, "behind a hole"));
	expect_version(t, "abCDefGHIJ");
	cr_expect(say(t, -3, "xyzAB"));
	expect_version(t, "ABCDefGHIJ");
	telling_free(t);
}

Test(retold, has_a_bound)
{
	static char more[LIMIT_HEAD + 1];
	struct telling *t = telling_new("abcdef", 7);

	memset(more, 'x', LIMIT_HEAD);
	cr_expect(say(t, 0, more));
	cr_expect_eq(t->r.have, LIMIT_HEAD);
	cr_expect_not(say(t, LIMIT_HEAD, "y"));
	cr_expect(say(t, 1, more));
	cr_expect_eq(t->r.have, LIMIT_HEAD);
	telling_free(t);
}

Test(retold, without_memory_it_still_tells)
{
	struct telling *t = telling_new("abcdef", 7);

	t->slab.budget = 0;
	cr_expect(say(t, 0, "x"));
	cr_expect_null(t->r.bytes);
	telling_free(t);
}
