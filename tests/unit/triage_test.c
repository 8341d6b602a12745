/* What a defender says of findings is kept to, and to no more than that. */
#include "office.h"

static struct office o;
static struct error e;

#define DAY (24 * HOURS)

static void begin(void)
{
	office_open(&o, DAY);
}

static void end(void)
{
	office_close(&o);
}

TestSuite(triage, .init = begin, .fini = end);

static struct triage *said(void)
{
	return analyst_triage(o.analyst);
}

static const struct triage_who *me(void)
{
	static struct triage_who who;

	who = (struct triage_who){.time = o.time, .user = 1000, .reason = STR("as agreed")};
	return &who;
}

/* The id of what is told of an upload, which must be the one thing told. */
static const char *told_of(uint32_t client, uint64_t up)
{
	static char id[8][FINDING_ID_MAX];
	static unsigned n;
	char *out = id[n++ % 8];

	office_upload(&o, client, "shelf.example", up);
	cr_assert_eq(office_tell(&o), 1);
	strcpy(out, o.heard[0].id);
	return out;
}

static void mute(const char *id, uint64_t up, uint64_t span)
{
	cr_assert_eq(triage_mute(said(), id, up, 0, o.time + span, me(), &e), 0, "%s", e.text);
}

static enum triage_verdict listed(uint32_t client)
{
	office_list(&o);
	for (unsigned i = 0; i < o.count; i++)
		if (o.heard[i].client == client)
			return o.heard[i].triage;
	cr_assert_fail("no finding of client %u", client);
	return TRIAGE_NONE;
}

Test(triage, acked_is_told_again_at_ten_times)
{
	const char *id = told_of(1, 100 * MB);

	cr_assert_eq(triage_ack(said(), id, 100 * MB, 0, me(), &e), 0);
	cr_expect_eq(listed(1), TRIAGE_ACKED);
	office_upload(&o, 1, "shelf.example", 899 * MB);
	o.time += 2 * HOURS;
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_expect_eq(listed(1), TRIAGE_REOPENED);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].triage, TRIAGE_REOPENED);
	cr_expect_eq(o.heard[0].told, 1);
	cr_expect_eq(o.heard[0].up, 1000 * MB);
	cr_expect_eq(office_tell(&o), 0);
	/* and from there ten times again */
	cr_expect_eq(listed(1), TRIAGE_ACKED);
	office_upload(&o, 1, "shelf.example", 8999 * MB);
	o.time += 2 * HOURS;
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_expect_eq(office_tell(&o), 1);
	/* an ack is of this one: the next day's is told */
	o.time += 2 * DAY;
	cr_expect_str_neq(told_of(1, 100 * MB), id);
}

Test(triage, muted_holds_for_its_time_and_for_later_windows)
{
	const char *id = told_of(1, 100 * MB);

	mute(id, 100 * MB, 3 * DAY);
	for (unsigned day = 0; day < 2; day++) {
		office_upload(&o, 1, "shelf.example", 300 * MB);
		office_upload(&o, 2, "shelf.example", 300 * MB); /* (it is of no other client) */
		cr_assert_eq(office_tell(&o), 1);
		cr_expect_eq(o.heard[0].client, 2);
		cr_expect_eq(listed(1), TRIAGE_MUTED);
		o.time += DAY + 2 * HOURS;
		analyst_tick(o.analyst, o.time);
	}
	office_upload(&o, 1, "shelf.example", 1000 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].triage, TRIAGE_REOPENED);
	cr_expect_neq(strcmp(o.heard[0].id, id), 0);
	o.time += DAY; /* it is over */
	analyst_tick(o.analyst, o.time);
	office_upload(&o, 1, "shelf.example", 300 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].triage, TRIAGE_NONE);
}

Test(triage, unmuted_is_told_when_it_has_changed)
{
	const char *id = told_of(1, 100 * MB);

	mute(id, 100 * MB, DAY);
	office_upload(&o, 1, "shelf.example", 300 * MB);
	cr_expect_eq(office_tell(&o), 0);
	cr_assert_eq(triage_unmute(said(), id, me(), &e), 0);
	cr_expect_neq(triage_unmute(said(), id, me(), &e), 0);
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].up, 401 * MB);
}

Test(triage, a_tiny_amount_is_no_measure)
{
	office_query(&o, 1, "drop.example");
	cr_assert_eq(office_tell(&o), 1);
	mute(o.heard[0].id, 0, 3 * DAY);
	office_upload(&o, 1, "drop.example", 999999);
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "drop.example", 1);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].triage, TRIAGE_REOPENED);
}

