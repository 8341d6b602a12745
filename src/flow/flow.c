#include "flow/flow.h"

/* Field by field into its place: a tuple that is copied right after it was written in parts waits for
 * the parts. */
void flow_ends(const struct flow *f, unsigned from, struct tuple *out)
{
	out->src = f->addr[from];
	out->dst = f->addr[!from];
	out->sport = f->port[from];
	out->dport = f->port[!from];
	out->proto = f->proto;
}

struct tuple flow_tuple(const struct flow *f)
{
	struct tuple k;

	flow_ends(f, flow_opener(f), &k);
	return k;
}
