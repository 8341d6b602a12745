/* Paths that lines have had so far, and what each means: hints of the format, and for each format
 * the fields of rules that a value there is, and its part in what joins host and wire.
 *
 * Worked out once for each path, since the lines of one tool all have the same. Bounded: a table
 * that has become full is emptied before the next line.
 */
#ifndef EGRET_EVENT_PATHS_H
#define EGRET_EVENT_PATHS_H

#include "event/alias.h"
#include "event/fields.h"

enum role {
	ROLE_NONE,
	ROLE_SOURCE_IP,
	ROLE_SOURCE_PORT,
	ROLE_DESTINATION_IP,
	ROLE_DESTINATION_PORT,
	ROLE_PROTOCOL,
	ROLE_COMMUNITY_ID,
	ROLE_IMAGE,
	ROLE_USER,
	ROLE_HOST,
	ROLE_DNS_NAME,
	ROLE_NAME,
	ROLE_TIME,
	ROLE_URL,
	ROLE_URL_HOST,
	ROLE_URL_SCHEME,
	ROLE_URL_PATH,
	ROLE_URL_QUERY,
	ROLE_ARGUMENTS,
	ROLE_DIRECTION,
	ROLE_FILTER_DIRECTION,
	ROLE_IANA_NUMBER,
	ROLE_MD5,
	ROLE_SHA1,
	ROLE_SHA256,
	ROLE_IMPHASH,
	ROLE_STATE,
	ROLE_EVE_DNS,
	ROLE_APPLICATION,
	ROLES
};

#define PATH_ROLES 3	/* of one path */
#define PATH_NAMES 24	/* fields of one path */

struct path_name {
	uint32_t field;
	uint8_t rank; /* enum alias_rank */
	bool more;
};

/* What a path means in lines of one format. */
struct path_meaning {
	const struct format *format;
	struct path_meaning *next;
	uint8_t roles, role[PATH_ROLES];
	uint8_t precedence[PATH_ROLES]; /* the lowest is the best */
	uint8_t names;
	struct path_name *name;
};

struct path {
	struct str text;
	uint32_t number; /* of the table */
	uint8_t hints, hint[HINTS_OF_PATH];
	uint8_t record; /* part of a record of ours: record_in.h */
	struct path_meaning *meaning;
};

struct paths;

/* `fields` outlives it. */
struct paths *paths_new(const struct fields *fields);
void paths_free(struct paths *p);
/* The most memory that they take. */
size_t paths_memory(void);

/* Before a line: makes room. Paths from before are no longer valid. */
void paths_begin(struct paths *p);
struct path *paths_get(struct paths *p, struct str text);
const struct path_meaning *paths_meaning(struct paths *p, struct path *path,
					 const struct format *format);

#endif
