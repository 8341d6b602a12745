#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/stat.h>

#include "core/hostname.h"
#include "services/domain_set.h"
#include "fixture.h"

static struct domain_set *load(const char *path, const char *cache)
{
	const char *const paths[] = {path};
	const struct domain_set_options o = {paths, 1, cache};
	struct error e = {0};
	struct domain_set *s = domain_set_load(&o, &e);

	cr_assert(s, "%s", e.text);
	return s;
}

static struct domain_set *shipped(void)
{
	return load(fixture_source("domains"), NULL);
}

static struct domain_set *of_text(const char *text)
{
	char *folder = fixture_folder();

	fixture_write(folder, "x.list", text);
	struct domain_set *s = load(folder, NULL);
	fixture_remove(folder);
	return s;
}

static const struct domain_entry *match(struct domain_set *s, const char *name)
{
	return domain_set_match(s, str_of(name));
}

static char *explain(struct domain_set *s, const char *name)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	domain_set_explain(s, str_of(name), f);
	fclose(f);
	/* a copy, for gcc thinks that the stream's pointer to `text` comes back in it */
	char *copy = strdup(text);
	free(text);
	return copy;
}

/* The vectors: name, service or -, role, tier */

static unsigned vectors(struct domain_set *s, const char *file, unsigned *uses)
{
	FILE *f = fopen(fixture_source(file), "r");
	char line[1024];
	unsigned count = 0;

	cr_assert(f);
	while (fgets(line, sizeof line, f)) {
		char *at = line, *name = strsep(&at, "\t"), *service = strsep(&at, "\t"),
		     *role = strsep(&at, "\t"), *tier = strsep(&at, "\n");
		if (name[0] == '#')
			continue;
		cr_assert(tier, "%s: %s", file, name);
		const struct domain_entry *d = match(s, name);
		count++;
		if (service[0] == '-') {
			cr_expect(!d, "%s matches %s", name, d->pattern);
			continue;
		}
		cr_expect(d, "%s matches nothing", name);
		if (!d)
			continue;
		cr_expect_str_eq(d->service->name, service, "%s", name);
		cr_expect_str_eq(role_name(d->role), role, "%s", name);
		cr_expect_str_eq(tier_name(d->tier), tier, "%s", name);
		uses[d - domain_set_entry(s, 0)]++;
	}
	fclose(f);
	return count;
}

Test(domain_set, vectors_and_every_expression_has_one)
{
	struct domain_set *s = shipped();
	unsigned *uses = calloc(domain_set_entries(s), sizeof *uses);

	cr_expect_gt(vectors(s, "tests/domains/s3.tsv", uses), 150);
	cr_expect_gt(vectors(s, "tests/domains/names.tsv", uses), 90);
	for (size_t i = 0; i < domain_set_entries(s); i++) {
		const struct domain_entry *d = domain_set_entry(s, i);
		if (domain_kind(d) == DOMAIN_REGEX)
			cr_expect(uses[i], "%s:%u: no vector for %s", d->file, d->line, d->pattern);
	}
	free(uses);
	domain_set_free(s);
}

static bool hits(struct domain_set *s, const struct domain_entry *d, const char *format)
{
	char name[HOSTNAME_MAX];
	struct str body = domain_body(d);

	char bare[HOSTNAME_MAX];
	snprintf(bare, sizeof bare, "%.*s", (int)body.n, body.p);
	snprintf(name, sizeof name, format, bare);
	return match(s, name) == d;
}

/* Of every name in the shipped lists: itself and, for suffixes, all below it; never with letters
 * put before it or labels behind it. */
