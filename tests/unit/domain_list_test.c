#include <criterion/criterion.h>

#include "services/domain_list.h"
#include "fixture.h"
#include "guard.h"

static const char sample[] = "# a list\n"
			     "\n"
			     "[Dropbox]          # a service\n"
			     "category    cloud-storage\n"
			     "tier        B\n"
			     "web         Dropbox.COM              # lower-cased\r\n"
			     "upload-api  =dl.example.com\n"
			     "\tupload-api  /up[0-9]+\\.example\\.com/ D\n"
			     "storage     api.example.com  C\n"
			     "\n"
			     "[ 0x0.st ]\n"
			     "category paste\n"
			     "download-cdn xn--bcher-kva.example A # no tier of the block";

static void expect_entry(const struct domain_entry *d, const char *service, enum role role,
			 enum tier tier, const char *pattern, unsigned line)
{
	cr_expect_str_eq(d->service->name, service);
	cr_expect_eq(d->role, role);
	cr_expect_eq(d->tier, tier);
	cr_expect_str_eq(d->pattern, pattern);
	cr_expect_str_eq(d->file, "a.list");
	cr_expect_eq(d->line, line);
}

Test(domain_list, every_form)
{
	struct domain_list l;
	struct error e = {0};

	domain_list_init(&l);
	cr_assert_eq(domain_list_parse(&l, "a.list", STR(sample), &e), 0, "%s", e.text);
	domain_list_end(&l);
	cr_assert_eq(l.entry_count, 5);
	expect_entry(&l.entries[0], "Dropbox", ROLE_WEB, TIER_B, "dropbox.com", 6);
	expect_entry(&l.entries[1], "Dropbox", ROLE_UPLOAD_API, TIER_B, "=dl.example.com", 7);
	expect_entry(&l.entries[2], "Dropbox", ROLE_UPLOAD_API, TIER_D,
		     "/up[0-9]+\\.example\\.com/", 8);
	expect_entry(&l.entries[3], "Dropbox", ROLE_STORAGE, TIER_C, "api.example.com", 9);
	expect_entry(&l.entries[4], "0x0.st", ROLE_DOWNLOAD_CDN, TIER_A, "xn--bcher-kva.example",
		     13);
	cr_expect_eq(domain_kind(&l.entries[0]), DOMAIN_SUFFIX);
	cr_expect_eq(domain_kind(&l.entries[1]), DOMAIN_EXACT);
	cr_expect_eq(domain_kind(&l.entries[2]), DOMAIN_REGEX);
	cr_expect(str_eq(domain_body(&l.entries[1]), STR("dl.example.com")));
	cr_expect(str_eq(domain_body(&l.entries[2]), STR("up[0-9]+\\.example\\.com")));
	/* numbered in order of name */
	cr_assert_eq(l.service_count, 2);
	cr_expect_str_eq(l.services[0]->name, "0x0.st");
	cr_expect_str_eq(l.services[0]->category, "paste");
	cr_expect_eq(l.services[1]->number, 1);
	cr_expect_eq(l.entries[0].service->number, 1);
	domain_list_fini(&l);
}

Test(domain_list, names_of_enumerations)
{
	cr_expect_str_eq(tier_name(TIER_A), "A");
	cr_expect_str_eq(tier_name(TIER_D), "D");
	cr_expect_str_eq(role_name(ROLE_UPLOAD_API), "upload-api");
	cr_expect_str_eq(role_name(ROLE_DOWNLOAD_CDN), "download-cdn");
}