Test(triage, a_sanction_is_of_its_service_and_clients)
{
	struct sanction s = {.service = STR("shelf"), .clients = STR("10.0.1.0/24")};
	uint32_t number = 0;

	cr_assert_eq(triage_sanction(said(), &s, me(), &number, &e), 0, "%s", e.text);
	office_upload(&o, 256 + 1, "shelf.example", 100 * MB);
	cr_expect_eq(office_tell(&o), 0);
	cr_expect_eq(listed(257), TRIAGE_SANCTIONED);
	office_upload(&o, 512 + 1, "shelf.example", 100 * MB);
	cr_expect_eq(office_tell(&o), 1);
	office_upload(&o, 256 + 1, "works.example", 500 * MB);
	cr_expect_eq(office_tell(&o), 1);
	office_query(&o, 256 + 1, "drop.example"); /* a name of tier A is one all the same */
	cr_expect_eq(office_tell(&o), 1);
	/* without end, whatever its size */
	office_upload(&o, 256 + 1, "shelf.example", 100000 * MB);
	cr_expect_eq(office_tell(&o), 0);
	cr_assert_eq(triage_revoke(said(), number, me(), &e), 0);
	office_upload(&o, 256 + 1, "shelf.example", 1 * MB);
	cr_expect_eq(office_tell(&o), 1);
	cr_expect_neq(triage_revoke(said(), number, me(), &e), 0);
}

Test(triage, a_sanction_ends)
{
	struct sanction s = {.service = STR("Shelf"), .until = o.time + DAY};
	uint32_t number;

	cr_assert_eq(triage_sanction(said(), &s, me(), &number, &e), 0);
	office_upload(&o, 1, "shelf.example", 100 * MB);
	cr_expect_eq(office_tell(&o), 0);
	o.time += DAY;
	office_upload(&o, 1, "shelf.example", 1 * MB);
	cr_expect_eq(office_tell(&o), 1);
	cr_expect_neq(triage_sanction(said(), &s, me(), &number, &e), 0); /* over already */
}

