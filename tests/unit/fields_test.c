#include <criterion/criterion.h>
#include <stdio.h>

#include "event/fields.h"

Test(fields, names_are_numbered_in_order_and_once)
{
	struct fields *f = fields_new();

	cr_assert_eq(fields_count(f), 0);
	cr_assert_eq(fields_find(f, STR("QueryName")), FIELD_NONE);
	cr_assert_eq(fields_add(f, STR("QueryName")), 0);
	cr_assert_eq(fields_add(f, STR("cs-host")), 1);
	cr_assert_eq(fields_add(f, STR("QueryName")), 0);
	cr_assert_eq(fields_find(f, STR("cs-host")), 1);
	cr_assert_eq(fields_find(f, STR("queryname")), FIELD_NONE, "case counts");
	cr_assert_eq(fields_find(f, STR("cs-hos")), FIELD_NONE);
	cr_assert_eq(fields_count(f), 2);
	fields_free(f);
	fields_free(NULL);
}

Test(fields, many_names_stay_where_they_are)
{
	struct fields *f = fields_new();
	char name[16];

	fields_add(f, STR("first"));
	const char *first = fields_name(f, 0).p;
	for (uint32_t i = 1; i < 5000; i++) {
		int n = snprintf(name, sizeof name, "f%u", i);
		cr_assert_eq(fields_add(f, (struct str){name, (size_t)n}), i);
	}
	cr_assert_eq(fields_name(f, 0).p, first);
	for (uint32_t i = 1; i < 5000; i++) {
		int n = snprintf(name, sizeof name, "f%u", i);
		cr_assert_eq(fields_find(f, (struct str){name, (size_t)n}), i);
		cr_assert_str_eq(fields_name(f, i).p, name);
	}
	fields_free(f);
}