#define BLOCK "[S]\ncategory c\ntier A\n"
#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
	const char *text, *error;
} wrongs[] = {
	{"web a.example\n", "x:1: \"web\" before the first [SERVICE]"},
	{"tier A\n", "x:1: \"tier\" before the first [SERVICE]"},
	{BLOCK "upload a.example\n", "x:4: unknown keyword \"upload\": category, tier, upload-api"},
	{BLOCK "WEB a.example\n", "x:4: unknown keyword \"WEB\""},
	{BLOCK "web a.example E\n", "x:4: unknown tier \"E\": A, B, C or D"},
	{BLOCK "web a.example b\n", "x:4: unknown tier \"b\""},
	{"[S]\ncategory c\ntier X\nweb a.example\n", "x:3: unknown tier \"X\""},
	{BLOCK "tier B\n", "x:4: \"S\" has a second tier"},
	{BLOCK "category c\n", "x:4: \"S\" has a second category"},
	{"[S]\ncategory c\nweb a.example\n", "x:3: no tier, neither here nor for \"S\""},
	{"[S]\ntier A\nweb a.example\n", "x:3: \"S\" needs its category before its names"},
	{"\n[S]\ntier A\n[T]\n", "x:2: \"S\" has no category"},
	{"\n[S]\ntier A\n", "x:2: \"S\" has no category"},
	{BLOCK "[T]\n", "x:1: \"S\" has no names"},
	{BLOCK, "x:1: \"S\" has no names"},
	{"[]\n", "x:1: the name of a service has 1 to 64 characters"},
	{"[  ]\n", "x:1: the name of a service has 1 to 64 characters"},
	{"[" L63 "hh]\n", "x:1: the name of a service has 1 to 64 characters"},
	{"[S\n", "x:1: expected: [SERVICE]"},
	{"[\n", "x:1: expected: [SERVICE]"},
	{"[S] web\n", "x:1: expected: [SERVICE]"},
	{"[\"S\"]\n", "x:1: the name of a service is printable ASCII"},
	{"[\xc3\xa9]\n", "x:1: the name of a service is printable ASCII"},
	{"[S]\ncategory\n", "x:2: expected one word behind \"category\""},
	{"[S]\ncategory a b\n", "x:2: expected one word behind \"category\""},
	{"[S]\ncategory Paste\n", "x:2: category \"Paste\": only a-z"},
	{BLOCK "web\n", "x:4: expected: web PATTERN [TIER]"},
	{BLOCK "web a.example A B\n", "x:4: expected: web PATTERN [TIER]"},
	{BLOCK "web a.example A B C D E\n", "x:4: expected: web PATTERN [TIER]"},
	{BLOCK "web localhost\n", "x:4: \"localhost\" is a single label"},
	{BLOCK "web =com\n", "x:4: \"com\" is a single label"},
	{BLOCK "web =\n", "x:4: \"\" is no host name: a label has"},
	{BLOCK "web .mega.nz\n", "x:4: \".mega.nz\" is no host name: a label has"},
	{BLOCK "web mega.nz.\n", "x:4: \"mega.nz.\" is no host name: a label has"},
	{BLOCK "web mega..nz\n", "x:4: \"mega..nz\" is no host name: a label has"},
	{BLOCK "web *.mega.nz\n", "x:4: \"*.mega.nz\": a plain name stands for all below it"},
	{BLOCK "web -mega.nz\n", "begins or ends with \"-\""},
	{BLOCK "web mega-.nz\n", "begins or ends with \"-\""},
	{BLOCK "web mega.nz/upload\n", "x:4: \"mega.nz/upload\" is no host name"},
	{BLOCK "web https://mega.nz\n", "x:4: \"https://mega.nz\" is no host name"},
	{BLOCK "web b\xc3\xbc" "cher.example\n", "write its xn-- form"},
	{BLOCK "web 192.0.2.1\n", "x:4: \"192.0.2.1\" is an address"},
	{BLOCK "web " L63 "h.example\n", "a label has 1 to 63 characters"},
	{BLOCK "web " L63 "." L63 "." L63 "." L63 "\n", "name of 255 characters: at most 253"},
	{BLOCK "web a.example\nweb A.example\n", "x:5: \"a.example\" stands already at x:4, for \"S\""},
	{BLOCK "web a.example\n[T]\ncategory c\nweb a.example B\n",
	 "x:7: \"a.example\" stands already at x:4, for \"S\""},
	{BLOCK "web /a/\nweb /a/\n", "x:5: \"/a/\" stands already at x:4"},
	{BLOCK "web /a\n", "x:4: expression without its closing \"/\""},
	{BLOCK "web /\n", "x:4: expression without its closing \"/\""},
	{BLOCK "web //\n", "x:4: expression without its closing \"/\""},
	{BLOCK "web /^a/\n", "leave out \"^\" and \"$\""},
	{BLOCK "web /$/\n", "leave out \"^\" and \"$\""},
	{BLOCK "web /a$/\n", "leave out \"^\" and \"$\""},
	{BLOCK "web /Mega\\.nz/\n", "expression holds \"M\", but names are in lower case"},
	{BLOCK "web /m\xc3\xa9ga/\n", "not printable ASCII"},
	{BLOCK "web /m\\\xc3\xa9ga/\n", "not printable ASCII"},
	{BLOCK "web a.example\n[S]\ncategory d\nweb b.example B\n",
	 "x:6: \"S\" is c elsewhere, and d here"},
};

Test(domain_list, errors_name_file_and_line)
{
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct domain_list l;
		struct error e = {0};

		domain_list_init(&l);
		cr_expect_eq(domain_list_parse(&l, "x", str_of(wrongs[i].text), &e), -1, "%s",
			     wrongs[i].text);
		cr_expect(strstr(e.text, wrongs[i].error), "wanted: %s\ngot: %s", wrongs[i].error,
			  e.text);
		cr_expect_eq(strncmp(e.text, "x:", 2), 0);
		domain_list_fini(&l);
	}
}

/* strchr finds the terminator in any string: a NUL must not pass for a letter of the set */
Test(domain_list, nul_bytes)
{
	static const struct str bad[] = {
		STR("[a\0b]\n"),
		STR("[S]\ncategory \0c\n"),
		STR(BLOCK "web a\0b.example\n"),
		STR(BLOCK "web /a\\\0b/\n"),
		STR("\0"),
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct domain_list l;
		struct error e = {0};

		domain_list_init(&l);
		cr_expect_eq(domain_list_parse(&l, "x", bad[i], &e), -1, "%zu", i);
		cr_expect_eq(strncmp(e.text, "x:", 2), 0);
		domain_list_fini(&l);
	}
}

