#include "flow/flow.h"

struct tuple flow_tuple(const struct flow *f)
{
	unsigned o = flow_opener(f);

	return (struct tuple){.src = f->addr[o],
			      .dst = f->addr[!o],
			      .sport = f->port[o],
			      .dport = f->port[!o],
			      .proto = f->proto};
}
