#include <criterion/criterion.h>

#include "core/tuple.h"
#include "event/port_names.h"
#include "fixture.h"

static struct port_names *names_of(const char *text)
{
	char *folder = fixture_folder(), path[4200];

	fixture_write(folder, "services", text);
	snprintf(path, sizeof path, "%s/services", folder);
	struct port_names *p = port_names_new(path);
	fixture_remove(folder);
	return p;
}

static void expect(const struct port_names *p, uint8_t proto, uint16_t port, const char *name)
{
	struct str got = port_names_find(p, proto, port);

	cr_expect(str_eq(got, str_of(name)), "%u/%u is %.*s, not %s", port, proto, (int)got.n, got.p,
		  name);
}

Test(port_names, lines_of_services)
{
	struct port_names *p = names_of("# comment\n"
					"https\t\t443/tcp\t\t\t\t# http over TLS\n"
					"https 443/udp\n"
					"\n"
					"  domain   53/tcp dns\r\n"
					"domain 53/udp\n"
					"late 443/tcp\n"
					"high 65535/tcp#x\n"
					"zero 0/tcp\n"
					"last 9/udp");

	expect(p, PROTO_TCP, 443, "https"); /* the first of two */
	expect(p, PROTO_UDP, 443, "https");
	expect(p, PROTO_TCP, 53, "domain");
	expect(p, PROTO_UDP, 53, "domain");
	expect(p, PROTO_TCP, 65535, "high");
	expect(p, PROTO_TCP, 0, "zero");
	expect(p, PROTO_UDP, 9, "last");
	expect(p, PROTO_TCP, 9, "-");
	expect(p, PROTO_UDP, 65535, "-");
	expect(p, PROTO_SCTP, 443, "-");
	port_names_free(p);
}

Test(port_names, what_is_malformed_is_passed_over)
{
	struct port_names *p = names_of("a\nb x/tcp\nc 70000/tcp\nd 99999999999999999999/tcp\n"
					"e 1/\nf 2/sctp\ng 3\nh /tcp\ni 4/tcpx\n-5/tcp\nok 6/tcp\n\x80\xff 7/tcp\n");

	for (uint16_t port = 1; port < 6; port++)
		expect(p, PROTO_TCP, port, "-");
	expect(p, PROTO_TCP, 6, "ok");
	expect(p, PROTO_TCP, 7, "\x80\xff");
	expect(p, PROTO_TCP, 70000 & 0xffff, "-");
	port_names_free(p);
}

Test(port_names, without_a_file_there_are_none)
{
	struct port_names *p = port_names_new("/nonexistent/services");

	expect(p, PROTO_TCP, 443, "-");
	port_names_free(p);
	p = names_of("");
	expect(p, PROTO_TCP, 443, "-");
	port_names_free(p);
	port_names_free(NULL);
}