Test(domain_set, every_shipped_name_on_label_boundaries)
{
	struct domain_set *s = shipped();

	cr_expect_gt(domain_set_entries(s), 1200);
	cr_expect_gt(domain_set_services(s), 400);
	for (size_t i = 0; i < domain_set_entries(s); i++) {
		const struct domain_entry *d = domain_set_entry(s, i);
		enum domain_kind kind = domain_kind(d);

		if (kind == DOMAIN_REGEX)
			continue;
		cr_expect(hits(s, d, "%s"), "%s", d->pattern);
		cr_expect_eq(hits(s, d, "x1-y.%s"), kind == DOMAIN_SUFFIX, "below %s", d->pattern);
		cr_expect_eq(hits(s, d, "a.b.c.%s"), kind == DOMAIN_SUFFIX, "below %s", d->pattern);
		cr_expect_not(hits(s, d, "x%s"), "x%s", d->pattern);
		cr_expect_not(hits(s, d, "%s.evil.com"), "%s.evil.com", d->pattern);
		cr_expect_not(hits(s, d, "%sx"), "%sx", d->pattern);
		cr_expect_not(hits(s, d, "%s\n"), "%s and a newline", d->pattern);
		cr_expect_not(hits(s, d, ".%s."), "with a dot behind");
	}
	domain_set_free(s);
}

#define HEAD "[S]\ncategory c\ntier B\n"

Test(domain_set, exact_before_expression_before_longest_suffix)
{
	struct domain_set *s = of_text(HEAD "web example.com\n"
					    "web a.example.com C\n"
					    "web /x[0-9]\\.a\\.example\\.com/ D\n"
					    "web /x.\\.a\\.example\\.com/ A\n"
					    "web =x1.a.example.com A\n");

	cr_expect_str_eq(match(s, "example.com")->pattern, "example.com");
	cr_expect_str_eq(match(s, "b.example.com")->pattern, "example.com");
	cr_expect_str_eq(match(s, "b.a.example.com")->pattern, "a.example.com");
	cr_expect_str_eq(match(s, "x2.a.example.com")->pattern, "/x[0-9]\\.a\\.example\\.com/");
	cr_expect_str_eq(match(s, "x1.a.example.com")->pattern, "=x1.a.example.com");
	cr_expect_str_eq(match(s, "y.x1.a.example.com")->pattern, "a.example.com");
	cr_expect_null(match(s, "example.org"));

	char *text = explain(s, "x1.a.example.com");
	cr_expect(strstr(text, "x1.a.example.com\n    matches  =x1.a.example.com  (exact, "));
	cr_expect(strstr(text, "/x.list:8)  S, c, web, tier A  <- wins: exact goes before all else\n"
			       "    matches  /x[0-9]\\.a"));
	const char *win = strstr(text, "<-");
	cr_expect(win && !strstr(win + 1, "<-"));
	free(text);
	text = explain(s, "x2.a.example.com");
	cr_expect(strstr(text, "<- wins: the first expression"), "%s", text);
	free(text);
	text = explain(s, "b.a.example.com");
	cr_expect(strstr(text, "<- wins: the longest suffix"), "%s", text);
	free(text);
	text = explain(s, "b.example.com");
	cr_expect(strstr(text, "<- wins: the only one"), "%s", text);
	free(text);
	domain_set_free(s);
}

Test(domain_set, explains_near_misses)
{
	static const struct {
		const char *name, *pattern, *why;
	} near[] = {
		{"omega.nz", "near     mega.nz  (suffix,", "ends in it, but not on a label boundary"},
		{"ufile.io.evil.com", "near     ufile.io  (suffix,", "contains it, but not at its end"},
		{"xufile.io.evil.com", "near     ufile.io  (suffix,", "neither on a label boundary nor"},
		{"x.drive.google.com", "near     =drive.google.com  (exact,", "is for exactly that name"},
		{"google.com", "near     =drive.google.com  (exact,", "is below the name"},
		{"mys3.us-east-1.amazonaws.com", "near     /s3\\.us-east-1\\.amazonaws\\.com/", "last labels"},
		{"dropbox-login.com", "near     dropbox.com  (suffix,", "has its label"},
		{"evil.userstorage.net", "near     userstorage.co.nz  (suffix,", "has its label"},
	};
	struct domain_set *s = of_text(HEAD "web mega.nz\n"
					    "web =drive.google.com\n"
					    "web dropbox.com\n"
					    "[T]\ncategory c\ntier A\n"
					    "web /s3\\.us-east-1\\.amazonaws\\.com/\n"
					    "web userstorage.co.nz\n"
					    "[U]\ncategory c\ntier A\n"
					    "web ufile.io\n");

	for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
		char *text = explain(s, near[i].name);
		cr_expect(strstr(text, "\n    matches no service\n"));
		cr_expect(strstr(text, near[i].pattern), "%s", text);
		cr_expect(strstr(text, near[i].why), "%s", text);
		free(text);
	}
	char *text = explain(s, "unrelated.example");
	cr_expect_str_eq(text, "unrelated.example\n    matches no service\n");
	free(text);
	text = explain(s, NULL);
	cr_expect_str_eq(text, "\n    matches no service\n");
	free(text);
	domain_set_free(s);
}

