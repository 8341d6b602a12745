#include "event/port_names.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/limits.h"
#include "core/tuple.h"

struct entry {
	uint32_t key; /* protocol and port */
	uint32_t at;  /* where the line's name stands: the first of a port has it */
	uint32_t length;
};

struct port_names {
	char *text;
	struct entry *entry;
	size_t count, room;
};

static uint32_t key_of(uint8_t proto, uint16_t port)
{
	return (uint32_t)proto << 16 | port;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static struct str word(struct str *line)
{
	size_t n = 0;

	*line = str_trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	struct str w = {line->p, n};
	*line = (struct str){line->p + n, line->n - n};
	return w;
}

/* "443/tcp" */
static bool read_port(struct str s, uint32_t *key)
{
	unsigned port = 0;
	size_t i = 0;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && port <= UINT16_MAX; i++)
		port = port * 10 + (unsigned)(s.p[i] - '0');
	if (i == 0 || port > UINT16_MAX || i == s.n || s.p[i++] != '/')
		return false;
	struct str proto = {s.p + i, s.n - i};
	if (!str_eq(proto, STR("tcp")) && !str_eq(proto, STR("udp")))
		return false;
	*key = key_of(str_eq(proto, STR("tcp")) ? PROTO_TCP : PROTO_UDP, (uint16_t)port);
	return true;
}

static void read_line(struct port_names *p, struct str line)
{
	const char *comment = memchr(line.p, '#', line.n);
	uint32_t key;

	if (comment)
		line.n = (size_t)(comment - line.p);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	struct str name = word(&line);
	if (name.n == 0 || !read_port(word(&line), &key))
		return;
	if (p->count == p->room) {
		p->room = p->room ? p->room * 2 : 1024;
		p->entry = mem_resize(p->entry, p->room * sizeof *p->entry);
	}
	p->entry[p->count++] =
		(struct entry){key, (uint32_t)(name.p - p->text), (uint32_t)name.n};
}

struct port_names *port_names_new(const char *path)
{
	struct port_names *p = mem_zalloc(sizeof *p);
	struct error e;
	size_t n;

	if (file_read(path, LIMIT_SERVICES_FILE, &p->text, &n, &e) < 0) {
		p->text = NULL;
		return p;
	}
	for (const char *at = p->text, *end = p->text + n; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		read_line(p, (struct str){at, (size_t)(stop - at)});
		at = stop + 1;
	}
	if (p->count)
		qsort(p->entry, p->count, sizeof *p->entry, compare);
	return p;
}

void port_names_free(struct port_names *p)
{
	if (!p)
		return;
	free(p->entry);
	free(p->text);
	free(p);
}

struct str port_names_find(const struct port_names *p, uint8_t proto, uint16_t port)
{
	uint32_t key = key_of(proto, port);
	size_t low = 0, high = p->count;

	/* the first of its key */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (p->entry[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == p->count || p->entry[low].key != key)
		return STR("-");
	return (struct str){p->text + p->entry[low].at, p->entry[low].length};
}
