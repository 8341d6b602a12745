/* A buffered output of lines. Errors stick: the first is kept and everything after it is dropped, so
 * that the packets go on and the end can tell. What such an error tore of a line is taken back where the
 * output is a plain file: its lines are whole. */
#ifndef EGRET_OUTPUT_SINK_H
#define EGRET_OUTPUT_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct sink;

/* `path` "-" is standard output. NULL and an error when it cannot be opened. */
struct sink *sink_open(const char *path, struct error *e);
/* The same of standard output or standard error, by descriptor. */
struct sink *sink_standard(int fd, struct error *e);
/* Room for at least n bytes, n <= SINK_LINE_MAX; write there, then say how many with sink_add. */
char *sink_room(struct sink *s, size_t n);
/* A terminal is shown each line at once. */
void sink_add(struct sink *s, size_t n);
/* Flushes and closes. -1 and the first error when anything was lost. */
int sink_close(struct sink *s, struct error *e);
/* The memory that one takes. */
size_t sink_memory(void);

#define SINK_LINE_MAX (512 * 1024)

#endif
