#include "daemon/config_value.h"

#include <string.h>

#include "capture/filter.h"
#include "core/hostname.h"
#include "core/networks.h"
#include "daemon/metrics.h"
#include "output/outlet.h"
#include "volume/tenants.h"

static int expression(const char *text, struct error *e)
{
	return *text ? filter_known(text, e) : 0;
}

static int network(const char *text, struct error *e)
{
	struct networks n;

	networks_init(&n);
	int failed = networks_add(&n, str_of(text), e);
	networks_fini(&n);
	return failed;
}

static int service(const char *text, struct error *e)
{
	size_t n = strlen(text);

	return n && n <= HOSTNAME_MAX ? 0 : error_set(e, "a service needs a name");
}

static int tenant(const char *text, struct error *e)
{
	return tenants_is_text(str_of(text))
		       ? 0
		       : error_set(e, "'%.100s' is no tenant: it is KIND:NAME or a name", text);
}

static int listener(const char *text, struct error *e)
{
	return *text ? metrics_address(text, e) : 0;
}

static int syslog_server(const char *text, struct error *e)
{
	return *text ? outlet_syslog_target(text, e) : 0;
}

int config_value(const char *key, const char *text, struct error *e)
{
	static const struct {
		const char *key;
		int (*check)(const char *text, struct error *e);
	} checks[] = {
		{"filter", expression},
		{"home-networks", network},
		{"allow.clients", network},
		{"allow.servers", network},
		{"allow.services", service},
		{"allow.tenants", tenant},
		{"own-tenants", tenant},
		{"metrics.listen", listener},
		{"findings.syslog", syslog_server},
		{"records.syslog", syslog_server},
	};

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (strcmp(checks[i].key, key) == 0)
			return checks[i].check(text, e);
	return 0;
}
