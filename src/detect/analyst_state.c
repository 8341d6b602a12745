/* The analyst's sections of the state folder. */
#include "core/limits.h"
#include "detect/analyst_inner.h"

static void save_names(const void *owner, struct bytes *out)
{
	names_save(&((const struct analyst *)owner)->names, out);
}

static int load_names(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	(void)version;
	return names_load(&((struct analyst *)owner)->names, in, e);
}

static void reset_names(void *owner)
{
	struct analyst *a = owner;

	names_fini(&a->names);
	names_init(&a->names, LIMIT_NAMES);
}

static void save_ledger(const void *owner, struct bytes *out)
{
	ledger_save(&((const struct analyst *)owner)->ledger, out);
}

static const struct service *service_called(void *context, struct str name)
{
	const struct analyst *a = context;

	for (unsigned i = 0; i < domain_set_services(a->set); i++) {
		const struct service *s = domain_set_service(a->set, i);
		if (str_eq(str_of(s->name), name))
			return s;
	}
	return NULL;
}

static int load_ledger(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	struct analyst *a = owner;

	return ledger_load(&a->ledger, in, version, service_called, a, e);
}

static void reset_ledger(void *owner)
{
	struct analyst *a = owner;

	ledger_fini(&a->ledger);
	analyst_ledger_init(a);
}

static void save_detectors(const void *owner, struct bytes *out)
{
	detectors_save(watch_detectors(((const struct analyst *)owner)->watch), out);
}

static int load_detectors(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return detectors_load(watch_detectors(((struct analyst *)owner)->watch), in, version, e);
}

static void reset_detectors(void *owner)
{
	watch_forget(((struct analyst *)owner)->watch);
}

static void save_triage(const void *owner, struct bytes *out)
{
	triage_save(((const struct analyst *)owner)->triage, out);
}

static int load_triage(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return triage_load(((struct analyst *)owner)->triage, in, version, e);
}

static void reset_triage(void *owner)
{
	struct analyst *a = owner;

	triage_free(a->triage);
	a->triage = triage_new();
}

size_t analyst_sections(struct analyst *a, struct state_section out[ANALYST_SECTIONS])
{
	size_t n = 0;

	out[n++] = (struct state_section){"names",    NAMES_STATE_VERSION, a,
					  save_names, load_names,	   reset_names};
	out[n++] = (struct state_section){"ledger",    LEDGER_STATE_VERSION, a,
					  save_ledger, load_ledger,	     reset_ledger};
	out[n++] = (struct state_section){"triage",    TRIAGE_STATE_VERSION, a,
					  save_triage, load_triage,	     reset_triage};
	if (a->watch)
		out[n++] = (struct state_section){
			"detectors",	DETECTORS_STATE_VERSION, a,
			save_detectors, load_detectors,		 reset_detectors};
	return n;
}
