/* What the files of the engine share. */
#ifndef EGRET_SIGMA_ENGINE_PART_H
#define EGRET_SIGMA_ENGINE_PART_H

#include "sigma/engine.h"
#include "sigma/judge.h"
#include "sigma/marks.h"
#include "sigma/view.h"

struct sigma_engine {
	const struct sigma_rules *rules;
	const struct fields *fields;
	char *cache_folder;
	struct plan plan;
	struct views views;
	struct judge judge;
	struct marks marks; /* places of rules that are worth a look */
	struct sigma_engine_stats stats;
};

#endif