Test(domain_list, long_lines_and_words)
{
	struct domain_list l;
	struct error e = {0};
	char *line = malloc(6000);

	memset(line, 'a', 5999);
	line[5999] = '\0';
	domain_list_init(&l);
	cr_expect_eq(domain_list_parse(&l, "x", str_of(line), &e), -1);
	cr_expect(strstr(e.text, "x:1: line of more than 4096 characters"), "%s", e.text);
	line[4000] = '\0'; /* a wrong word is not shown in full */
	cr_expect_eq(domain_list_parse(&l, "x", str_of(line), &e), -1);
	cr_expect(strstr(e.text, "unknown keyword \"aaa") && strlen(e.text) < 300);
	domain_list_fini(&l);
	free(line);
}

/* What looks like an error and is none. */
Test(domain_list, lenient_where_it_is_harmless)
{
	static const char *const good[] = {
		"",
		"# nothing\n\n   \t\r\n",
		"\xef\xbb\xbf" BLOCK "web a.example\n",
		BLOCK "web a.example#b\n",
		BLOCK "web _dmarc.a_b.example\nweb a--b.example\nweb =a.example\nweb a.example\n",
		BLOCK "web /a#b\\S\\$/ # blanks start a comment\n",
		BLOCK "web a.example\n[S]\ncategory c\nweb b.example B\n",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct domain_list l;
		struct error e = {0};

		domain_list_init(&l);
		int got = domain_list_parse(&l, "x", str_of(good[i]), &e);
		if (i == 3) /* a # inside a word is part of it */
			cr_expect(strstr(e.text, "\"a.example#b\" is no host name"), "%s", e.text);
		else
			cr_expect_eq(got, 0, "%s: %s", good[i], e.text);
		domain_list_fini(&l);
	}
}

Test(domain_list, a_service_in_two_files)
{
	struct domain_list l;
	struct error e = {0};

	domain_list_init(&l);
	cr_expect_eq(domain_list_parse(&l, "x", STR(BLOCK "web a.example\n"), &e), 0);
	cr_expect_eq(domain_list_parse(&l, "y", STR("[S]\ncategory c\nweb b.example D\n"), &e), 0,
		     "%s", e.text);
	cr_expect_eq(domain_list_parse(&l, "z", STR("[T]\ncategory c\nweb b.example D\n"), &e), -1);
	cr_expect_str_eq(e.text, "z:3: \"b.example\" stands already at y:3, for \"S\"");
	domain_list_end(&l);
	cr_expect_eq(l.service_count, 2);
	cr_expect_eq(l.entries[0].service, l.entries[1].service);
	cr_expect_str_eq(l.entries[1].file, "y");
	domain_list_fini(&l);
}

static void parse_guarded(const char *text, size_t n)
{
	uint8_t *copy = guard_copy(text, n);
	struct domain_list l;
	struct error e = {0};

	domain_list_init(&l);
	if (domain_list_parse(&l, "x", (struct str){(char *)copy, n}, &e))
		cr_expect_eq(strncmp(e.text, "x:", 2), 0, "%s", e.text);
	domain_list_end(&l);
	domain_list_fini(&l);
	guard_free(copy);
}

Test(domain_list, stays_inside_the_buffer)
{
	size_t n = sizeof sample - 1;
	static const char bytes[] = {0, '\n', '\r', ' ', '[', ']', '/', '=', '.', '#', '\\', '-', 'A',
				     '\xff'};
	char text[sizeof sample];

	for (size_t i = 0; i <= n; i++)
		parse_guarded(sample, i);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof bytes; k++) {
			memcpy(text, sample, sizeof text);
			text[i] = bytes[k];
			parse_guarded(text, n);
		}
}

Test(domain_list, files_and_folders)
{
	char *folder = fixture_folder(), want[4096];
	struct domain_list l;
	struct error e = {0};

	fixture_write(folder, "b.list", BLOCK "web b.example\n");
	fixture_write(folder, "a.list", BLOCK "web a.example\n");
	fixture_write(folder, "c.txt", "nonsense");
	domain_list_init(&l);
	cr_assert_eq(domain_list_add(&l, folder, &e), 0, "%s", e.text);
	cr_assert_eq(l.entry_count, 2);
	cr_expect_str_eq(l.entries[0].pattern, "a.example");
	snprintf(want, sizeof want, "%s/b.list", folder);
	cr_expect_str_eq(l.entries[1].file, want);
	/* a second time everything is there already */
	cr_expect_eq(domain_list_add(&l, want, &e), -1);
	cr_expect(strstr(e.text, "b.list:4: \"b.example\" stands already at "), "%s", e.text);
	cr_expect_eq(domain_list_add(&l, "/nowhere/at/all", &e), -1);
	cr_expect_str_eq(e.text, "/nowhere/at/all: No such file or directory");
	domain_list_fini(&l);
	fixture_remove(folder);
}
