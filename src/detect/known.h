/* Which rules and services there are now, by name: what was kept under others is found again. */
#ifndef EGRET_DETECT_KNOWN_H
#define EGRET_DETECT_KNOWN_H

#include "base/hindex.h"
#include "detect/finding.h"
#include "services/domain_set.h"

/* A rule's name where it has to be known again: its id, else its title. */
static inline struct str known_name(const struct rule_info *i)
{
	return str_of(i->id[0] ? i->id : i->title);
}

struct known {
	const struct domain_set *services;
	struct known_rule {
		enum finding_kind kind;
		const struct rule_info *info;
	} * rule;
	uint32_t count;
	struct hindex index;
};

/* `rules`: at most that many will be added. What is handed in outlives it. */
void known_init(struct known *k, const struct domain_set *services, size_t rules);
void known_fini(struct known *k);
/* Of several with one name the first one added is known. */
void known_add(struct known *k, enum finding_kind kind, const struct rule_info *info);

/* NULL: there is none. */
const struct rule_info *known_rule(const struct known *k, enum finding_kind kind, struct str name);
const struct service *known_service(const struct known *k, struct str name);

#endif
