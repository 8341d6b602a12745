/* An overview in which every number is another one. */
#ifndef EGRET_TESTS_OVERVIEW_SAMPLE_H
#define EGRET_TESTS_OVERVIEW_SAMPLE_H

#include "daemon/overview.h"

/* `minute` after the start: all counters grow with it, at its own pace each. */
void overview_sample(struct overview *o, unsigned minute);
/* As full as it gets, with names that hold what has to be escaped. */
void overview_sample_full(struct overview *o);

#endif
