#include <criterion/criterion.h>
#include <sched.h>

#include "daemon/cpus.h"

/* As in a container, or below a unit's CPUAffinity=. */
Test(cpus, those_that_are_ours_and_no_others)
{
	cpu_set_t all, one;
	unsigned count = cpus_count();

	cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
	cr_expect_eq(count, (unsigned)CPU_COUNT(&all));
	for (unsigned i = 0; i < count; i++) {
		cr_expect(CPU_ISSET((unsigned)cpus_nth(i), &all));
		cr_expect_eq(cpus_nth(i), cpus_nth(i + count));
		cr_expect(i == 0 || cpus_nth(i) > cpus_nth(i - 1));
	}
	int last = cpus_nth(count - 1);
	CPU_ZERO(&one);
	CPU_SET((unsigned)last, &one);
	cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
	cr_expect_eq(cpus_count(), 1);
	cr_expect_eq(cpus_nth(0), last);
	cr_expect_eq(cpus_nth(7), last);
	sched_setaffinity(0, sizeof all, &all);
}
