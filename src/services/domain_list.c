#include "services/domain_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/hostname.h"
#include "core/limits.h"

static const char *const tier_names[] = {"A", "B", "C", "D"};
static const char *const role_names[] = {"upload-api", "storage", "web", "download-cdn"};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Where reading stands. */
struct reader {
	struct domain_list *list;
	struct error *e;
	const char *file; /* owned by the list */
	unsigned line;
	/* the block */
	struct str title;	 /* NULL before the first block */
	unsigned title_line;
	struct service *service; /* NULL until the category is known */
	int tier;		 /* -1: each name must say */
	size_t names;
};

const char *tier_name(enum tier t)
{
	return tier_names[t];
}

const char *role_name(enum role r)
{
	return role_names[r];
}

const char *domain_kind_name(enum domain_kind k)
{
	return k == DOMAIN_EXACT ? "exact" : k == DOMAIN_REGEX ? "expression" : "suffix";
}

static int number_of(const char *const *names, size_t count, struct str word)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, str_of(names[i])))
			return (int)i;
	return -1;
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* How much of a wrong word an error shows. */
static int shown(struct str s)
{
	return s.n > 80 ? 80 : (int)s.n;
}

static __attribute__((format(printf, 2, 3))) int wrong(struct reader *r, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	return error_set(r->e, "%.200s:%u: %.300s", r->file, r->line, text);
}

static void *grown(void *array, size_t count, size_t *room, size_t object)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	return mem_resize(array, *room * object);
}

void domain_list_init(struct domain_list *l)
{
	*l = (struct domain_list){0};
	hash_key_init(&l->key);
	hindex_init(&l->by_pattern, 1024);
	hindex_init(&l->by_service, 256);
}

void domain_list_fini(struct domain_list *l)
{
	for (size_t i = 0; i < l->entry_count; i++)
		free((char *)l->entries[i].pattern);
	for (size_t i = 0; i < l->service_count; i++) {
		free((char *)l->services[i]->name);
		free((char *)l->services[i]->category);
		free(l->services[i]);
	}
	for (size_t i = 0; i < l->file_count; i++)
		free(l->files[i]);
	free(l->entries);
	free(l->services);
	free(l->files);
	hindex_fini(&l->by_pattern);
	hindex_fini(&l->by_service);
	*l = (struct domain_list){0};
}

/* Host names and their services */

static int check_label(struct reader *r, struct str label, struct str name)
{
	if (label.n == 0 || label.n > 63)
		return wrong(r, "\"%.*s\" is no host name: a label has 1 to 63 characters",
			     shown(name), name.p);
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return wrong(r, "\"%.*s\" is no host name: a label begins or ends with \"-\"",
			     shown(name), name.p);
	return 0;
}

/* A name of at least two labels, in lower case. */
static int check_name(struct reader *r, struct str name)
{
	size_t start = 0, dots = 0;

	if (name.n > 253)
		return wrong(r, "name of %zu characters: at most 253 are possible", name.n);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c & 0x80)
			return wrong(r, "name holds non-ASCII characters: write its xn-- form");
		if (c == '*')
			return wrong(r, "\"%.*s\": a plain name stands for all below it; leave out "
					"the \"*\"", shown(name), name.p);
		if (c == '.') {
			if (check_label(r, (struct str){name.p + start, i - start}, name))
				return -1;
			start = i + 1;
			dots++;
		} else if (!is_lower_or_digit(c) && c != '-' && c != '_') {
			return wrong(r, "\"%.*s\" is no host name", shown(name), name.p);
		}
	}
	if (check_label(r, (struct str){name.p + start, name.n - start}, name))
		return -1;
	if (dots == 0)
		return wrong(r, "\"%.*s\" is a single label", shown(name), name.p);
	if (hostname_is_address(name))
		return wrong(r, "\"%.*s\" is an address", shown(name), name.p);
	return 0;
}

static int check_regex(struct reader *r, struct str pattern)
{
	struct str body = {pattern.p + 1, pattern.n - 2};

	if (pattern.n < 3 || pattern.p[pattern.n - 1] != '/')
		return wrong(r, "expression without its closing \"/\"");
	if (body.p[0] == '^' || (pattern.p[pattern.n - 2] == '$' && pattern.p[pattern.n - 3] != '\\'))
		return wrong(r, "an expression covers the whole name: leave out \"^\" and \"$\"");
	for (size_t i = 0; i < body.n; i++)
		if (!(body.p[i] > 0x20 && body.p[i] < 0x7f))
			return wrong(r, "expression holds a character that is not printable ASCII");
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] == '\\')
			i++;
		else if (body.p[i] >= 'A' && body.p[i] <= 'Z')
			return wrong(r, "expression holds \"%c\", but names are in lower case",
				     body.p[i]);
	}
	return 0;
}

