// SPDX-License-Identifier: GPL-2.0-or-later
/* What an output without some of its lines is said to miss. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "encode.h"
#include "verify.h"

#define EVENT(cpu, seq, more) "{\"event\":{\"action\":\"openat\"},\"traceleft\":{\"cpu\":" #cpu ",\"seq\":" #seq more "}}"
#define OWN(action, record, more) \
	"{\"event\":{\"action\":\"" action "\"},\"traceleft\":{\"cpu\":0,\"seq\":0,\"record\":" #record more "}}"
#define GOES_ON \
	"{\"event\":{\"action\":\"start\"},\"message\":\"traceleftd; " TL_RECORD_GOES_ON \
	"\",\"traceleft\":{\"cpu\":0,\"seq\":0,\"record\":1}}"
#define LOST(record, stage, first, last, count) \
	OWN("lost", record, ",\"count\":" #count ",\"seq_first\":" #first ",\"seq_last\":" #last ",\"stage\":\"" stage "\"")
#define LEDGER(record, balance, streams) \
	OWN("ledger", record, ",\"ledger\":{\"balance\":{" balance "},\"streams\":[" streams "]}")
#define BALANCE(seen, delivered, lost) \
	"\"seen\":" #seen ",\"delivered\":" #delivered ",\"filtered\":0,\"aggregated\":0,\"lost\":" #lost ",\"under_way\":0"
#define LAST(cpu, seq) "{\"cpu\":" #cpu ",\"seq\":" #seq "}"

static bool verify(struct tl_verify *v, const char *const *lines)
{
	for (size_t i = 0; lines[i]; i++)
		assert_int_equal(tl_verify_line(v, "file:1", lines[i], strlen(lines[i])), 0);
	return tl_verify_end(v);
}

static void all_is_there(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), EVENT(1, 7, ",\"seq_previous\":0"), EVENT(0, 2, ""),
				EVENT(0, 9, ",\"seq_previous\":2"), EVENT(0, 5, ",\"seq_previous\":9"),
				LEDGER(2, BALANCE(5, 5, 0), LAST(0, 5) "," LAST(1, 7)), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_true(verify(&v, lines));
	assert_int_equal(v.events, 5);
	assert_int_equal(v.n_gaps, 0);
	tl_verify_done(&v);
}

static void what_is_missing_is_named(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), EVENT(0, 6, ",\"seq_previous\":4"),
				LEDGER(2, BALANCE(3, 3, 0), LAST(0, 8)), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_false(verify(&v, lines));
	assert_int_equal(v.n_gaps, 2);
	assert_int_equal(v.gaps[0].after, 1);
	assert_int_equal(v.gaps[0].last, 4);
	assert_false(v.gaps[0].declared);
	assert_int_equal(v.gaps[1].after, 6);
	assert_int_equal(v.gaps[1].last, 8);
	tl_verify_done(&v);
}

static void what_is_declared_is_no_secret(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), EVENT(0, 6, ",\"seq_previous\":4"),
				LOST(2, "log", 2, 4, 2), LOST(3, "ring", 7, 9, 3),
				LEDGER(4, BALANCE(6, 3, 3), LAST(0, 6)), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_true(verify(&v, lines));
	assert_int_equal(v.n_gaps, 1);
	assert_true(v.gaps[0].declared);
	assert_int_equal(v.n_losses, 2);
	tl_verify_done(&v);
}

static void losses_that_nobody_declared_are_found_by_the_balance(void **state)
{
	const char *lost[] = { OWN("start", 1, ""), EVENT(0, 1, ""), LEDGER(2, BALANCE(3, 1, 2), LAST(0, 1)), NULL };
	const char *wrong[] = { OWN("start", 1, ""), EVENT(0, 1, ""), LEDGER(2, BALANCE(3, 1, 0), LAST(0, 1)), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_false(verify(&v, lost));
	assert_int_equal(v.unbalanced, 1);
	tl_verify_done(&v);
	v.began = true;
	assert_false(verify(&v, wrong));
	assert_true(v.unbalanced > 0);
	tl_verify_done(&v);
}

static void a_record_that_is_gone_is_missed(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), OWN("several", 2, ",\"result\":\"count\",\"count\":7"),
				OWN("several", 4, ",\"result\":\"count\",\"count\":7"), LEDGER(5, BALANCE(0, 0, 0), ""), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_false(verify(&v, lines));
	assert_int_equal(v.gone_records, 1);
	assert_int_equal(v.counted, 14);
	tl_verify_done(&v);
}

static void an_end_without_a_balance_is_told(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_false(verify(&v, lines));
	assert_true(v.open);
	tl_verify_done(&v);
}

/* As a power failure leaves it. */
static void a_run_that_ended_without_a_balance_is_to_be_declared(void **state)
{
	const char *silent[] = { OWN("start", 1, ""),
				 EVENT(0, 1, ""),
				 OWN("start", 1, ""),
				 EVENT(0, 1, ""),
				 LEDGER(2, BALANCE(1, 1, 0), LAST(0, 1)),
				 NULL };
	const char *twice[] = { OWN("start", 1, ""),
				EVENT(0, 1, ""),
				OWN("start", 1, ""),
				EVENT(0, 1, ""),
				OWN("start", 1, ""),
				LOST(2, "outage", 0, 0, 1),
				EVENT(0, 1, ""),
				LEDGER(3, BALANCE(1, 1, 0), LAST(0, 1)),
				NULL };
	const char *declared[] = { OWN("start", 1, ""),
				   EVENT(0, 1, ""),
				   OWN("start", 1, ""),
				   LOST(2, "outage", 0, 0, 1),
				   EVENT(0, 1, ""),
				   LEDGER(3, BALANCE(1, 1, 0), LAST(0, 1)),
				   NULL };
	const char *goes_on[] = { OWN("start", 1, ""),
				  EVENT(0, 1, ""),
				  GOES_ON,
				  EVENT(0, 2, ",\"seq_previous\":0"),
				  LEDGER(2, BALANCE(1, 1, 0), LAST(0, 2)),
				  NULL };
	struct tl_verify v[4] = { { .began = true }, { .began = true }, { .began = true }, { .began = true } };

	(void)state;
	assert_false(verify(&v[0], silent));
	assert_int_equal(v[0].unended_runs, 1);
	assert_false(verify(&v[1], twice));
	assert_int_equal(v[1].unended_runs, 1);
	assert_true(verify(&v[2], declared));
	assert_true(verify(&v[3], goes_on));
	for (size_t i = 0; i < 4; i++)
		tl_verify_done(&v[i]);
}

