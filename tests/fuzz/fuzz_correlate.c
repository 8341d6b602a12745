/* Bytes as correlations and a stream of matches. Short streams are held against brute force after
 * every match; or, with conditions that more matches cannot undo, must be true of the same in the
 * opposite order. Long ones run within tight bounds. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/correlate_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RULES	  3
#define SHORT_MAX 20
#define ITEMS	  12
#define GROUPS	  3
#define LANES	  2 /* a match can be held twice */

struct input {
	const uint8_t *p, *end;
};

static uint32_t next(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static uint32_t below(void *context, uint32_t n)
{
	return next(context) % n;
}

static bool more(const struct input *in)
{
	return in->p < in->end;
}

/* Three bytes a match; times step forward and back, and jump. */
static struct play next_play(struct input *in, uint64_t *time, uint64_t number)
{
	uint32_t what = next(in), step = next(in), fields = next(in);
	struct play p = {.rule = what % RULES, .line = number + 1, .token = number};

	p.possible = (what & 0x30) == 0x30;
	p.same = number && (what & 0xc0) == 0xc0;
	switch (step >> 6) {
	case 0:
		*time += step & 7;
		break;
	case 1:
		*time -= step & 7;
		break;
	case 2:
		*time = 5000 + (step & 31);
		break;
	default:
		*time = (step & 3) == 3 ? UINT64_MAX
					: 1000 + (step & 3) * 1000000 + (step >> 2 & 15);
	}
	if (*time == 0)
		*time = 1;
	p.time = *time;
	p.field[PLAY_G0] = (fields & 3) == 3 ? -1 : (int)(fields & 1);
	p.field[PLAY_G1] = (fields >> 2 & 3) == 3 ? -1 : (int)(fields >> 2 & 1);
	p.field[PLAY_V] = (fields >> 4) == 15 ? -1 : (int)(fields >> 4);
	return p;
}

struct set {
	struct made made;
	bool cut; /* save and load after every match */
	struct fields *fields;
	struct play_hits real, model;
};

static struct correlator *start(struct set *s)
{
	return correlator_new(&s->made.rules, s->fields, play_found, &s->real);
}

/* One that was told the same, after a restart or a reload. */
static struct correlator *again(struct set *s, struct correlator *old, bool adopt,
				void (*bound)(struct correlator *c))
{
	struct correlator *c = start(s);
	struct bytes b;
	struct error e;

	if (bound)
		bound(c);
	bytes_init(&b, 1 << 24);
	correlator_save(old, &b);
	struct cursor in = cur_of(b.p, b.n);
	if (adopt)
		correlator_adopt(c, old);
	else if (correlator_load(c, &in, &e) || in.bad || cur_left(&in))
		abort();
	correlator_free(old);
	bytes_fini(&b);
	return c;
}

static void compare(struct set *s, const struct play p[], unsigned n)
{
	struct correlator *c = start(s);
	struct model *m = model_new(&s->made.rules);

	for (unsigned i = 0; i < n; i++) {
		play_hits_clear(&s->real);
		play_hits_clear(&s->model);
		play_take(c, s->fields, &p[i]);
		model_take(m, &p[i], &s->model);
		if (!play_hits_equal(&s->real, &s->model))
			abort();
		if (s->cut)
			c = again(s, c, i & 1, NULL);
	}
	model_free(m);
	correlator_free(c);
}

/* The tokens of certain hits, one bit each. */
static void truth(struct set *s, const struct play p[], unsigned n, bool back, uint64_t out[])
{
	struct correlator *c = start(s);

	play_hits_clear(&s->real);
	for (unsigned i = 0; i < n; i++) {
		struct play x = p[back ? n - 1 - i : i];
		x.same = false;
		play_take(c, s->fields, &x);
	}
	for (size_t i = 0; i < s->real.count; i++)
		if (!s->real.hit[i].possible)
			out[s->real.hit[i].correlation] |= UINT64_C(1) << s->real.hit[i].token;
	correlator_free(c);
}

static void turn_around(struct set *s, const struct play p[], unsigned n)
{
	uint64_t forth[16] = {0}, back[16] = {0};

	truth(s, p, n, false, forth);
	truth(s, p, n, true, back);
	for (size_t i = 0; i < s->made.rules.correlation_count; i++)
		if (forth[i] != back[i])
			abort();
}

static void tight(struct correlator *c)
{
	correlator_bound(c, ITEMS, GROUPS, 4);
}

static void crowd(struct set *s, struct input in)
{
	struct correlator *c = start(s);
	uint64_t time = 1000, number = 0;

	tight(c);
	while (more(&in)) {
		struct play p = next_play(&in, &time, number++);
		play_hits_clear(&s->real);
		play_take(c, s->fields, &p);
		struct correlator_stats x = correlator_stats(c);
		if (x.items > (ITEMS + LANES) * s->made.rules.correlation_count ||
		    x.groups > GROUPS * s->made.rules.correlation_count)
			abort();
		if (s->cut && number % 4 == 0)
			c = again(s, c, number & 4, tight);
	}
	correlator_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in = {data, data + n};
	struct play p[SHORT_MAX];
	struct set s = {.fields = fields_new()};
	uint64_t time = 1000;
	unsigned count = 0;
	uint32_t how = next(&in);
	bool monotone = how & 1;

	s.cut = how & 0x80;

	for (int i = 0; i < PLAY_FIELDS; i++)
		fields_add(s.fields, str_of(play_name[i]));
	made_init(&s.made, RULES, 1 + (how >> 1) % 4, monotone, below, &in);
	if ((how >> 3) % 3 == 0)
		crowd(&s, in);
	while (more(&in) && count < SHORT_MAX) {
		p[count] = next_play(&in, &time, count);
		/* the real one keeps its times below a fourth of all */
		if (p[count].time > UINT64_MAX / 4)
			p[count].time = time = UINT64_MAX / 4;
		count++;
	}
	if ((how >> 3) % 3 == 1)
		compare(&s, p, count);
	else if (monotone)
		turn_around(&s, p, count);
	made_fini(&s.made);
	fields_free(s.fields);
	play_hits_free(&s.real);
	play_hits_free(&s.model);
	return 0;
}