static struct service *find_service(struct domain_list *l, struct str name, uint64_t hash)
{
	for (struct hprobe q = hindex_probe(&l->by_service, hash); hindex_next(&l->by_service, &q);)
		if (str_eq(str_of(l->services[q.ref]->name), name))
			return l->services[q.ref];
	return NULL;
}

static int set_category(struct reader *r, struct str category)
{
	struct domain_list *l = r->list;
	uint64_t hash = hash_bytes(&l->key, r->title.p, r->title.n);

	if (r->service)
		return wrong(r, "\"%.*s\" has a second category", shown(r->title), r->title.p);
	if (category.n > 32)
		return wrong(r, "category of more than 32 characters");
	for (size_t i = 0; i < category.n; i++)
		if (!is_lower_or_digit(category.p[i]) && category.p[i] != '-')
			return wrong(r, "category \"%.*s\": only a-z, 0-9 and \"-\"",
				     shown(category), category.p);

	struct service *s = find_service(l, r->title, hash);
	if (s && !str_eq(str_of(s->category), category))
		return wrong(r, "\"%s\" is %s elsewhere, and %.*s here", s->name, s->category,
			     shown(category), category.p);
	if (!s) {
		s = mem_zalloc(sizeof *s);
		s->name = mem_strndup(r->title.p, r->title.n);
		s->category = mem_strndup(category.p, category.n);
		l->services = grown(l->services, l->service_count, &l->service_room,
				    sizeof(struct service *));
		hindex_add(&l->by_service, hash, (uint32_t)l->service_count);
		l->services[l->service_count++] = s;
	}
	r->service = s;
	return 0;
}

/* Entries */

static int check_new(struct reader *r, struct str pattern, uint64_t hash)
{
	struct domain_list *l = r->list;

	for (struct hprobe q = hindex_probe(&l->by_pattern, hash);
	     hindex_next(&l->by_pattern, &q);) {
		const struct domain_entry *d = &l->entries[q.ref];

		if (str_eq(str_of(d->pattern), pattern))
			return wrong(r, "\"%.*s\" stands already at %.120s:%u, for \"%s\"",
				     shown(pattern), pattern.p, d->file, d->line, d->service->name);
	}
	if (l->entry_count >= LIMIT_DOMAIN_ENTRIES)
		return wrong(r, "more than %u names", LIMIT_DOMAIN_ENTRIES);
	return 0;
}

static int add_entry(struct reader *r, enum role role, struct str word, int tier)
{
	struct domain_list *l = r->list;
	char *pattern = mem_strndup(word.p, word.n);
	struct str p = {pattern, word.n};
	int failed;

	if (p.p[0] == '/') {
		failed = check_regex(r, p);
	} else {
		size_t mark = p.p[0] == '=';

		for (size_t i = 0; i < p.n; i++)
			pattern[i] = ascii_lower(pattern[i]);
		failed = check_name(r, (struct str){p.p + mark, p.n - mark});
	}
	uint64_t hash = hash_bytes(&l->key, p.p, p.n);
	if (failed || check_new(r, p, hash)) {
		free(pattern);
		return -1;
	}
	l->entries = grown(l->entries, l->entry_count, &l->entry_room, sizeof *l->entries);
	hindex_add(&l->by_pattern, hash, (uint32_t)l->entry_count);
	l->entries[l->entry_count++] = (struct domain_entry){
		.service = r->service,
		.role = role,
		.tier = (enum tier)tier,
		.pattern = pattern,
		.file = r->file,
		.line = r->line,
	};
	r->names++;
	return 0;
}

/* `ROLE PATTERN [TIER]` */
static int entry_line(struct reader *r, enum role role, const struct str *words, unsigned count)
{
	int tier = r->tier;

	if (!r->service)
		return wrong(r, "\"%.*s\" needs its category before its names", shown(r->title),
			     r->title.p);
	if (count < 2 || count > 3)
		return wrong(r, "expected: %s PATTERN [TIER]", role_name(role));
	if (count == 3 && (tier = number_of(tier_names, COUNT(tier_names), words[2])) < 0)
		return wrong(r, "unknown tier \"%.*s\": A, B, C or D", shown(words[2]), words[2].p);
	if (tier < 0)
		return wrong(r, "no tier, neither here nor for \"%.*s\"", shown(r->title),
			     r->title.p);
	return add_entry(r, role, words[1], tier);
}

static int block_end(struct reader *r)
{
	if (!r->title.p || r->names)
		return 0;
	r->line = r->title_line;
	return wrong(r, r->service ? "\"%.*s\" has no names" : "\"%.*s\" has no category",
		     shown(r->title), r->title.p);
}