static void expect_error(const char *text, const char *want)
{
	char *folder = fixture_folder(), path[4096];
	const char *const paths[] = {path};
	const struct domain_set_options o = {paths, 1, folder};
	struct error e = {0};

	fixture_write(folder, "x.list", text);
	snprintf(path, sizeof path, "%s/x.list", folder);
	for (int twice = 0; twice < 2; twice++) { /* nothing of it may come out of the cache */
		cr_expect_null(domain_set_load(&o, &e));
		cr_expect(strstr(e.text, want), "wanted: %s\ngot: %s", want, e.text);
	}
	fixture_remove(folder);
}

Test(domain_set, refused_expressions_are_named)
{
	expect_error(HEAD "web a.example\nweb /a(b/\nweb /c)/\n", "/x.list:5: /a(b/: ");
	expect_error(HEAD "web /(?=b)c/\n", "/x.list:4: /(?=b)c/: ");
	expect_error(HEAD "web /(a)\\1/\n", "/x.list:4: /(a)\\1/: ");
	expect_error(HEAD "web /[a/\n", "/x.list:4: /[a/: ");
	/* together with ours the parentheses would be even */
	expect_error(HEAD "web /a)|(?:b/\n", "/x.list:4: /a)|(?:b/: ");
	expect_error(HEAD "web /a\\/\n", "/x.list:4: /a\\/: ");
	expect_error(HEAD "web nonsense\n", "/x.list:4: \"nonsense\" is a single label");
}

Test(domain_set, an_expression_covers_the_whole_name)
{
	struct domain_set *s = of_text(HEAD "web /a\\.example|b\\.example/\n");

	cr_expect_not_null(match(s, "a.example"));
	cr_expect_not_null(match(s, "b.example"));
	cr_expect_null(match(s, "a.example.com"));
	cr_expect_null(match(s, "x.b.example"));
	cr_expect_null(match(s, "xb.example"));
	domain_set_free(s);
}

Test(domain_set, odd_names)
{
	struct domain_set *s = shipped();
	char *text = malloc(2 * HOSTNAME_MAX);

	cr_expect_null(domain_set_match(s, (struct str){NULL, 0}));
	cr_expect_null(match(s, "."));
	cr_expect_null(match(s, "MEGA.NZ")); /* not in the form of core/hostname.h */
	cr_expect_null(match(s, "a\\046mega.nz"));
	memset(text, 'a', 2 * HOSTNAME_MAX);
	cr_expect_null(domain_set_match(s, (struct str){text, 2 * HOSTNAME_MAX}));
	memcpy(text + HOSTNAME_MAX - 8, ".mega.nz", 8);
	cr_expect_not_null(domain_set_match(s, (struct str){text, HOSTNAME_MAX}));
	free(text);
	domain_set_free(s);
}

