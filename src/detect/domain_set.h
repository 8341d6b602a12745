/* The services that data can be uploaded to, and which names are theirs.
 *
 * Lists are text files (egret-domains(5), domains/): a block per service,
 *
 *	[Dropbox]
 *	category    cloud-storage
 *	tier        B
 *	web         dropbox.com              # the name itself and all below it
 *	upload-api  =dl.example.com          # exactly this name
 *	upload-api  /up[0-9]+\.example\.com/ # a regular expression over the whole name
 *	upload-api  api.example.com  C       # a tier of its own
 *
 * All patterns are one Hyperscan database over "." + name, so that a suffix matches on label
 * boundaries only. The compiled database is cached (domain_set_options.cache_dir) under a digest of
 * patterns, Hyperscan version and platform; a cached file is used only if it is a regular file
 * owned by us or root, not writable by group or others, and its keyed digest is right.
 */
#ifndef EGRET_DETECT_DOMAIN_SET_H
#define EGRET_DETECT_DOMAIN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"

enum tier {
	TIER_A, /* the name alone matters: anonymous hosts, pastes */
	TIER_B, /* consumer storage */
	TIER_C, /* shared enterprise fronts: only volume matters */
	TIER_D, /* downloads and context */
};

enum role {
	ROLE_UPLOAD_API,
	ROLE_STORAGE,
	ROLE_WEB,
	ROLE_DOWNLOAD_CDN,
};

struct service {
	const char *name;     /* "Amazon S3" */
	const char *category; /* "object-storage" */
	unsigned number;      /* 0 .. count-1, in order of name */
};

/* One line of a list. */
struct domain_entry {
	const struct service *service;
	enum role role;
	enum tier tier;
	const char *pattern; /* as written, with its = or slashes */
	const char *file;    /* where it stands */
	unsigned line;
};

struct domain_set;

struct domain_set_options {
	const char *const *paths; /* files, and folders whose *.list files are read in name order */
	size_t path_count;
	const char *cache_dir; /* NULL: no cache; made (0700) when missing */
};

/* NULL and an error that names file and line on the first wrong line. */
struct domain_set *domain_set_load(const struct domain_set_options *o, struct error *e);
void domain_set_free(struct domain_set *s);

/* The most telling entry for a host name (core/hostname.h form): an exact one, else a regular
 * expression, else the longest suffix. NULL when the name belongs to no service. Not thread-safe:
 * one set per thread, or domain_set_clone for its own scratch. Cost: one scan; cache the verdict. */
const struct domain_entry *domain_set_match(struct domain_set *s, struct str name);

/* Prints every entry that matches, which one wins and why; or that none does and which come near
 * (the same last labels, or the name inside another). */
void domain_set_explain(struct domain_set *s, struct str name, FILE *out);

size_t domain_set_entries(const struct domain_set *s);
size_t domain_set_services(const struct domain_set *s);
const struct service *domain_set_service(const struct domain_set *s, unsigned number);
bool domain_set_was_cached(const struct domain_set *s);

const char *tier_name(enum tier t); /* "A" … "D" */
const char *role_name(enum role r);

#endif
