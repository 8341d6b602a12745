#include <criterion/criterion.h>
#include <string.h>

#include "services/domain_stem.h"
#include "fixture.h"

#define HEAD "[S]\ncategory c\ntier B\n"

static struct domain_stems stems_of(const char *lines)
{
	struct domain_list l;
	struct domain_stems s;
	struct error e = {0};
	char text[4096];

	snprintf(text, sizeof text, HEAD "%s", lines);
	domain_list_init(&l);
	cr_assert_eq(domain_list_parse(&l, "x", str_of(text), &e), 0, "%s", e.text);
	domain_list_end(&l);
	domain_stems_init(&s, &l);
	domain_list_fini(&l);
	return s;
}

static bool may(const struct domain_stems *s, const char *name)
{
	return domain_stems_may(s, str_of(name));
}

/* Of names that nothing fits, how many of a thousand would be looked up. */
static unsigned strangers(const struct domain_stems *s)
{
	unsigned n = 0;
	char name[64];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "www.stranger%u.example", i);
		n += may(s, name);
	}
	return n;
}

Test(domain_stem, names_by_their_last_two_labels)
{
	struct domain_stems s = stems_of("web mega.nz\nweb =a.b.up.example\nweb /u[0-9]+\\.x\\.io/\n");

	cr_expect(may(&s, "mega.nz"));
	cr_expect(may(&s, "g.api.mega.nz"));
	cr_expect(may(&s, "a.b.up.example"));
	cr_expect(may(&s, "u1.x.io"));
	cr_expect(strangers(&s) < 50);
	cr_expect_not(s.any);
	domain_stems_fini(&s);
	s = stems_of("web mega.nz\n");
	unsigned wrong = may(&s, "omega.nz") + may(&s, "nz") + may(&s, "mega.nz.example") + may(&s, ".") +
			 may(&s, "") + may(&s, "mega\\.nz") + may(&s, "..") + may(&s, "mega.nz.");
	cr_expect(wrong < 4); /* one bit of 1024 is set */
	domain_stems_fini(&s);
}

Test(domain_stem, expressions_that_show_their_end)
{
	static const char *const shown[][2] = {
		{"/(?:up|store)\\.ufile\\.io/", "up.ufile.io"},
		{"/f[0-9]{3}\\.bb\\.com/", "f123.bb.com"},
		{"/ufile\\.io/", "ufile.io"},
		{"/[^]|(]+\\.ufile\\.io/", "x.ufile.io"},
		{"/a\\|b\\.c-1\\.d_2/", "x.c-1.d_2"},
		{"/(?:.+\\.)?s3(?:-[a-z]+)?\\.[a-z]{2}\\.amazonaws\\.com\\.cn/", "s3.eu.amazonaws.com.cn"},
	};
	static const char *const hidden[] = {
		"/up\\.(?:disk|dst)/",	   "/a\\.b\\.com|c\\.d\\.net/", "/up[0-9]+fichier\\.com/",
		"/.*\\.up\\.[a-z]+/",	   "/.*\\.up\\.co[a-z]/",	"/x\\.up\\.com?/",
		"/x\\.up\\.(com)/",	   "/(?i)x\\.up\\.com/",	"/\\Qx\\.up\\.com/",
		"/x.up.com/",		   "/x\\.up\\.\\d/",		"/x\\.up\\\\.com/",
		"/(?=x)a\\.up\\.com/",	   "/(?#|)x\\.up\\.com/",	"/[a-z]+up\\.com/",
		"/x\\.up\\.c{2}/",	   "/localhost/",
	};

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		char line[200];
		snprintf(line, sizeof line, "web %s\n", shown[i][0]);
		struct domain_stems s = stems_of(line);
		cr_expect_not(s.any, "%s", shown[i][0]);
		cr_expect(may(&s, shown[i][1]), "%s", shown[i][0]);
		cr_expect(strangers(&s) < 50, "%s", shown[i][0]);
		domain_stems_fini(&s);
	}
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		char line[200];
		snprintf(line, sizeof line, "web mega.nz\nweb %s\n", hidden[i]);
		struct domain_stems s = stems_of(line);
		cr_expect(s.any, "%s", hidden[i]);
		cr_expect_eq(strangers(&s), 1000, "%s", hidden[i]);
		domain_stems_fini(&s);
	}
}

Test(domain_stem, a_long_expression_stays_inside)
{
	char line[1200] = "web /", *p = line + strlen(line);
	struct domain_stems s;

	memset(p, 'a', 1000);
	strcpy(p + 1000, "\\.com/\n");
	s = stems_of(line);
	cr_expect(s.any);
	domain_stems_fini(&s);
}

/* What is shipped shows what it ends in: else every name of every record would be scanned. */
Test(domain_stem, shipped_lists)
{
	struct domain_list l;
	struct domain_stems s;
	struct error e = {0};

	domain_list_init(&l);
	cr_assert_eq(domain_list_add(&l, fixture_source("domains"), &e), 0, "%s", e.text);
	domain_list_end(&l);
	domain_stems_init(&s, &l);
	for (size_t i = 0; i < l.entry_count; i++)
		if (domain_kind(&l.entries[i]) != DOMAIN_REGEX)
			cr_expect(domain_stems_may(&s, domain_body(&l.entries[i])));
	cr_expect_not(s.any);
	cr_expect_lt(strangers(&s), 100);
	domain_stems_fini(&s);
	domain_list_fini(&l);
}