Test(triage, a_tenants_sanction_is_of_what_is_known_to_be_its)
{
	struct sanction s = {.service = STR("Share"), .tenant = STR("contoso")};
	uint32_t number;

	cr_assert_eq(triage_sanction(said(), &s, me(), &number, &e), 0);
	office_upload(&o, 1, "contoso.sharepoint.com", 100 * MB);
	office_upload(&o, 1, "contoso-my.sharepoint.com", 100 * MB);
	cr_expect_eq(office_tell(&o), 0);
	cr_expect_eq(listed(1), TRIAGE_SANCTIONED);
	cr_expect_str_eq(o.heard[0].tenant, "sharepoint:contoso");
	office_upload(&o, 1, "sharepoint.com", 5000); /* a hello to the front door */
	cr_expect_eq(office_tell(&o), 0);
	/* another tenant's among it is not */
	office_upload(&o, 1, "evil.sharepoint.com", 1 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_str_eq(o.heard[0].tenant, "");
	office_upload(&o, 2, "evil.sharepoint.com", 100 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_str_eq(o.heard[0].tenant, "sharepoint:evil");
	office_upload(&o, 3, "sharepoint.com", 100 * MB); /* whose it is is not known */
	cr_expect_eq(office_tell(&o), 1);
}

Test(triage, what_was_said_outlives_a_restart)
{
	struct sanction s = {
		.service = STR("Works"), .clients = STR("10.0.0.0/8"), .reason = STR("backup")};
	const char *id = told_of(1, 100 * MB);
	uint32_t number, again;

	mute(id, 100 * MB, 2 * DAY);
	id = told_of(2, 100 * MB);
	cr_assert_eq(triage_ack(said(), id, 100 * MB, 0, me(), &e), 0);
	cr_assert_eq(triage_sanction(said(), &s, me(), &number, &e), 0);
	office_restart(&o);
	office_upload(&o, 1, "shelf.example", 200 * MB);
	office_upload(&o, 2, "shelf.example", 200 * MB);
	office_upload(&o, 3, "works.example", 900 * MB);
	cr_expect_eq(office_tell(&o), 0);
	cr_expect_eq(listed(1), TRIAGE_MUTED);
	cr_expect_eq(listed(2), TRIAGE_ACKED);
	cr_expect_eq(listed(3), TRIAGE_SANCTIONED);
	cr_assert_eq(triage_sanction(said(), &s, me(), &again, &e), 0);
	cr_expect_eq(again, number + 1); /* numbers are not given twice */
}

static unsigned entries;
static struct triage_entry last;
static char last_id[FINDING_ID_MAX];

static void count_entry(void *context, const struct triage_entry *x)
{
	(void)context;
	entries++;
	last = *x;
	strcpy(last_id, x->id);
}

Test(triage, the_trail_is_kept_and_bounded)
{
	const char *id = told_of(1, 100 * MB);

	cr_assert_eq(triage_ack(said(), id, 100 * MB, 0, me(), &e), 0);
	triage_audit(said(), count_entry, NULL);
	cr_assert_eq(entries, 1);
	cr_expect_str_eq(last.action, "ack");
	cr_expect_str_eq(last_id, id);
	cr_expect_eq(last.user, 1000);
	cr_expect(str_eq(last.reason, STR("as agreed")));
	office_upload(&o, 1, "shelf.example", 900 * MB);
	office_tell(&o);
	entries = 0;
	triage_audit(said(), count_entry, NULL);
	cr_expect_eq(entries, 2);
	cr_expect_str_eq(last.action, "reopen");
	for (unsigned i = 0; i < 2 * TRIAGE_AUDIT_MAX; i++) {
		o.time += 1;
		mute(id, 100 * MB, DAY);
	}
	office_restart(&o);
	entries = 0;
	triage_audit(said(), count_entry, NULL);
	cr_expect_eq(entries, TRIAGE_AUDIT_MAX);
	cr_expect_eq(last.time, o.time);
}

Test(triage, bounds_hold)
{
	char id[FINDING_ID_MAX];
	struct sanction s = {.service = STR("Shelf")};
	uint32_t number;

	for (unsigned i = 0; i < TRIAGE_MAX + 100; i++) {
		snprintf(id, sizeof id, "%08x%08x", i * 2654435761u, i);
		cr_assert_eq(triage_ack(said(), id, 1, 1, me(), &e), 0);
	}
	for (unsigned i = 0; i < TRIAGE_MAX; i++) { /* mutes push acks out */
		snprintf(id, sizeof id, "%08x%08x", i * 2654435761u, ~i);
		cr_assert_eq(triage_mute(said(), id, 1, 1, o.time + DAY, me(), &e), 0);
	}
	cr_expect_neq(triage_mute(said(), "00000001fffffff0", 1, 1, o.time + DAY, me(), &e), 0);
	for (unsigned i = 0; i < TRIAGE_SANCTIONS; i++)
		cr_assert_eq(triage_sanction(said(), &s, me(), &number, &e), 0);
	cr_expect_neq(triage_sanction(said(), &s, me(), &number, &e), 0);
	office_restart(&o);
	o.time += 2 * DAY;
	analyst_tick(o.analyst, o.time);
	cr_expect_eq(triage_mute(said(), "00000001fffffff0", 1, 1, o.time + DAY, me(), &e), 0);
}

Test(triage, what_makes_no_sense_is_refused)
{
	struct sanction s = {.service = STR("")};
	uint32_t number;

	cr_expect_neq(triage_ack(said(), "0123456789abcde\0", 1, 1, me(), &e), 0);
	cr_expect_neq(triage_ack(said(), "0123456789ABCDEF", 1, 1, me(), &e), 0);
	cr_expect_neq(triage_mute(said(), "0123456789abcdef", 1, 1, o.time, me(), &e), 0);
	cr_expect_neq(triage_sanction(said(), &s, me(), &number, &e), 0);
	s = (struct sanction){.service = STR("Shelf"), .clients = STR("10.0.0.1/8")};
	cr_expect_neq(triage_sanction(said(), &s, me(), &number, &e), 0);
	cr_expect_eq(triage_of(said(), &(struct finding){.rule = finding_builtin(FINDING_NAME)}, 1),
		     TRIAGE_NONE);
}

/* Any damage is an error or nothing, never a crash. */
Test(triage, a_damaged_state_is_refused)
{
	struct sanction s = {.service = STR("Share"),
			     .tenant = STR("contoso"),
			     .clients = STR("10.0.0.0/8"),
			     .reason = STR("x")};
	uint32_t number;
	struct bytes all;

	mute(told_of(1, 100 * MB), 100 * MB, DAY);
	cr_assert_eq(triage_sanction(said(), &s, me(), &number, &e), 0);
	bytes_init(&all, MIB);
	triage_save(said(), &all);
	for (size_t i = 0; i < all.n; i++) {
		struct cursor in = cur_of(all.p, i);
		struct triage *t = triage_new();
		cr_expect_neq(triage_load(t, &in, 1, &e), 0);
		triage_free(t);
		for (unsigned bit = 0; bit < 8; bit++) {
			all.p[i] ^= (uint8_t)(1 << bit);
			t = triage_new();
			in = cur_of(all.p, all.n);
			triage_load(t, &in, 1, &e);
			triage_free(t);
			all.p[i] ^= (uint8_t)(1 << bit);
		}
	}
	bytes_fini(&all);
}