/* Before a process that goes on with a session there may have been none that had this output. */
static void a_file_that_was_lost_meanwhile_is_missed(void **state)
{
	const char *added[] = { GOES_ON, EVENT(0, 2, ",\"seq_previous\":0"), LEDGER(2, BALANCE(1, 1, 0), LAST(0, 2)), NULL };
	const char *lost[] = { GOES_ON, OWN("tamper", 2, ",\"tamper\":{\"kind\":\"output\"}"),
			       LEDGER(3, BALANCE(0, 0, 0), ""), NULL };
	const char *another[] = { OWN("start", 1, ""), OWN("tamper", 2, ",\"tamper\":{\"kind\":\"output\"}"),
				  LEDGER(3, BALANCE(0, 0, 0), ""), NULL };
	struct tl_verify v[4] = { { .began = true }, { .began = true }, { .began = true }, { 0 } };

	(void)state;
	assert_true(verify(&v[0], added));
	assert_true(v[0].is_orphan);
	assert_false(verify(&v[1], lost));
	assert_int_equal(v[1].gone_files, 1);
	assert_true(verify(&v[2], another));
	assert_true(verify(&v[3], lost));
	for (size_t i = 0; i < 4; i++)
		tl_verify_done(&v[i]);
}

static void the_beginning_may_be_gone(void **state)
{
	const char *lines[] = { EVENT(0, 9, ",\"seq_previous\":4"), EVENT(0, 10, ""), OWN("several", 4, ",\"result\":\"top\""),
				LEDGER(5, BALANCE(9, 9, 0), LAST(0, 10)), NULL };
	struct tl_verify v = { 0 };

	(void)state;
	assert_true(verify(&v, lines));
	tl_verify_done(&v);
	v.began = true;
	assert_false(verify(&v, lines));
	tl_verify_done(&v);
}