static int title_line(struct reader *r, struct str line)
{
	unsigned here = r->line;

	if (block_end(r))
		return -1;
	r->line = here;
	if (line.p[line.n - 1] != ']')
		return wrong(r, "expected: [SERVICE]");
	struct str name = str_trim((struct str){line.p + 1, line.n - 2});
	if (name.n == 0 || name.n > 64)
		return wrong(r, "the name of a service has 1 to 64 characters");
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < 0x20 || name.p[i] >= 0x7f || strchr("[]\"\\", name.p[i]))
			return wrong(r, "the name of a service is printable ASCII without [ ] \" \\");
	r->title = name;
	r->title_line = r->line;
	r->service = NULL;
	r->tier = -1;
	r->names = 0;
	return 0;
}

/* Lines and files */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts a comment off: a # at the beginning or behind a blank. */
static struct str without_comment(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || is_blank(line.p[i - 1]))) {
			line.n = i;
			break;
		}
	while (line.n && is_blank(line.p[line.n - 1]))
		line.n--;
	while (line.n && is_blank(line.p[0]))
		line.p++, line.n--;
	return line;
}

#define WORDS_MAX 4

static unsigned split(struct str line, struct str words[WORDS_MAX])
{
	unsigned count = 0;
	size_t i = 0;

	while (i < line.n && count < WORDS_MAX) {
		size_t start = i;

		while (i < line.n && !is_blank(line.p[i]))
			i++;
		words[count++] = (struct str){line.p + start, i - start};
		while (i < line.n && is_blank(line.p[i]))
			i++;
	}
	return count;
}

static int one_line(struct reader *r, struct str line)
{
	struct str words[WORDS_MAX];

	if (line.n > LIMIT_DOMAIN_LINE)
		return wrong(r, "line of more than %u characters", LIMIT_DOMAIN_LINE);
	line = without_comment(line);
	if (line.n == 0)
		return 0;
	if (line.p[0] == '[')
		return title_line(r, line);

	unsigned count = split(line, words);
	int role = number_of(role_names, COUNT(role_names), words[0]);
	bool category = str_eq(words[0], STR("category")), tier = str_eq(words[0], STR("tier"));

	if (role < 0 && !category && !tier)
		return wrong(r, "unknown keyword \"%.*s\": category, tier, upload-api, storage, web "
				"or download-cdn", shown(words[0]), words[0].p);
	if (!r->title.p)
		return wrong(r, "\"%.*s\" before the first [SERVICE]", shown(words[0]), words[0].p);
	if (role >= 0)
		return entry_line(r, (enum role)role, words, count);
	if (count != 2)
		return wrong(r, "expected one word behind \"%.*s\"", shown(words[0]), words[0].p);
	if (category)
		return set_category(r, words[1]);
	if (r->tier >= 0)
		return wrong(r, "\"%.*s\" has a second tier", shown(r->title), r->title.p);
	r->tier = number_of(tier_names, COUNT(tier_names), words[1]);
	if (r->tier < 0)
		return wrong(r, "unknown tier \"%.*s\": A, B, C or D", shown(words[1]), words[1].p);
	return 0;
}

int domain_list_parse(struct domain_list *l, const char *file, struct str text, struct error *e)
{
	l->files = grown(l->files, l->file_count, &l->file_room, sizeof(char *));
	l->files[l->file_count] = mem_strndup(file, strlen(file));

	struct reader r = {.list = l, .e = e, .file = l->files[l->file_count++], .tier = -1};

	if (str_has_prefix(text, STR("\xef\xbb\xbf"))) /* some editors' byte order mark */
		text.p += 3, text.n -= 3;
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		r.line++;
		if (one_line(&r, (struct str){text.p, n}))
			return -1;
		n += end != NULL;
		text.p += n, text.n -= n;
	}
	return block_end(&r);
}

static int add_file(struct domain_list *l, const char *path, struct error *e)
{
	char *text;
	size_t n;

	if (file_read(path, LIMIT_DOMAIN_FILE, &text, &n, e))
		return -1;
	int failed = domain_list_parse(l, path, (struct str){text, n}, e);
	free(text);
	return failed;
}

int domain_list_add(struct domain_list *l, const char *path, struct error *e)
{
	struct file_names files;

	if (file_names_get(&files, path, STR(".list"), e))
		return -1;
	int failed = 0;
	for (size_t i = 0; i < files.count && !failed; i++)
		failed = add_file(l, files.path[i], e);
	file_names_free(&files);
	return failed;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct service *const *)a)->name, (*(struct service *const *)b)->name);
}

void domain_list_end(struct domain_list *l)
{
	if (l->service_count)
		qsort(l->services, l->service_count, sizeof(struct service *), by_name);
	for (size_t i = 0; i < l->service_count; i++)
		l->services[i]->number = (unsigned)i;
}
