#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/stats_record.h"
#include "overview_sample.h"

static char line[STATS_RECORD_MAX];

static json_t *record(const struct overview *before, const struct overview *o)
{
	json_error_t e;
	size_t n = stats_record(before, o, line, sizeof line);

	cr_assert_gt(n, 1);
	cr_assert_eq(line[n - 1], '\n');
	cr_expect_null(memchr(line, '\n', n - 1));
	json_t *j = json_loadb(line, n, JSON_REJECT_DUPLICATES, &e);
	cr_assert(j, "%s: %.*s", e.text, (int)n, line);
	return j;
}

static json_int_t number(json_t *j, const char *a, const char *b)
{
	json_t *stats = json_object_get(json_object_get(j, "egret"), "stats");

	return json_integer_value(json_object_get(json_object_get(stats, a), b));
}

Test(stats_record, what_changed_in_a_minute)
{
	struct overview *before = calloc(1, sizeof *before), *o = calloc(1, sizeof *o);

	overview_sample(before, 1);
	overview_sample(o, 2);
	json_t *j = record(before, o);
	cr_expect_eq(number(j, "capture", "packets"), 1000);
	cr_expect_eq(number(j, "analyst", "records"), 1200);
	cr_expect_eq(number(j, "analyst", "records_lost_conn"), 14);
	cr_expect_eq(number(j, "loaded", "rules"), 321, "as it is, not what it grew by");
	json_t *stats = json_object_get(json_object_get(j, "egret"), "stats");
	json_t *eth1 = json_array_get(json_object_get(stats, "interfaces"), 1);
	cr_expect_eq(json_integer_value(json_object_get(eth1, "received")), 200000);
	cr_expect_float_eq(json_real_value(json_object_get(eth1, "lost_share")), 74.0 / 200014, 1e-6);
	cr_expect_str_eq(json_string_value(json_object_get(json_object_get(j, "event"), "kind")),
			 "metric");
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(j, "event"), "duration")),
		     60000000000);
	json_decref(j);
	/* nothing happened */
	j = record(o, o);
	stats = json_object_get(json_object_get(j, "egret"), "stats");
	cr_expect_null(json_object_get(stats, "capture"));
	cr_expect_null(json_object_get(stats, "delay"));
	cr_expect(json_object_get(stats, "memory"));
	json_decref(j);
	/* since the start */
	j = record(NULL, o);
	cr_expect_eq(number(j, "capture", "packets"), 3000);
	json_decref(j);
	free(before);
	free(o);
}

Test(stats_record, an_interface_that_is_called_otherwise_now)
{
	struct overview *before = calloc(1, sizeof *before), *o = calloc(1, sizeof *o);

	overview_sample(before, 1);
	overview_sample(o, 2);
	strcpy(o->interface[1].name, "span9");
	json_t *j = record(before, o);
	json_t *stats = json_object_get(json_object_get(j, "egret"), "stats");
	json_t *renamed = json_array_get(json_object_get(stats, "interfaces"), 1);
	cr_expect_str_eq(json_string_value(json_object_get(renamed, "name")), "span9");
	cr_expect_eq(json_integer_value(json_object_get(renamed, "received")), 200000);
	json_decref(j);
	free(before);
	free(o);
}

Test(stats_record, what_starts_again_counts_from_0)
{
	struct overview *before = calloc(1, sizeof *before), *o = calloc(1, sizeof *o);

	overview_sample(before, 5);
	overview_sample(o, 0);
	json_t *j = record(before, o);
	cr_expect_eq(number(j, "capture", "packets"), 1000);
	json_decref(j);
	overview_sample_full(o);
	j = record(before, o);
	json_decref(j);
	free(before);
	free(o);
}
