/* A one-line error text, filled where something fails and printed where somebody can act on it. */
#ifndef EGRET_BASE_ERROR_H
#define EGRET_BASE_ERROR_H

#define ERROR_TEXT_MAX 512

struct error {
	char text[ERROR_TEXT_MAX]; /* terminated, cut when too long; "" = no error */
};

/* Sets the text. Returns -1, so that a failing function can `return error_set(...)`. */
int error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
