/* Services and rules for the targets that run the whole analyst: one of each way in which a rule can
 * hang on a record or a line. Small, since they are compiled at every start. */
#ifndef EGRET_TESTS_FUZZ_OFFICE_H
#define EGRET_TESTS_FUZZ_OFFICE_H

#include "../unit/services.h"
#include "core/limits.h"
#include "detect/analyst.h"
#include "kit.h"

/* Keywords look into every fact that a log of this source holds. */
#define EVERY(name, source)                                                                        \
	"title: Every " name "\nlogsource: " source                                                \
	"\ndetection:\n  k: ['*needle*', 'sharepoint']\n  condition: k\n---\n"

static const char office_every[] =
	EVERY("dns_query", "{category: dns_query}")
	EVERY("client", "{service: dns-client}")
	EVERY("dns", "{category: dns}")
	EVERY("netdns", "{category: network, product: egret, service: dns}")
	EVERY("zdns", "{product: zeek, service: dns}")
	EVERY("conn", "{category: network_connection}")
	EVERY("fw", "{category: firewall}")
	EVERY("netconn", "{category: network, product: egret, service: connection}")
	EVERY("flow", "{category: network, product: egret, service: flow}")
	EVERY("zconn", "{product: zeek, service: conn}")
	EVERY("proxy", "{category: proxy}")
	EVERY("web", "{category: webserver}")
	EVERY("zhttp", "{product: zeek, service: http}")
	EVERY("zssl", "{product: zeek, service: ssl}")
	EVERY("zx509", "{product: zeek, service: x509}");

static const char office_rules[] =
	"title: Asked\nid: asked\nlevel: high\ntags: [attack.t1567.002]\n"
	"logsource: {category: dns_query, product: windows}\n"
	"detection:\n  s: {QueryName|endswith: .drop.example}\n  f: {Image|endswith: '\\backup.exe'}\n"
	"  condition: s and not f\n---\n"
	"title: List\nname: list\nlogsource: {category: dns}\n"
	"detection:\n  s: {query|expand: '%service:Drop%'}\n  t: {answer|cidr: 203.0.113.0/24}\n"
	"  condition: 1 of them\n---\n"
	"title: Connects\nname: connects\nlevel: low\nlogsource: {category: network_connection, product: windows}\n"
	"detection:\n  s: {Initiated: 'true', DestinationPort: [443, 1080]}\n"
	"  t: {DestinationHostname|contains: example}\n  condition: s and t\n---\n"
	"title: Sends\nname: sends\nlogsource: {category: network, service: flow}\n"
	"detection:\n  s: {egret.delta.upload|gte: 1000}\n  condition: s\n---\n"
	"title: Proxy\nname: proxy\nlogsource: {category: proxy}\n"
	"detection:\n  s: {c-useragent|re: '(?i)^rclone/v[0-9.]+$'}\n  t: {cs-method: [PUT, POST]}\n"
	"  u: {cs-host|expand: '%tier:B%'}\n  condition: s or (t and u)\n---\n"
	"title: Zeek\nlogsource: {product: zeek, service: conn}\n"
	"detection:\n  s: {orig_bytes|gt: 100, id.resp_p: 443}\n  condition: s\n---\n"
	"title: Ssl\nlogsource: {product: zeek, service: ssl}\n"
	"detection:\n  s: {server_name|fieldref|endswith: subject}\n  t: {server_name: null}\n  condition: s or t\n---\n"
	"title: Process\nname: process\nlogsource: {category: process_creation, product: windows}\n"
	"detection:\n  s: {CommandLine|windash|contains: ' -copy ', Image|endswith: '\\rclone.exe'}\n"
	"  t: {CommandLine|base64offset|contains: 'http://'}\n  condition: s or t\n---\n"
	"title: Words\nlogsource: {product: windows, service: powershell}\n"
	"detection:\n  k: [Invoke-WebRequest, 'mega*nz']\n  condition: k\n---\n"
	"title: Cloud\nname: cloud\nlogsource: {product: aws, service: cloudtrail}\n"
	"detection:\n  s: {eventSource: s3.amazonaws.com, eventName|startswith: Put}\n"
	"  t: {requestParameters.bucketName|exists: true}\n  condition: s and t\n---\n"
	"title: Web\nlogsource: {category: webserver}\n"
	"detection:\n  s: {cs-uri-query|contains|all: [up, load]}\n  condition: s\n---\n"
	"title: Hour\nlogsource: {category: firewall}\n"
	"detection:\n  s: {dst_port|lt: 1024}\n  t: {dst_ip|cidr: '2001:db8::/32'}\n  condition: s and not t\n---\n"
	"title: Many\ncorrelation: {type: event_count, rules: [connects], group-by: [SourceIp],"
	" timespan: 1m, condition: {gte: 2}}\n---\n"
	"title: Sum\ncorrelation: {type: value_sum, rules: [sends], group-by: [source.ip],"
	" timespan: 1h, condition: {gt: 5000, field: egret.delta.upload}}\n---\n"
	"title: Names\ncorrelation: {type: value_count, rules: [list], group-by: [c-ip],"
	" timespan: 1h, condition: {gte: 2, field: query}}\n---\n"
	"title: Order\ncorrelation: {type: temporal_ordered, rules: [process, connects], group-by: [Computer],"
	" timespan: 5m}\n---\n"
	"title: Chain\nname: chain\ncorrelation: {type: temporal, rules: [asked, cloud, proxy], timespan: 1d,"
	" generate: true}\n";

