#include "sensor/emit.h"

#include "flow/count.h"

struct record emit_start(const struct sensor *s, const struct flow *f, enum record_kind kind)
{
	return (struct record){.kind = kind,
			       .time = s->now,
			       .start = f->start,
			       .end = flow_clock_ns(&s->table, f->last),
			       .tuple = flow_tuple(f),
			       .flow_id = f->id,
			       .encap = f->encap,
			       .vlan = f->vlan};
}

void emit(struct sensor *s, const struct record *r)
{
	switch (r->kind) {
	case RECORD_DNS:
		s->stats->records_dns++;
		break;
	case RECORD_TLS:
		s->stats->records_tls++;
		break;
	case RECORD_QUIC:
		s->stats->records_quic++;
		break;
	case RECORD_HTTP:
		s->stats->records_http++;
		break;
	case RECORD_CONN:
		s->stats->records_conn++;
		break;
	default:
		s->stats->records_flow++;
	}
	s->sink.take(s->sink.context, r);
}

static void emit_flow(struct sensor *s, struct flow *f, enum record_kind kind, enum flow_end end)
{
	struct record r = emit_start(s, f, kind);
	unsigned o = flow_opener(f);
	struct record_flow *x = &r.flow;

	if (r.end < r.start)
		r.end = r.start;
	x->sequence = f->sequence;
	x->end = end;
	x->opener = f->opener;
	x->app = f->app;
	x->name = intern_text(&s->names, f->name);
	x->name_source = f->name_source;
	x->name_missing = f->name_missing;
	if (!f->name && !f->name_missing)
		x->name_missing = f->flags & FLOW_CUT	      ? MISSING_CUT
				  : f->flags & FLOW_MIDSTREAM ? MISSING_MIDSTREAM
							      : MISSING_PROTOCOL;
	x->hides = f->hides;
	x->evades = f->evades & EVADES_ALL;
	x->up = count_of(&s->table, f, o);
	x->down = count_of(&s->table, f, !o);
	x->delta_up = x->up.bytes > f->reported[o] ? x->up.bytes - f->reported[o] : 0;
	x->delta_down = x->down.bytes > f->reported[!o] ? x->down.bytes - f->reported[!o] : 0;
	x->one_sided = !(f->rest[0].flags & f->rest[1].flags & SIDE_SEEN);
	emit(s, &r);
	flow_reported(&s->table, f);
}

/* The dns records tell all there is to an exchange of DNS datagrams. */
static bool worth_telling(const struct flow *f)
{
	return f->flags & FLOW_ESTABLISHED &&
	       !(f->proto == PROTO_UDP && f->app == APP_DNS && !f->mixed);
}

void emit_open(struct sensor *s, struct flow *f)
{
	if (f->flags & FLOW_OPENED || !worth_telling(f))
		return;
	f->flags |= FLOW_OPENED;
	emit_flow(s, f, RECORD_CONN, END_NOT);
}

void emit_update(struct sensor *s, struct flow *f)
{
	if (!worth_telling(f)) {
		flow_reported(&s->table, f);
		return;
	}
	if (!(f->flags & FLOW_OPENED))
		emit_open(s, f);
	else if (!s->sink.has_room || s->sink.has_room(s->sink.context))
		emit_flow(s, f, RECORD_FLOW, END_NOT);
}

void emit_end(struct sensor *s, struct flow *f, enum flow_end why)
{
	if (!worth_telling(f))
		return;
	if (!(f->rest[0].flags & f->rest[1].flags & SIDE_SEEN))
		s->stats->flows_one_sided++;
	emit_open(s, f);
	emit_flow(s, f, RECORD_CONN, why);
	struct byte_count a = count_of(&s->table, f, 0), b = count_of(&s->table, f, 1);
	s->stats->bytes_missed += a.missed + b.missed;
}

void emit_name(struct sensor *s, struct flow *f, struct str name, enum name_source source)
{
	if (name.n == 0)
		return;
	if (f->name) {
		if (source > f->name_source)
			return;
		if (str_eq(intern_text(&s->names, f->name), name)) {
			f->name_source = source & 15;
			return;
		}
		if (source == f->name_source)
			emit_update(s, f);
		intern_put(&s->names, f->name);
	}
	f->name = intern_get(&s->names, name);
	s->stats->names_refused += !f->name;
	f->name_source = f->name ? source & 15 : NAME_NONE;
	f->name_missing = f->name ? MISSING_NOT : MISSING_BUDGET;
	if (f->flags & FLOW_OPENED && f->name_source != NAME_CERT)
		emit_update(s, f);
	else
		emit_open(s, f);
}

void emit_second_name(struct sensor *s, struct flow *f)
{
	s->stats->second_names += !(f->evades & EVADES_NAMES);
	f->evades |= EVADES_NAMES;
}

void emit_overlap(struct sensor *s, struct flow *f)
{
	s->stats->stream_overlaps++;
	f->evades |= EVADES_OVERLAP;
}

bool emit_decoy(struct sensor *s, struct flow *f, unsigned side, struct packet *p)
{
	bool counted = p->checksum == CHECKSUM_WRONG && f->proto == PROTO_TCP;

	if (p->checksum == CHECKSUM_UNKNOWN)
		packet_verify(p);
	if (!flow_is_decoy(f, side, p))
		return false;
	s->stats->decoys += !counted;
	f->evades |= EVADES_CHECKSUM;
	return true;
}

void emit_no_name(struct flow *f, enum name_missing why)
{
	if (!f->name && !f->name_missing)
		f->name_missing = why & 15;
}
