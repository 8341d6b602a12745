/* The list files of services and their names, read into memory.
 *
 * The format is that of egret-domains(5): a block per service,
 *
 *	[Dropbox]
 *	category    cloud-storage
 *	tier        B
 *	web         dropbox.com              # the name itself and all below it
 *	upload-api  =dl.example.com          # exactly this name
 *	upload-api  /up[0-9]+\.example\.com/ # a regular expression over the whole name
 *	upload-api  api.example.com  C       # a tier of its own
 *
 * Names are lower-cased and checked here; what a regular expression means is for whoever compiles
 * it. A service may have blocks in several files, if all say the same category; a pattern may
 * stand in one place only.
 */
#ifndef EGRET_SERVICES_DOMAIN_LIST_H
#define EGRET_SERVICES_DOMAIN_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/hindex.h"
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

enum domain_kind {
	DOMAIN_SUFFIX, /* the name and all below it */
	DOMAIN_REGEX,
	DOMAIN_EXACT,
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
	const char *pattern; /* as written, with its = or slashes; names in lower case */
	const char *file;    /* where it stands */
	unsigned line;
};

struct domain_list {
	struct domain_entry *entries; /* in order of reading */
	struct service **services;    /* in order of name once domain_list_end was called */
	char **files;
	size_t entry_count, service_count, file_count;

	/* the reader's own */
	size_t entry_room, service_room, file_room;
	struct hash_key key;
	struct hindex by_pattern, by_service;
};

void domain_list_init(struct domain_list *l);
void domain_list_fini(struct domain_list *l);

/* Adds a file, or the *.list files of a folder in order of name. 0, or -1 and an error that names
 * file and line of the first wrong line. */
int domain_list_add(struct domain_list *l, const char *path, struct error *e);
/* Adds the text of one file; `file` is its name in errors and entries. */
int domain_list_parse(struct domain_list *l, const char *file, struct str text, struct error *e);
/* Numbers the services. Call it once, after the last file. */
void domain_list_end(struct domain_list *l);

static inline enum domain_kind domain_kind(const struct domain_entry *d)
{
	return d->pattern[0] == '=' ? DOMAIN_EXACT :
	       d->pattern[0] == '/' ? DOMAIN_REGEX :
				      DOMAIN_SUFFIX;
}

/* The pattern without its mark: a host name, or the body of a regular expression. */
static inline struct str domain_body(const struct domain_entry *d)
{
	struct str s = str_of(d->pattern);

	switch (domain_kind(d)) {
	case DOMAIN_EXACT:
		return (struct str){s.p + 1, s.n - 1};
	case DOMAIN_REGEX:
		return (struct str){s.p + 1, s.n - 2};
	case DOMAIN_SUFFIX:
		break;
	}
	return s;
}

const char *tier_name(enum tier t); /* "A" … "D" */
const char *role_name(enum role r);
const char *domain_kind_name(enum domain_kind k); /* "suffix", "expression", "exact" */

#endif