static void tasks_that_nobody_looked_at_make_it_incomplete(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), OWN("lost", 2, ",\"count\":3,\"stage\":\"cgroup\",\"counted\":\"refusals\""),
				LEDGER(3, BALANCE(0, 0, 0), ""), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_false(verify(&v, lines));
	assert_int_equal(v.unaudited, 3);
	tl_verify_done(&v);
}

static void numbers_begin_anew_with_another_session(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), EVENT(0, 2, ""),
				LEDGER(2, BALANCE(2, 2, 0), LAST(0, 2)), OWN("reload", 3, ""), EVENT(0, 1, ""),
				LEDGER(4, BALANCE(1, 1, 0), LAST(0, 1)), OWN("stop", 5, ""), OWN("start", 1, ""),
				EVENT(0, 4, ",\"seq_previous\":0"), LEDGER(2, BALANCE(1, 1, 0), LAST(0, 4)), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_true(verify(&v, lines));
	tl_verify_done(&v);
}

static void numbers_and_losses_go_on_over_a_reload(void **state)
{
	/* Number 4 is the new policy's, and was declared before its first balance. */
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), LOST(2, "ring", 2, 2, 1), EVENT(0, 3, ",\"seq_previous\":1"),
				LOST(3, "ring", 4, 4, 1), LEDGER(4, BALANCE(3, 2, 1), LAST(0, 3)), OWN("reload", 5, ""),
				EVENT(0, 5, ",\"seq_previous\":3"), LEDGER(6, BALANCE(2, 1, 1), LAST(0, 5)), NULL };
	const char *secret[] = { OWN("start", 1, ""), LEDGER(2, BALANCE(0, 0, 0), ""), OWN("reload", 3, ""),
				 LOST(4, "ring", 1, 1, 1), LEDGER(5, BALANCE(2, 0, 2), ""), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_true(verify(&v, lines));
	tl_verify_done(&v);
	v.began = true;
	assert_false(verify(&v, secret));
	tl_verify_done(&v);
}

static void a_refused_reload_changes_no_balance(void **state)
{
	const char *lines[] = { OWN("start", 1, ""), EVENT(0, 1, ""), LOST(2, "ring", 2, 2, 1),
				LEDGER(3, BALANCE(2, 1, 1), LAST(0, 1)),
				"{\"event\":{\"action\":\"reload\"},\"message\":\"by me; refused, the old policy stays\","
				"\"traceleft\":{\"record\":4}}",
				LEDGER(5, BALANCE(2, 1, 1), LAST(0, 1)), NULL };
	struct tl_verify v = { .began = true };

	(void)state;
	assert_true(verify(&v, lines));
	tl_verify_done(&v);
}

static void what_is_no_line_of_ours_is_broken(void **state)
{
	static const char *const lines[] = { "", "{}", "nonsense", "[1]", "{\"event\":{\"action\":\"openat\"}}",
					     EVENT(99999999999, 1, ""), EVENT(0, 0, "") };
	struct tl_verify v = { .began = true };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(tl_verify_line(&v, "x", lines[i], strlen(lines[i])), 0);
	assert_int_equal(v.broken, 7);
	assert_false(tl_verify_end(&v));
	tl_verify_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_there),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(what_is_declared_is_no_secret),
		cmocka_unit_test(losses_that_nobody_declared_are_found_by_the_balance),
		cmocka_unit_test(a_record_that_is_gone_is_missed),
		cmocka_unit_test(an_end_without_a_balance_is_told),
		cmocka_unit_test(a_run_that_ended_without_a_balance_is_to_be_declared),
		cmocka_unit_test(a_file_that_was_lost_meanwhile_is_missed),
		cmocka_unit_test(the_beginning_may_be_gone),
		cmocka_unit_test(tasks_that_nobody_looked_at_make_it_incomplete),
		cmocka_unit_test(numbers_begin_anew_with_another_session),
		cmocka_unit_test(numbers_and_losses_go_on_over_a_reload),
		cmocka_unit_test(a_refused_reload_changes_no_balance),
		cmocka_unit_test(what_is_no_line_of_ours_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
