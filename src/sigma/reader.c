#include "sigma/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "core/limits.h"

#define LABEL_MAX 200

void *reader_fail(struct reader *r, unsigned line, const char *format, ...)
{
	va_list ap;

	if (r->failed)
		return NULL;
	r->failed = true;
	r->line = line;
	va_start(ap, format);
	vsnprintf(r->error.text, sizeof r->error.text, format, ap);
	va_end(ap);
	return NULL;
}

void reader_weigh(struct reader *r, size_t nodes, unsigned line)
{
	r->nodes += nodes;
	if (r->nodes > LIMIT_RULE_NODES)
		reader_fail(r, line, "the rule has more than %u values and conditions",
			    LIMIT_RULE_NODES);
}

bool reader_take(struct reader *r, size_t bytes, unsigned line)
{
	if (bytes > LIMIT_RULE_BYTES - r->bytes)
		return reader_fail(r, line, "the rule's texts are more than %u bytes",
				   LIMIT_RULE_BYTES);
	r->bytes += bytes;
	return !r->failed;
}

struct sigma_node *reader_node(struct reader *r, enum node_kind kind, unsigned line,
			       const char *label)
{
	struct sigma_node *n = arena_alloc(r->arena, sizeof *n);

	n->kind = kind;
	n->line = line;
	n->label = label;
	if (kind == NODE_LEAF)
		n->leaf = arena_alloc(r->arena, sizeof *n->leaf);
	reader_weigh(r, 1, line);
	return n;
}

void reader_child(struct reader *r, struct sigma_node *parent, struct sigma_node *child)
{
	size_t n = parent->count, room = n;

	/* the room is always the next power of two, at least 4 */
	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0))
		parent->child =
			arena_grow(r->arena, parent->child, n, &room, sizeof(struct sigma_node *));
	parent->child[parent->count++] = child;
}

const char *reader_text(struct reader *r, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (yaml_is_null(n))
		return "";
	if (n->kind != YAML_SCALAR) {
		reader_fail(r, n->line, "'%s' is no text", key);
		return "";
	}
	return arena_text(r->arena, n->text);
}

const char *reader_label(struct reader *r, const char *key, struct str value)
{
	static const char more[] = "…";
	size_t n = utf8_cut(value, LABEL_MAX), k = strlen(key), shown = n ? strnlen(value.p, n) : 0;
	char *label = arena_alloc(r->arena, k + 2 + shown + sizeof more), *p = label + k + 2;

	memcpy(label, key, k);
	memcpy(label + k, ": ", 2);
	if (shown)
		memcpy(p, value.p, shown);
	if (n < value.n)
		memcpy(p + shown, more, sizeof more);
	return label;
}
