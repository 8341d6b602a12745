/* Command line of egret: options in, one call out. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/paths.h"
#include "daemon/replay.h"
#include "daemon/size.h"

static const char usage[] =
	"usage: egret -r CAPTURE [-r CAPTURE ...] [options]\n"
	"       egret --explain NAME [options]\n"
	"\n"
	"Tells which host uploads how much to which cloud storage service.\n"
	"\n"
	"  -r, --read PATH        a capture file, a folder of them, or - for standard input\n"
	"                         (pcap, pcapng, also gzip or zstd compressed; repeatable: all are\n"
	"                         replayed together in order of time)\n"
	"  -f, --filter EXPR      only packets that match this pcap-filter(7) expression\n"
	"  -w, --records FILE     write every record as a line of JSON (- is standard output)\n"
	"  -j, --json             findings as lines of JSON instead of a table\n"
	"  -t, --threshold SIZE   bytes to a service that make a finding (e.g. 5M), for tiers A to C,\n"
	"                         or by tier: A=10M,B=100M,C=500M (the default; D=never)\n"
	"      --explain NAME     say which service a host name belongs to, and why\n"
	"  -d, --domains PATH     list file or folder of services (repeatable; replaces the default,\n"
	"                         " PKGDATADIR "/domains)\n"
	"      --cache DIR        where compiled lists are kept (--cache= for nowhere)\n"
	"  -q, --quiet            no summary\n"
	"  -V, --version          print the version\n"
	"  -h, --help             print this\n"
	"\n"
	"Exit status: 0, 1 when a capture was damaged or output was lost, 2 when nothing could be done.\n";

enum {
	OPT_EXPLAIN = 256,
	OPT_CACHE,
};

static const struct option options[] = {
	{"read", required_argument, NULL, 'r'},	     {"filter", required_argument, NULL, 'f'},
	{"records", required_argument, NULL, 'w'},   {"json", no_argument, NULL, 'j'},
	{"threshold", required_argument, NULL, 't'}, {"explain", required_argument, NULL, OPT_EXPLAIN},
	{"domains", required_argument, NULL, 'd'},   {"cache", required_argument, NULL, OPT_CACHE},
	{"quiet", no_argument, NULL, 'q'},	     {"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},	     {0},
};

static void append(const char ***list, size_t *count, const char *item)
{
	*list = mem_resize(*list, (*count + 1) * sizeof **list);
	(*list)[(*count)++] = item;
}

static int misuse(const char *text, const char *what)
{
	fprintf(stderr, "egret: %s%s\nTry 'egret --help'.\n", text, what);
	return EXIT_UNUSABLE;
}

/* What is to be done. */
struct command {
	struct replay_options o;
	const char *explain; /* NULL: replay */
	bool over; /* nothing more than `status` is left */
	int status;
};

static void end(struct command *c, int status)
{
	c->over = true;
	c->status = status;
}

static void take_option(struct command *c, int option, const char *value)
{
	struct replay_options *o = &c->o;

	switch (option) {
	case 'r':
		append(&o->paths, &o->path_count, value);
		break;
	case 'f':
		o->filter = value;
		break;
	case 'w':
		o->records = value;
		break;
	case 'j':
		o->json = true;
		break;
	case 't':
		if (!size_thresholds(value, o->threshold))
			end(c, misuse("no threshold: ", value));
		break;
	case OPT_EXPLAIN:
		c->explain = value;
		break;
	case 'd':
		append(&o->domains, &o->domain_count, value);
		break;
	case OPT_CACHE:
		o->cache_dir = *value ? value : NULL;
		break;
	case 'q':
		o->quiet = true;
		break;
	case 'V':
		puts("egret " PACKAGE_VERSION);
		end(c, EXIT_FINE);
		break;
	case 'h':
		fputs(usage, stdout);
		end(c, EXIT_FINE);
		break;
	default:
		end(c, misuse("see the usage", ""));
	}
}

int main(int argc, char **argv)
{
	char cache[PATH_MAX], domains[PATH_MAX];
	struct command c = {
		.o = {.threshold = SIZE_THRESHOLDS_DEFAULT, .cache_dir = paths_cache(cache)}};
	int option;

	while (!c.over && (option = getopt_long(argc, argv, "r:f:w:jt:d:qVh", options, NULL)) != -1)
		take_option(&c, option, optarg);
	for (; !c.over && optind < argc; optind++)
		append(&c.o.paths, &c.o.path_count, argv[optind]);
	if (!c.o.domain_count)
		append(&c.o.domains, &c.o.domain_count, paths_domains(domains));
	if (!c.over)
		c.status = c.explain	       ? replay_explain(&c.o, c.explain)
			   : c.o.path_count ? replay_run(&c.o)
					    : misuse("nothing to read: give -r CAPTURE", "");
	free(c.o.paths);
	free(c.o.domains);
	return c.status;
}