struct office {
	struct domain_set *set;
	struct ruleset *rules;
	struct detector_settings detectors;
};

static inline void office_problem(void *context, const char *file, unsigned line, const char *rule,
				  const char *text)
{
	(void)context;
	(void)file;
	fprintf(stderr, "line %u: %s: %s\n", line, rule ? rule : "", text);
	abort();
}

/* Made once. `every`: with rules for which every fact of a record has to be made; else only those are
 * that some rule hangs on. */
static inline struct office *office(bool every)
{
	static struct office both[2];
	struct office *o = &both[every];
	const char *paths[2];
	struct error e;

	if (o->set)
		return o;
	char *folder = fixture_folder();
	char name[2][4096];
	fixture_write(folder, "rules.yml", office_rules);
	fixture_write(folder, "every.yml", office_every);
	for (int i = 0; i < 2; i++) {
		snprintf(name[i], sizeof name[i], "%s/%s.yml", folder, i ? "every" : "rules");
		paths[i] = name[i];
	}
	o->set = services_new();
	o->rules = ruleset_new(&(struct ruleset_options){.paths = paths,
							 .path_count = every ? 2 : 1,
							 .services = o->set,
							 .problem = office_problem},
			       &e);
	require(o->rules, "the rules can be read");
	fixture_remove(folder);
	settings_default(&o->detectors);
	o->detectors.most_clients = 8;
	o->detectors.most_accounts = 16;
	o->detectors.most_windows = 8;
	o->detectors.most_labels = 16;
	o->detectors.most_tenants = 4;
	/* amounts that short inputs reach */
	o->detectors.learn_days = 1;
	o->detectors.new_service_up = o->detectors.burst_a = o->detectors.burst_b = 100;
	o->detectors.burst_c = o->detectors.unnamed_up = o->detectors.tenant_up = 1000;
	o->detectors.own_max_floor = o->detectors.robust_floor = o->detectors.cusum_floor = 1000;
	o->detectors.fanout_up = o->detectors.fanout_each = o->detectors.hoard_floor = 100;
	o->detectors.population_clients = 2;
	return o;
}

/* For amounts that short inputs reach. */
static inline struct analyst_options office_options(bool every)
{
	struct office *o = office(every);

	return (struct analyst_options){.set = o->set,
					.rules = o->rules,
					.detectors = &o->detectors,
					.threshold = {1, 1000, 100000, UINT64_MAX},
					.hosts = true};
}

#endif
