/* Command line of egret: options in, one call out. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/check.h"
#include "daemon/feed.h"
#include "daemon/replay.h"
#include "daemon/serve.h"
#include "daemon/size.h"

static const char usage[] =
	"usage: egret -r CAPTURE [-r CAPTURE ...] [options]\n"
	"       egret -e EVENTS [-e EVENTS ...] [options]\n"
	"       egret -i INTERFACE [-i INTERFACE ...] [options]\n"
	"       egret --check [options]\n"
	"       egret --explain NAME|LINE [options]\n"
	"\n"
	"Tells which host uploads how much to which cloud storage service.\n"
	"\n"
	"  -r, --read PATH        a capture file, a folder of them, or - for standard input\n"
	"                         (pcap, pcapng, also gzip or zstd compressed; repeatable: all "
	"are\n"
	"                         replayed together in order of time)\n"
	"  -e, --events FILE      lines of JSON instead of packets, - for standard input "
	"(repeatable):\n"
	"                         our own records, or events as Winlogbeat, evtx_dump, Sysmon, "
	"Zeek,\n"
	"                         Suricata, CloudTrail and others write them\n"
	"      --as SOURCE        log source of event lines that do not show theirs, as\n"
	"                         CATEGORY[/PRODUCT[/SERVICE]] (e.g. dns_query/windows)\n"
	"  -i, --interface NAME   capture on an interface until stopped (repeatable; or interfaces: "
	"in\n"
	"                         the configuration)\n"
	"      --workers N        threads that read packets\n"
	"  -f, --filter EXPR      only packets that match this pcap-filter(7) expression\n"
	"  -w, --records FILE     write every record as a line of JSON (- is standard output)\n"
	"      --format FORMAT    of these lines: ecs (the default), or sysmon: events 3 and 22 "
	"of\n"
	"                         Sysmon and 3008 of DNS-Client, as evtx_dump writes them\n"
	"  -j, --json             findings as lines of JSON instead of a table\n"
	"      --each             one finding for each match of a rule, at once; implies --json\n"
	"      --strict           a match that hangs on what the wire cannot show is none\n"
	"  -t, --threshold SIZE   bytes to a service that make a finding (e.g. 5M), for tiers A to "
	"C,\n"
	"                         or by tier: A=10M,B=100M,C=500M (the default; D=never)\n"
	"      --check            load lists and rules, and say of each rule whether the wire "
	"decides\n"
	"                         it; the exit status says whether something is wrong\n"
	"      --explain WHAT     a host name: which service it belongs to, and why; a line of "
	"JSON (a\n"
	"                         record or an event): why rules do or do not match it\n"
	"  -R, --rules PATH       Sigma rule file or folder (repeatable; replaces the default,\n"
	"                         " PKGDATADIR "/rules; --rules= for none)\n"
	"  -d, --domains PATH     list file or folder of services (repeatable; replaces the "
	"default,\n"
	"                         " PKGDATADIR "/domains)\n"
	"      --cache DIR        where compiled lists and rules are kept (--cache= for nowhere)\n"
	"  -c, --config FILE      configuration; the command line wins over it\n"
	"      --dump-config      print every key of the configuration, its value and its meaning\n"
	"  -q, --quiet            no summary; with --check, only what is wrong\n"
	"  -V, --version          print the version\n"
	"  -h, --help             print this\n"
	"\n"
	"Exit status: 0, 1 when a capture was damaged, a line or a rule was not understood or "
	"output was\n"
	"lost, 2 when nothing could be done.\n";

enum {
	OPT_EXPLAIN = 256,
	OPT_CACHE,
	OPT_AS,
	OPT_FORMAT,
	OPT_EACH,
	OPT_STRICT,
	OPT_CHECK,
	OPT_DUMP,
	OPT_WORKERS,
};

static const struct option options[] = {
	{"interface", required_argument, NULL, 'i'},
	{"workers", required_argument, NULL, OPT_WORKERS},
	{"read", required_argument, NULL, 'r'},
	{"events", required_argument, NULL, 'e'},
	{"as", required_argument, NULL, OPT_AS},
	{"filter", required_argument, NULL, 'f'},
	{"records", required_argument, NULL, 'w'},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"json", no_argument, NULL, 'j'},
	{"each", no_argument, NULL, OPT_EACH},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"threshold", required_argument, NULL, 't'},
	{"config", required_argument, NULL, 'c'},
	{"dump-config", no_argument, NULL, OPT_DUMP},
	{"check", no_argument, NULL, OPT_CHECK},
	{"explain", required_argument, NULL, OPT_EXPLAIN},
	{"rules", required_argument, NULL, 'R'},
	{"domains", required_argument, NULL, 'd'},
	{"cache", required_argument, NULL, OPT_CACHE},
	{"quiet", no_argument, NULL, 'q'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void append(struct path_list *list, const char *item)
{
	list->path = mem_resize(list->path, (list->count + 1) * sizeof *list->path);
	list->path[list->count++] = item;
}

static int misuse(const char *text, const char *what)
{
	fprintf(stderr, "egret: %s%s\nTry 'egret --help'.\n", text, what);
	return EXIT_UNUSABLE;
}

/* What is to be done. */
struct command {
	struct options o;
	const char *explain; /* NULL: nothing to explain */
	bool check;
	bool dump;
	char *as;  /* what o.as points into */
	bool over; /* nothing more than `status` is left */
	int status;
};

