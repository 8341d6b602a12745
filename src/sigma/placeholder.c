/* The expand modifier (specification 2.1.0, "Placeholders"): "%name%" stands for texts, "\%" is a
 * plain percent sign. */
#include "core/limits.h"
#include "sigma/alternative.h"
#include "sigma/text.h"

struct work {
	struct reader *r;
	unsigned line;
	bool regex;
	struct alternatives done; /* all combinations so far */
	struct alternatives next; /* the same with the current placeholder */
};

static void add(struct work *w, struct alternatives *to, struct str start, struct str more)
{
	if (to->count >= LIMIT_RULE_VARIANTS) {
		reader_fail(w->r, w->line, "placeholders stand for more than %u texts",
			    LIMIT_RULE_VARIANTS);
		return;
	}
	if (!reader_take(w->r, start.n + more.n, w->line))
		return;
	char *p = arena_alloc(w->r->arena, start.n + more.n + 1);
	if (start.n)
		memcpy(p, start.p, start.n);
	if (more.n)
		memcpy(p + start.n, more.p, more.n);
	to->v = arena_grow(w->r->scratch, to->v, to->count, &to->room, sizeof *to->v);
	to->v[to->count++] = (struct alternative){.raw = {p, start.n + more.n}};
}

/* One text that the placeholder stands for. */
static void take(void *context, struct str text)
{
	struct work *w = context;

	if (w->regex) {
		struct sigma_text t = sigma_text_parse(w->r->arena, text);
		text = str_of(sigma_text_regex(w->r->arena, &t));
	}
	for (size_t i = 0; i < w->done.count && !w->r->failed; i++)
		add(w, &w->next, w->done.v[i].raw, text);
}

static void swap(struct work *w)
{
	struct alternatives old = w->done;

	w->done = w->next;
	w->next = old;
	w->next.count = 0;
}

static void literal(struct work *w, struct str text)
{
	if (!text.n)
		return;
	for (size_t i = 0; i < w->done.count && !w->r->failed; i++)
		add(w, &w->next, w->done.v[i].raw, text);
	swap(w);
}

static void replace(struct work *w, struct str name)
{
	struct reader *r = w->r;

	if (!r->expand || !r->expand(r->expand_context, name, take, w))
		reader_fail(r, w->line, "nothing is known of the placeholder %%%.*s%%", (int)name.n,
			    name.p);
	else if (w->next.count == 0)
		reader_fail(r, w->line, "the placeholder %%%.*s%% stands for no value", (int)name.n,
			    name.p);
	swap(w);
}

/* The length of "%name%" at `i`, 0 when none begins there. */
static size_t placeholder_at(struct str s, size_t i)
{
	if (s.p[i] != '%')
		return 0;
	const char *end = memchr(s.p + i + 1, '%', s.n - i - 1);
	size_t n = end ? (size_t)(end - s.p) - i + 1 : 0;

	return n > 2 ? n : 0;
}

bool placeholders_expand(struct reader *r, const struct yaml_node *value, bool regex,
			 struct alternatives *out)
{
	struct work w = {.r = r, .line = value->line, .regex = regex};
	struct str s = value->text;
	/* between placeholders, without the backslashes of plain percent signs */
	char *plain = arena_alloc(r->arena, s.n + 1);
	size_t length = 0;

	add(&w, &w.done, (struct str){NULL, 0}, (struct str){NULL, 0});
	for (size_t i = 0; i < s.n && !r->failed;) {
		size_t n = placeholder_at(s, i);
		bool escape = s.p[i] == '\\' && i + 1 < s.n;

		if (n) {
			literal(&w, (struct str){plain, length});
			length = 0;
			replace(&w, (struct str){s.p + i + 1, n - 2});
			i += n;
			continue;
		}
		/* another escaped character keeps its backslash for who reads the text */
		if (!escape || s.p[i + 1] != '%')
			plain[length++] = s.p[i];
		if (escape)
			plain[length++] = s.p[i + 1];
		i += escape ? 2 : 1;
	}
	literal(&w, (struct str){plain, length});
	*out = w.done;
	return !r->failed;
}
