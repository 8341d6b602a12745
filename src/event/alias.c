#include "event/alias.h"

#include "base/writer.h"

static const struct {
	unsigned group;
	struct str path, name;
	bool more;
} names[] = {
#define GROUP(name, bit)
#define NAME(group, path, name) {NAMES_##group, {path, sizeof(path) - 1}, {name, sizeof(name) - 1}, false},
#define MORE(group, path, name) {NAMES_##group, {path, sizeof(path) - 1}, {name, sizeof(name) - 1}, true},
#include "event/names.def"
#undef GROUP
#undef NAME
#undef MORE
};

struct out {
	const struct format *f;
	alias_take *take;
	void *context;
};

/* Names of the groups, and from ECS's on. */
static void translate(const struct out *o, unsigned groups, struct str path, enum alias_rank rank)
{
	bool on = o->f->hub && !(groups & NAMES_ECS);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!(names[i].group & groups) || !str_eq(names[i].path, path))
			continue;
		o->take(o->context, names[i].name, rank, names[i].more);
		if (on)
			translate(o, NAMES_ECS, names[i].name, ALIAS_HUB);
	}
}

/* What follows the container, which ends in a dot; a '*' in it stands for one key. Empty when the
 * path does not begin so. */
static struct str behind(const char *container, struct str path)
{
	size_t i = 0;

	for (; *container; container++) {
		if (*container == '*') {
			while (i < path.n && path.p[i] != '.')
				i++;
		} else if (i == path.n || path.p[i++] != *container) {
			return (struct str){NULL, 0};
		}
	}
	return (struct str){path.p + i, path.n - i};
}

/* Windows names some values with blanks ("Threat Name"), which rules write without. */
static void without_blanks(const struct out *o, struct str leaf)
{
	char text[JSON_PATH_MAX];
	struct writer w = wr_of(text, sizeof text);

	if (leaf.n == 0 || !memchr(leaf.p, ' ', leaf.n))
		return;
	for (size_t i = 0; i < leaf.n; i++)
		if (leaf.p[i] != ' ')
			wr_char(&w, leaf.p[i]);
	o->take(o->context, (struct str){text, wr_length(&w)}, ALIAS_TRANSLATED, false);
}

static void with_prefix(const struct out *o, struct str path)
{
	char text[2 * JSON_PATH_MAX];
	struct writer w = wr_of(text, sizeof text);

	if (!o->f->prefix)
		return;
	wr_text(&w, o->f->prefix);
	wr_str(&w, path);
	o->take(o->context, (struct str){text, wr_length(&w)}, ALIAS_TRANSLATED, false);
}

static struct str last_key(struct str path)
{
	const char *dot = path.n ? memrchr(path.p, '.', path.n) : NULL;

	return dot ? (struct str){dot + 1, path.n - (size_t)(dot + 1 - path.p)} : path;
}

void alias_names(const struct format *f, struct str path, alias_take *take, void *context)
{
	const struct out o = {f, take, context};
	bool leaves = false;

	take(context, path, ALIAS_OWN, false);
	translate(&o, f->names, path, ALIAS_TRANSLATED);
	for (unsigned i = 0; i < FORMAT_CONTAINERS && f->container[i] && !leaves; i++) {
		struct str leaf = behind(f->container[i], path);
		if (leaf.n == 0)
			continue;
		leaves = true;
		take(context, leaf, ALIAS_LEAF, false);
		translate(&o, f->names, leaf, ALIAS_TRANSLATED);
		if (f->names & NAMES_WINDOWS)
			without_blanks(&o, leaf);
	}
	if (f->names & NAMES_WINDOWS && !leaves)
		without_blanks(&o, path);
	with_prefix(&o, path);
	if (f->any_leaf && !leaves)
		take(context, last_key(path), ALIAS_LAST, false);
}
