/* Expectations that Criterion does not have. */
#ifndef EGRET_TESTS_EXPECT_H
#define EGRET_TESTS_EXPECT_H

#include <criterion/criterion.h>

#include "base/str.h"

#define expect_str(s, literal)                                                                     \
	cr_expect(str_eq((s), STR(literal)), "\"%.*s\"", (int)(s).n, (s).n ? (s).p : "")

#endif
