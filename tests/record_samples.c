/* Prints records of every kind as lines, for the checks against the schema: full, minimal, random
 * and oversized ones. With a number: that many random records of each kind. With "bench": times
 * the writing of a typical record of each kind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/record_json.h"
#include "unit/samples.h"

static struct record_json state;
static char line[RECORD_JSON_MAX];

static void print(const struct record *r)
{
	fwrite(line, 1, record_json(&state, r, line, sizeof line), stdout);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void bench(struct sample *s)
{
	enum { TURNS = 300000 };
	char id[COMMUNITY_ID_MAX];

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		size_t n = 0;
		sample_full(s, k);
		if (k == RECORD_DNS)
			s->r.dns.answers_kept = 2; /* a CNAME and its address */
		double began = seconds();
		for (int i = 0; i < TURNS; i++) {
			s->r.time += 1000000;
			n += record_json(&state, &s->r, line, sizeof line);
		}
		printf("%-5s %6.0f ns, %zu bytes\n", record_kind_name(k),
		       (seconds() - began) / TURNS * 1e9, n / TURNS);
	}
	double began = seconds();
	for (int i = 0; i < TURNS; i++) {
		s->r.tuple.sport++;
		tuple_community_id(&s->r.tuple, id);
	}
	printf("of it the Community ID %6.0f ns\n", (seconds() - began) / TURNS * 1e9);
}

int main(int argc, char **argv)
{
	struct sample *s = sample_new();
	uint64_t randoms = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000;
	static const uint8_t bytes[] = {'a', '\\', '"', '\n', 0x9b, 0xff, 0xc3};

	if (argc > 1 && strcmp(argv[1], "bench") == 0) {
		bench(s);
		sample_free(s);
		return 0;
	}
	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		sample_full(s, k);
		print(&s->r);
		sample_minimal(s, k);
		print(&s->r);
		for (size_t i = 0; i < sizeof bytes; i++) {
			sample_huge(s, k, bytes[i]);
			print(&s->r);
		}
		for (uint64_t i = 0; i < randoms; i++) {
			sample_random(s, k, i * RECORD_KINDS + k);
			print(&s->r);
		}
	}
	sample_free(s);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
