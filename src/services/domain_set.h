/* The services that data can be uploaded to, and which names are theirs.
 *
 * Lists are text files (egret-domains(5), domains/, services/domain_list.h). All patterns are one
 * Hyperscan database over "." + name, so that a suffix matches on label boundaries only. The
 * compiled database is cached (domain_set_options.cache_dir) under a digest of patterns, Hyperscan
 * version and platform; a cached file is used only if it is a regular file owned by us or root, not
 * writable by group or others, and its keyed digest is right (match/match_cache.h).
 */
#ifndef EGRET_SERVICES_DOMAIN_SET_H
#define EGRET_SERVICES_DOMAIN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "services/domain_list.h" /* enum tier and role, struct service and domain_entry */

struct domain_set;

struct domain_set_options {
	const char *const *paths; /* files, and folders whose *.list files are read in name order */
	size_t path_count;
	const char *cache_dir; /* NULL: no cache; made (0700) when missing */
};

/* NULL and an error that names file and line on the first wrong line. */
struct domain_set *domain_set_load(const struct domain_set_options *o, struct error *e);
void domain_set_free(struct domain_set *s);

/* The same set with scratch space of its own, for a second thread. Entries and services are shared
 * and live until the last of them is freed, in any order. NULL when out of memory. */
struct domain_set *domain_set_clone(const struct domain_set *s);

/* The most telling entry for a host name (core/hostname.h form): an exact one, else a regular
 * expression (of several the first one read), else the longest suffix. NULL when the name belongs
 * to no service. Not thread-safe: one set per thread, or domain_set_clone for its own scratch.
 * Cost: one scan, about 0.15 us, unless no entry ends in the name's last two labels
 * (services/domain_stem.h); cache the verdict. */
const struct domain_entry *domain_set_match(struct domain_set *s, struct str name);

/* Prints every entry that matches, which one wins and why; or that none does and which come near
 * (the same last labels, or the name inside another). */
void domain_set_explain(struct domain_set *s, struct str name, FILE *out);

size_t domain_set_entries(const struct domain_set *s);
/* In order of reading. */
const struct domain_entry *domain_set_entry(const struct domain_set *s, size_t number);
size_t domain_set_services(const struct domain_set *s);
const struct service *domain_set_service(const struct domain_set *s, unsigned number);
/* By its name, or by the pattern as it is written; NULL when there is none. */
const struct service *domain_set_service_called(const struct domain_set *s, struct str name);
const struct domain_entry *domain_set_entry_of(const struct domain_set *s, const char *pattern);
bool domain_set_was_cached(const struct domain_set *s);

#endif
