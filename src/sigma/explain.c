/* Why a rule is true, possible or false for an event, condition by condition. */
#include "base/utf8.h"
#include "base/writer.h"
#include "sigma/engine_part.h"

#define VALUE_SHOWN  80 /* bytes */
#define VALUES_SHOWN 8

/* No control character of a rule or an event reaches a terminal. */
static void print_escaped(struct str s, FILE *out)
{
	char text[4 * VALUE_SHOWN];

	for (size_t n; s.n; s.p += n, s.n -= n) {
		struct writer w = wr_of(text, sizeof text);
		n = s.n < VALUE_SHOWN ? s.n : VALUE_SHOWN;
		wr_escaped(&w, (struct str){s.p, n});
		fwrite(text, 1, wr_length(&w), out);
	}
}

static void print_label(const char *label, FILE *out)
{
	struct str s = str_of(label);
	uint32_t c;

	for (size_t n; s.n; s.p += n, s.n -= n) {
		n = utf8_read(s.p, s.n, &c);
		if (n > 0 && c >= 0x20 && !(c >= 0x7f && c < 0xa0)) {
			fwrite(s.p, 1, n, out);
			continue;
		}
		n = n ? n : 1;
		print_escaped((struct str){s.p, n}, out);
	}
}

static void print_value(const struct event_value *v, FILE *out)
{
	if (v->kind == VALUE_NULL) {
		fputs("null", out);
		return;
	}
	fputc('\'', out);
	print_escaped((struct str){v->text.p, v->text.n < VALUE_SHOWN ? v->text.n : VALUE_SHOWN},
		      out);
	fputs(v->text.n > VALUE_SHOWN ? "...'" : "'", out);
}

static void print_field(struct sigma_engine *s, uint32_t field, FILE *out)
{
	const struct event *e = s->judge.event;
	unsigned count = 0;

	if (event_unknown(e, field)) {
		fputs("  (not known here)", out);
		return;
	}
	for (uint32_t i = 0; i < e->count; i++) {
		if (e->values[i].field != field)
			continue;
		if (count++ == VALUES_SHOWN) {
			fputs(", ...", out);
			return;
		}
		fputs(count == 1 ? "  (" : ", ", out);
		print_value(&e->values[i], out);
	}
	fputs(count ? ")" : "  (absent)", out);
}

struct hunt {
	uint32_t leaf;
	bool found;
};

static void on_found(void *context, uint32_t leaf)
{
	struct hunt *h = context;

	h->found |= leaf == h->leaf;
}

/* In which values a keyword was found. */
static void print_keyword(struct sigma_engine *s, uint32_t leaf, FILE *out)
{
	const struct event *e = s->judge.event;
	struct scanner *scanner = s->plan.scanner[s->plan.field_count];
	unsigned count = 0;

	for (uint32_t i = 0; i < e->count && count < VALUES_SHOWN; i++) {
		struct hunt h = {.leaf = leaf};
		scanner_run(scanner, &e->values[i], on_found, &h);
		if (!h.found)
			continue;
		fputs(count++ ? ", " : "  (in ", out);
		print_value(&e->values[i], out);
	}
	if (count)
		fputc(')', out);
}

static void print_node(struct sigma_engine *s, const struct plan_rule *r, uint32_t at, int depth,
		       FILE *out)
{
	static const char *const truths[] = {
		[TRUTH_NO] = "false", [TRUTH_POSSIBLE] = "possible", [TRUTH_YES] = "true"};
	static const char *const kinds[] = {
		[NODE_AND] = "and", [NODE_OR] = "or", [NODE_NOT] = "not"};
	const struct plan_node *n = &r->node[at];

	fprintf(out, "  %-8s  %*s", truths[judge_node(&s->judge, r, at)], depth * 2, "");
	if (n->from->label)
		print_label(n->from->label, out);
	if (n->kind != NODE_LEAF) {
		fprintf(out, n->from->label ? " (%s)" : "%s", kinds[n->kind]);
	} else {
		const struct plan_leaf *l = &s->plan.leaf[n->leaf];
		if (l->field == FIELD_NONE)
			print_keyword(s, n->leaf, out);
		else
			print_field(s, l->field, out);
		if (l->other != FIELD_NONE)
			print_field(s, l->other, out);
	}
	fputc('\n', out);
	for (uint32_t i = at + 1; i < n->end; i = r->node[i].end)
		print_node(s, r, i, depth + 1, out);
}

void sigma_engine_explain(struct sigma_engine *s, const struct event *e, size_t rule, FILE *out)
{
	const struct plan_rule *r = &s->plan.rule[rule];

	if (r->count == 0) {
		fputs("  the rule was not compiled\n", out);
		return;
	}
	judge_begin(&s->judge, e);
	print_node(s, r, 0, 0, out);
}