Test(domain_set, services_are_numbered_by_name)
{
	struct domain_set *s = shipped();

	for (unsigned i = 0; i < domain_set_services(s); i++) {
		cr_expect_eq(domain_set_service(s, i)->number, i);
		if (i)
			cr_expect_lt(strcmp(domain_set_service(s, i - 1)->name,
					    domain_set_service(s, i)->name), 0);
	}
	cr_expect_null(domain_set_service(s, (unsigned)domain_set_services(s)));
	cr_expect_null(domain_set_entry(s, domain_set_entries(s)));
	domain_set_free(s);
}

static void *many(void *context)
{
	struct domain_set *s = context;
	uintptr_t wrong = 0;

	for (int i = 0; i < 20000; i++) {
		wrong += match(s, "x.mega.nz") == NULL;
		wrong += match(s, "omega.nz") != NULL;
		wrong += match(s, "b.s3.us-east-1.amazonaws.com") == NULL;
	}
	domain_set_free(s);
	return (void *)wrong;
}

Test(domain_set, clones_work_side_by_side)
{
	struct domain_set *s = shipped();
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, many, domain_set_clone(s));
	domain_set_free(s); /* while they are at it */
	for (int i = 0; i < 3; i++) {
		void *wrong;
		pthread_join(thread[i], &wrong);
		cr_expect_null(wrong);
	}
}

Test(domain_set, no_lists_match_nothing)
{
	const struct domain_set_options o = {0};
	struct error e = {0};
	struct domain_set *s = domain_set_load(&o, &e);

	cr_assert(s);
	cr_expect_null(match(s, "mega.nz"));
	domain_set_free(s);
}

/* The cache */

static bool cached(const char *list, const char *cache)
{
	struct domain_set *s = load(list, cache);
	bool was = domain_set_was_cached(s);

	cr_expect_not_null(match(s, "a.example"));
	cr_expect_null(match(s, "aa.example"));
	domain_set_free(s);
	return was;
}

Test(domain_set, cold_warm_and_changed)
{
	char *folder = fixture_folder(), cache[4096];

	snprintf(cache, sizeof cache, "%s/cache", folder);
	fixture_write(folder, "x.list", HEAD "web a.example\nweb b.example C\n");
	cr_expect_not(cached(folder, NULL));
	cr_expect_not(cached(folder, cache));
	cr_expect(cached(folder, cache));

	/* order, comments, services, roles and tiers are not in the database */
	fixture_write(folder, "x.list", "# new\n[T]\ncategory d\ntier C\nstorage b.example\n"
					"upload-api a.example A\n");
	cr_expect(cached(folder, cache));
	struct domain_set *s = load(folder, cache);
	cr_expect_str_eq(match(s, "x.b.example")->service->name, "T");
	cr_expect_eq(match(s, "x.a.example")->tier, TIER_A);
	domain_set_free(s);

	fixture_write(folder, "x.list", HEAD "web a.example\nweb =b.example C\n");
	cr_expect_not(cached(folder, cache));
	cr_expect(cached(folder, cache));
	fixture_remove(folder);
}

Test(domain_set, a_bad_cache_is_compiled_anew)
{
	char *folder = fixture_folder(), command[4300], cache[4096];

	snprintf(cache, sizeof cache, "%s/cache", folder);
	fixture_write(folder, "x.list", HEAD "web a.example\n");
	cr_expect_not(cached(folder, cache));
	snprintf(command, sizeof command,
		 "for f in %s/*.hsdb; do printf X | dd of=$f bs=1 seek=200 conv=notrunc "
		 "status=none; done", cache);
	cr_assert_eq(system(command), 0);
	cr_expect_not(cached(folder, cache));
	cr_expect(cached(folder, cache)); /* written again */
	snprintf(command, sizeof command, "chmod g+w %s/*.hsdb", cache);
	cr_assert_eq(system(command), 0);
	cr_expect_not(cached(folder, cache));
	cr_expect(cached(folder, cache));
	/* a folder that cannot be used is no error either */
	cr_expect_not(cached(folder, "/proc/self/nowhere"));
	chmod(cache, 0777);
	cr_expect_not(cached(folder, cache));
	cr_expect_not(cached(folder, cache));
	fixture_remove(folder);
}
