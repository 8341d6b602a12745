/* The cache of verdicts says what the set says, and keeps bits beside. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "fixture.h"
#include "services/verdict.h"

#define NAMES 700000 /* more than it holds */

static struct domain_set *set_of(const char *text)
{
	char *folder = fixture_folder();
	const char *const paths[] = {folder};
	struct error e;

	fixture_write(folder, "x.list", text);
	struct domain_set *s = domain_set_load(&(struct domain_set_options){paths, 1, NULL}, &e);
	fixture_remove(folder);
	cr_assert(s, "%s", e.text);
	return s;
}

static struct str name_of(unsigned i, char out[64])
{
	static const char *const ends[] = {"dropbox.com", "mega.nz", "example.org", "notmega.nz"};

	snprintf(out, 64, "host%u.%s", i / 4, ends[i % 4]);
	return str_of(out);
}

Test(verdict, is_that_of_the_set)
{
	struct domain_set *s = set_of("[Dropbox]\ncategory cloud-storage\ntier B\nweb dropbox.com\n"
				      "[MEGA]\ncategory cloud-storage\ntier B\nweb mega.nz\n");
	struct verdict_cache c;
	char text[64];

	verdict_cache_init(&c, s);
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < NAMES; i += 1 + (i & 3) * 3) {
			struct str name = name_of(i, text);
			const struct domain_entry *e = verdict_of(&c, name);
			cr_assert_eq(e != NULL, i % 4 < 2);
			cr_assert_eq(e, verdict_of(&c, name));
			cr_assert(!e || strstr(text, e->pattern));
		}
	cr_expect_eq(verdict_of(&c, (struct str){0}), NULL);
	verdict_cache_fini(&c);
	domain_set_free(s);
}

Test(verdict, bits_stay_with_their_name)
{
	struct domain_set *s = set_of("[MEGA]\ncategory cloud-storage\ntier B\nweb mega.nz\n");
	struct verdict_cache c;
	char text[64];
	unsigned kept = 0, forgotten = 0;

	verdict_cache_init(&c, s);
	cr_expect_eq(verdict_quiet(&c, verdict_key(&c, STR("mega.nz"))), NULL);
	cr_expect_eq(verdict_quiet(&c, verdict_key(&c, (struct str){0})), NULL);
	for (unsigned i = 0; i < NAMES; i++) {
		struct str name = name_of(i, text);
		verdict_of(&c, name);
		uint32_t *quiet = verdict_quiet(&c, verdict_key(&c, name));
		cr_assert(quiet);
		cr_assert_eq(*quiet, 0);
		*quiet = i + 1;
	}
	for (unsigned i = 0; i < NAMES; i++) {
		const uint32_t *quiet = verdict_quiet(&c, verdict_key(&c, name_of(i, text)));
		cr_assert(!quiet || *quiet == i + 1);
		kept += quiet != NULL;
		forgotten += quiet == NULL;
	}
	cr_expect_gt(kept, NAMES / 2);
	cr_expect_gt(forgotten, 0);
	verdict_cache_fini(&c);
	domain_set_free(s);
}
