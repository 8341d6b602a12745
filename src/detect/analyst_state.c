/* The analyst's sections of the state folder. */
#include "core/limits.h"
#include "detect/analyst_inner.h"
#include "sigma/correlate.h"

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
	return domain_set_service_called(((const struct analyst *)context)->set, name);
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

static void save_correlations(const void *owner, struct bytes *out)
{
	correlator_save(hunt_correlator(((const struct analyst *)owner)->hunt), out);
}

static int load_correlations(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	(void)version;
	return correlator_load(hunt_correlator(((struct analyst *)owner)->hunt), in, e);
}

static void reset_correlations(void *owner)
{
	correlator_forget(hunt_correlator(((struct analyst *)owner)->hunt));
}

/* What only correlations hear of has no findings of its own. */
void analyst_known(const struct analyst *a, struct known *k)
{
	const struct sigma_rules *r = a->rules ? a->rules->rules : NULL;
	size_t rules = r ? r->rule_count : 0, correlations = r ? r->correlation_count : 0;

	known_init(k, a->set, rules + correlations + DETECTORS + 2);
	for (size_t i = 0; i < rules; i++)
		if (!r->rule[i]->silent)
			known_add(k, FINDING_RULE, &r->rule[i]->info);
	for (size_t i = 0; i < correlations; i++)
		if (!r->correlation[i]->silent)
			known_add(k, FINDING_CORRELATION, &r->correlation[i]->info);
	for (int d = 0; a->watch && d < DETECTORS; d++)
		known_add(k, FINDING_DETECTOR, watch_rule(a->watch, (enum detector)d));
	known_add(k, FINDING_UPLOAD, finding_builtin(FINDING_UPLOAD));
	known_add(k, FINDING_NAME, finding_builtin(FINDING_NAME));
}

static void save_findings(const void *owner, struct bytes *out)
{
	findings_save(((const struct analyst *)owner)->findings, out);
}

static int load_findings(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	struct analyst *a = owner;
	struct known k;

	(void)version;
	analyst_known(a, &k);
	int result = findings_load(a->findings, in, &k, e);
	known_fini(&k);
	return result;
}

static void reset_findings(void *owner)
{
	findings_forget(((struct analyst *)owner)->findings);
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

size_t analyst_sections(struct analyst *a, enum analyst_kept kept,
			struct state_section out[ANALYST_SECTIONS])
{
	size_t n = 0;

	out[n++] = (struct state_section){"names",    NAMES_STATE_VERSION, a,
					  save_names, load_names,	   reset_names};
	out[n++] = (struct state_section){"ledger",    LEDGER_STATE_VERSION, a,
					  save_ledger, load_ledger,	     reset_ledger};
	if (a->watch)
		out[n++] = (struct state_section){
			"detectors",	DETECTORS_STATE_VERSION, a,
			save_detectors, load_detectors,		 reset_detectors};
	if (a->hunt)
		out[n++] = (struct state_section){
			"correlations",	   CORRELATOR_STATE_VERSION, a,
			save_correlations, load_correlations,	     reset_correlations};
	if (kept == ANALYST_LEARNED)
		return n;
	out[n++] = (struct state_section){"findings",	 FINDINGS_STATE_VERSION, a,
					  save_findings, load_findings,		 reset_findings};
	out[n++] = (struct state_section){"triage",    TRIAGE_STATE_VERSION, a,
					  save_triage, load_triage,	     reset_triage};
	return n;
}
