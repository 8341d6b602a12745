#include "base/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const words[] = {
	[LOG_LEVEL_ERROR] = "error",   [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",     [LOG_LEVEL_DEBUG] = "debug",
};

/* JOURNAL_STREAM names the stream that the journal reads, by device and inode (systemd.exec(5)). */
static bool journal_listens(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat s;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &s) == 0 && s.st_dev == device && s.st_ino == inode;
}

void log_init(struct log *l, enum log_level level)
{
	l->level = level;
	l->journal = journal_listens();
}

void log_say(struct log *l, enum log_level level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	int head, n;
	va_list args;

	if ((int)level > l->level)
		return;
	if (l->journal)
		head = snprintf(text, sizeof text, "<%d>", level);
	else
		head = snprintf(text, sizeof text, "egret: %s%s",
				level >= LOG_LEVEL_NOTICE ? "" : words[level],
				level >= LOG_LEVEL_NOTICE ? "" : ": ");
	va_start(args, format);
	n = vsnprintf(text + head, sizeof text - (size_t)head, format, args);
	va_end(args);
	size_t length = (size_t)head + (n > 0 ? (size_t)n : 0);
	if (length > sizeof text - 2)
		length = sizeof text - 2;
	text[length] = '\n';
	/* nobody is left to be told of a failure */
	if (write(STDERR_FILENO, text, length + 1) < 0)
		return;
}

bool log_level_of(const char *word, enum log_level *out)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
		if (strcmp(word, words[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return words[level];
}
