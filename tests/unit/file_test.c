#include <criterion/criterion.h>

#include "base/file.h"
#include "fixture.h"

static const char *in(const char *folder, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

Test(file, reads_up_to_the_limit)
{
	char *folder = fixture_folder(), *text;
	struct error e;
	size_t n;

	fixture_write(folder, "a", "hello\n");
	cr_assert_eq(file_read(in(folder, "a"), 6, &text, &n, &e), 0);
	cr_expect_eq(n, 6);
	cr_expect_str_eq(text, "hello\n");
	free(text);
	cr_expect_eq(file_read(in(folder, "a"), 5, &text, &n, &e), -1);
	cr_expect(strstr(e.text, "/a: larger than 5 bytes"), "%s", e.text);
	fixture_write(folder, "empty", "");
	cr_assert_eq(file_read(in(folder, "empty"), 0, &text, &n, &e), 0);
	cr_expect_eq(n, 0);
	free(text);
	cr_expect_eq(file_read(in(folder, "none"), 5, &text, &n, &e), -1);
	cr_expect(strstr(e.text, "/none: No such file"), "%s", e.text);
	cr_expect_eq(file_read(folder, 5, &text, &n, &e), -1);
	fixture_remove(folder);
}

Test(file, large_files_grow)
{
	char *folder = fixture_folder(), *text, *big = malloc(300001);
	struct error e;
	size_t n;

	memset(big, 'x', 300000);
	big[300000] = '\0';
	fixture_write(folder, "big", big);
	cr_assert_eq(file_read(in(folder, "big"), 1000000, &text, &n, &e), 0);
	cr_expect_eq(n, 300000);
	cr_expect_str_eq(text, big);
	free(text);
	free(big);
	fixture_remove(folder);
}

Test(file, names_of_a_folder_in_byte_order)
{
	char *folder = fixture_folder();
	struct file_names f;
	struct error e;

	cr_expect_eq(file_names_get(&f, folder, STR(".list"), &e), -1);
	cr_expect(strstr(e.text, "no *.list files in it"), "%s", e.text);
	fixture_write(folder, "b.list", "");
	fixture_write(folder, "a.list", "");
	fixture_write(folder, "B.list", "");
	fixture_write(folder, ".hidden.list", "");
	fixture_write(folder, ".list", "");
	fixture_write(folder, "c.list~", "");

	char with_slash[4096];
	snprintf(with_slash, sizeof with_slash, "%s//", folder);
	cr_assert_eq(file_names_get(&f, with_slash, STR(".list"), &e), 0, "%s", e.text);
	cr_assert_eq(f.count, 3);
	cr_expect_str_eq(f.path[0], in(folder, "B.list"));
	cr_expect_str_eq(f.path[1], in(folder, "a.list"));
	cr_expect_str_eq(f.path[2], in(folder, "b.list"));
	file_names_free(&f);

	/* a file is itself, whatever its name */
	cr_assert_eq(file_names_get(&f, in(folder, "c.list~"), STR(".list"), &e), 0);
	cr_expect_eq(f.count, 1);
	file_names_free(&f);
	cr_expect_eq(file_names_get(&f, in(folder, "none"), STR(".list"), &e), -1);
	fixture_remove(folder);
}
