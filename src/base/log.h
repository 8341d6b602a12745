/* Messages for the operator, on standard error: "egret: warning: …", or with the <N> prefix of
 * sd-daemon(3) where the journal listens. One write a message, from any thread. */
#ifndef EGRET_BASE_LOG_H
#define EGRET_BASE_LOG_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>

enum log_level { /* the numbers of RFC 5424 */
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

struct log {
	_Atomic int level; /* messages beyond it are left out */
	bool journal;	   /* <N> prefixes, no "egret: " */
};

#define LOG_TEXT_MAX 2048

/* Finds out who listens. */
void log_init(struct log *l, enum log_level level);
void log_say(struct log *l, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool log_level_of(const char *word, enum log_level *out);
const char *log_level_name(enum log_level level);

#endif