static void end(struct command *c, int status)
{
	c->over = true;
	c->status = status;
}

/* CATEGORY/PRODUCT/SERVICE, of which any may be empty. */
static void take_as(struct command *c, const char *value)
{
	const char **part[] = {&c->o.as.category, &c->o.as.product, &c->o.as.service};
	char *p;

	free(c->as);
	c->as = p = mem_strndup(value, strlen(value));
	for (size_t i = 0; i < 3; i++)
		*part[i] = NULL;
	for (size_t i = 0; p; i++) {
		char *slash = strchr(p, '/');
		if (i == 3) {
			end(c, misuse("no log source: ", value));
			return;
		}
		if (slash)
			*slash++ = '\0';
		if (*p)
			*part[i] = p;
		p = slash;
	}
}

static void take_format(struct command *c, const char *value)
{
	if (strcmp(value, "sysmon") == 0)
		c->o.format = FORMAT_SYSMON;
	else if (strcmp(value, "ecs") == 0)
		c->o.format = FORMAT_ECS;
	else
		end(c, misuse("no format: ", value));
}

static void take_workers(struct command *c, const char *value)
{
	char *rest;
	unsigned long n = strtoul(value, &rest, 10);

	if (*value < '1' || *value > '9' || *rest || n > 64)
		end(c, misuse("workers are 1 to 64, not ", value));
	c->o.workers = (unsigned)n;
}

static void take_flag(struct command *c, int option)
{
	switch (option) {
	case 'j':
		c->o.json = true;
		break;
	case OPT_EACH:
		c->o.each = true;
		break;
	case OPT_STRICT:
		c->o.strict = true;
		break;
	case OPT_CHECK:
		c->check = true;
		break;
	case OPT_DUMP:
		c->dump = true;
		break;
	case 'q':
		c->o.quiet = true;
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
		/* what is wrong was told by getopt_long */
		fputs("Try 'egret --help'.\n", stderr);
		end(c, EXIT_UNUSABLE);
	}
}

static void take_option(struct command *c, int option, const char *value)
{
	struct options *o = &c->o;

	switch (option) {
	case 'i':
		append(&o->interfaces, value);
		break;
	case OPT_WORKERS:
		take_workers(c, value);
		break;
	case 'r':
		append(&o->captures, value);
		break;
	case 'e':
		append(&o->events, value);
		break;
	case OPT_AS:
		take_as(c, value);
		break;
	case 'f':
		o->filter = value;
		break;
	case 'w':
		o->records = value;
		break;
	case OPT_FORMAT:
		take_format(c, value);
		break;
	case 't':
		o->thresholds = value;
		if (!size_thresholds(value, (uint64_t[4]){0}))
			end(c, misuse("no threshold: ", value));
		break;
	case OPT_EXPLAIN:
		c->explain = value;
		break;
	case 'R':
		if (*value)
			append(&o->rules, value);
		else
			o->rules.none = true;
		break;
	case 'd':
		append(&o->domains, value);
		break;
	case OPT_CACHE:
		o->cache = value;
		break;
	case 'c':
		o->config = value;
		break;
	default:
		take_flag(c, option);
	}
}

static int run(const struct command *c)
{
	const struct options *o = &c->o;

	if (c->explain)
		return check_explain(o, c->explain);
	if (c->dump)
		return check_dump(o);
	if (c->check)
		return check_run(o);
	if ((o->captures.count != 0) + (o->events.count != 0) + (o->interfaces.count != 0) > 1)
		return misuse("either interfaces, captures or events", "");
	if (o->events.count)
		return feed_run(o);
	if (o->captures.count)
		return replay_run(o);
	if (serve_wanted(o))
		return serve_run(o);
	return misuse("nothing to read: give -r CAPTURE, -e EVENTS, -i INTERFACE or -c CONFIG", "");
}

int main(int argc, char **argv)
{
	struct command c = {0};
	int option;

	while (!c.over &&
	       (option = getopt_long(argc, argv, "i:r:e:f:w:jt:R:d:c:qVh", options, NULL)) != -1)
		take_option(&c, option, optarg);
	for (; !c.over && optind < argc; optind++)
		append(&c.o.captures, argv[optind]);
	if (!c.over)
		c.status = run(&c);
	free(c.o.interfaces.path);
	free(c.o.captures.path);
	free(c.o.events.path);
	free(c.o.domains.path);
	free(c.o.rules.path);
	free(c.as);
	return c.status;
}
