/* JSON text into a bounded writer. Commas are kept by the writer's caller through json_key. */
#ifndef EGRET_OUTPUT_JSON_H
#define EGRET_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/writer.h"

struct json {
	struct writer w;
	bool comma; /* the next item of this level needs one */
};

void json_open(struct json *j, const char *key, char bracket);  /* key NULL: in an array or at the top */
void json_close(struct json *j, char bracket);
/* Any bytes: control characters, DEL and invalid UTF-8 become the text \xNN, so no control
 * character reaches a reader and the line stays valid UTF-8. */
void json_str(struct json *j, const char *key, struct str s);
void json_text(struct json *j, const char *key, const char *terminated);
void json_u64(struct json *j, const char *key, uint64_t v);
void json_bool(struct json *j, const char *key, bool v);
/* ns since 1970 as RFC 3339 UTC with nine digits of fraction. */
void json_time(struct json *j, const char *key, uint64_t ns);

#endif
