/*-------------------------------------------------------------------------
 *
 * routing_lint.c
 *		What is wrong with the rules as they are: triage.lint_rules.
 *
 * All tests of a rule are written as one condition, and the planner's own
 * theorem prover (predtest.c), which decides whether a partial index serves a
 * query, says whether an earlier rule takes all that a later one could, and
 * whether a rule can hold at all.  It proves what follows from comparisons with
 * constants, IN, AND, OR, NOT and IS NULL; what it cannot prove is not said.
 *
 * Everything is read as the caller.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

PG_FUNCTION_INFO_V1(st_lint_rules);

/* Alternatives that are looked at one by one. */
#define MAX_ARMS	32

/* A rule under the lens. */
typedef struct Linted
{
	StRule		rule;
	List	   *quals;			/* all its tests but validity and rollout, to
								 * be anded */
	bool		open;			/* enabled, not expired, and whole */
	bool		old;			/* has its present form for the whole window */
	bool		fired;			/* applied in the window */
	int64		failures;		/* in the window */
} Linted;

typedef struct Lint
{
	ReturnSetInfo *result;
	StRouting	routing;
	Linted	   *rules;
	int			n;
	TimestampTz now;
	int			nintents;		/* 0: no model to compare with */
	char	  **intents;
	AttrNumber	intent;			/* attribute of triage.facts */
} Lint;

static void
report(Lint *lint, const StRule *rule, const char *problem, const char *other, const char *detail)
{
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = Int32GetDatum(rule->rule_id);
	values[1] = CStringGetTextDatum(rule->name);
	values[2] = CStringGetTextDatum(problem);
	nulls[3] = other == NULL;
	values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(other);
	values[4] = CStringGetTextDatum(detail);
	tuplestore_putvalues(lint->result->setResult, lint->result->setDesc, values, nulls);
}

/* ---- a rule as one condition ---- */

static void
			put_test(StringInfo sql, const char *format,...) pg_attribute_printf(2, 3);

static void
put_test(StringInfo sql, const char *format,...)
{
	appendStringInfoString(sql, sql->len == 0 ? "(" : " AND (");
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(sql, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(sql, needed);
	}
	appendStringInfoChar(sql, ')');
}

static char *
literal(const text *value)
{
	return quote_literal_cstr(text_to_cstring(value));
}

/* The tests of a rule as a list to be anded; NIL for one that takes everything. */
static List *
rule_quals(const StRouting *routing, const StRule *rule, char **why)
{
	StringInfoData sql;
	StCondition *all;

	*why = NULL;
	initStringInfo(&sql);
	if (rule->source_id != 0)
		put_test(&sql, "source_id = %d", rule->source_id);
	if (rule->tenant != NULL)
		put_test(&sql, "tenant_id = %s", literal(rule->tenant));
	if (rule->channel != NULL)
		put_test(&sql, "channel = %s", literal(rule->channel));
	if (rule->segment != NULL)
		put_test(&sql, "segment = %s", literal(rule->segment));
	if (rule->language != NULL)
		put_test(&sql, "language = %s", literal(rule->language));
	if (rule->intent != NULL)
		put_test(&sql, "intent = %s", literal(rule->intent));
	if (rule->intent != NULL || rule->threshold != NULL)
		put_test(&sql, "in_scope");
	if (rule->threshold != NULL)
		put_test(&sql, "intent_confidence >= %s::real", rule->threshold);
	if (rule->condition != NULL)
		put_test(&sql, "%s", rule->condition);
	if (sql.len == 0)
		return NIL;

	all = st_condition_compile_soft(sql.data, routing->facts, why);
	if (all == NULL)
		return NIL;
	return make_ands_implicit(canonicalize_qual((Expr *) all->expression, false));
}

/* ---- what the present rules are ---- */

static bool
bool_value(int row, const char *column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
									  SPI_fnumber(SPI_tuptable->tupdesc, column), &isnull);

	return !isnull && DatumGetBool(value);
}

static void
select_rows(const char *sql, int nargs, Oid *types, Datum *values)
{
	if (SPI_execute_with_args(sql, nargs, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read what rules refer to");
}

static void
read_rules(Lint *lint, TimestampTz since)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(since)};
	TupleTableSlot *slot;

	lint->routing = *st_routing_current();
	st_rule_prepare(&lint->routing);
	select_rows("SELECT *, changed_at OPERATOR(pg_catalog.<=) $1 AS old FROM triage.routing_rule"
				" ORDER BY position, rule_id", 1, types, values);
	lint->n = (int) SPI_processed;
	lint->rules = palloc0(Max(lint->n, 1) * sizeof(Linted));
	slot = MakeSingleTupleTableSlot(SPI_tuptable->tupdesc, &TTSOpsHeapTuple);
	for (int i = 0; i < lint->n; i++)
	{
		Linted	   *l = &lint->rules[i];

		ExecStoreHeapTuple(SPI_tuptable->vals[i], slot, false);
		st_rule_read(&lint->routing, slot, false, &l->rule);
		l->old = bool_value(i, "old");
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* Which rules applied and which failed since then; whether there are decisions at all. */
static bool
read_decisions(Lint *lint, TimestampTz since)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(since)};
	bool		any;

	select_rows("SELECT FROM triage.decision WHERE decided_at OPERATOR(pg_catalog.>=) $1 LIMIT 1", 1, types, values);
	any = SPI_processed > 0;
	select_rows("SELECT u.id, pg_catalog.bool_or(NOT u.failed) AS fired,"
				" pg_catalog.count(*) FILTER (WHERE u.failed) AS failures"
				" FROM triage.decision d, LATERAL (SELECT r.id, false AS failed FROM pg_catalog.unnest(d.rules) AS r (id)"
				" UNION ALL SELECT r.id, true FROM pg_catalog.unnest(d.failed_rules) AS r (id)) AS u"
				" WHERE d.decided_at OPERATOR(pg_catalog.>=) $1 GROUP BY u.id", 1, types, values);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		bool		isnull;
		int32		id = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &isnull));
		int64		failures = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 3, &isnull));

		for (int i = 0; i < lint->n; i++)
		{
			if (lint->rules[i].rule.rule_id == id)
			{
				lint->rules[i].fired = bool_value((int) row, "fired");
				lint->rules[i].failures = failures;
			}
		}
	}
	return any;
}

/* The labels of the models by which attached tables are read. */
static void
read_intents(Lint *lint)
{
	select_rows("SELECT DISTINCT pg_catalog.unnest(m.labels) FROM triage.model m"
				" WHERE m.status::pg_catalog.text OPERATOR(pg_catalog.=) ANY ('{active,canary,shadow}')"
				" AND (m.name OPERATOR(pg_catalog.=) 'intent' OR EXISTS (SELECT FROM triage.source s"
				" WHERE s.options OPERATOR(pg_catalog.->>) 'intent_model' OPERATOR(pg_catalog.=) m.name))",
				0, NULL, NULL);
	lint->nintents = (int) SPI_processed;
	lint->intents = palloc(Max(lint->nintents, 1) * sizeof(char *));
	for (int i = 0; i < lint->nintents; i++)
		lint->intents[i] = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
	for (int i = 0; i < lint->routing.facts->natts; i++)
	{
		if (strcmp(NameStr(TupleDescAttr(lint->routing.facts, i)->attname), "intent") == 0)
			lint->intent = i + 1;
	}
}

/* ---- names that lead nowhere ---- */

static void
check_intent(Lint *lint, const StRule *rule, const char *intent)
{
	if (lint->nintents == 0)
		return;
	for (int i = 0; i < lint->nintents; i++)
	{
		if (strcmp(lint->intents[i], intent) == 0)
			return;
	}
	report(lint, rule, "unknown intent", NULL, psprintf("No model in use has the label \"%s\".", intent));
}

typedef struct IntentWalk
{
	Lint	   *lint;
	const StRule *rule;
} IntentWalk;

static bool
is_intent(const Lint *lint, Node *node)
{
	if (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return IsA(node, Var) && ((Var *) node)->varattno == lint->intent;
}

/* Texts that a condition compares the intent with. */
static bool
walk_intents(Node *node, IntentWalk *walk)
{
	if (node == NULL)
		return false;
	if (IsA(node, OpExpr) && list_length(((OpExpr *) node)->args) == 2)
	{
		Node	   *left = linitial(((OpExpr *) node)->args);
		Node	   *right = lsecond(((OpExpr *) node)->args);
		char	   *name = get_opname(((OpExpr *) node)->opno);

		if (is_intent(walk->lint, right))
		{
			Node	   *swap = left;

			left = right;
			right = swap;
		}
		if (name != NULL && strcmp(name, "=") == 0 && is_intent(walk->lint, left) &&
			IsA(right, Const) && !((Const *) right)->constisnull && ((Const *) right)->consttype == TEXTOID)
			check_intent(walk->lint, walk->rule, TextDatumGetCString(((Const *) right)->constvalue));
	}
	else if (IsA(node, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) node)->useOr)
	{
		Node	   *left = linitial(((ScalarArrayOpExpr *) node)->args);
		Node	   *right = lsecond(((ScalarArrayOpExpr *) node)->args);

		if (is_intent(walk->lint, left) && IsA(right, Const) && !((Const *) right)->constisnull &&
			((Const *) right)->consttype == TEXTARRAYOID)
		{
			Datum	   *texts;
			bool	   *nulls;
			int			n;

			deconstruct_array(DatumGetArrayTypeP(((Const *) right)->constvalue), TEXTOID, -1, false,
							  TYPALIGN_INT, &texts, &nulls, &n);
			for (int i = 0; i < n; i++)
			{
				if (!nulls[i])
					check_intent(walk->lint, walk->rule, TextDatumGetCString(texts[i]));
			}
		}
	}
	return expression_tree_walker(node, walk_intents, walk);
}

static bool
is_there(const char *sql, Oid type, Datum value)
{
	select_rows(sql, 1, &type, &value);
	return SPI_processed > 0;
}

static void
check_names(Lint *lint, Linted *l)
{
	const StRule *rule = &l->rule;
	IntentWalk	walk = {lint, rule};

	if (rule->intent != NULL)
		check_intent(lint, rule, text_to_cstring(rule->intent));
	if (rule->test != NULL)
		walk_intents(rule->test->expression, &walk);
	for (int i = 0; i < rule->nskills; i++)
	{
		if (!is_there("SELECT FROM triage.skill WHERE name OPERATOR(pg_catalog.=) $1", TEXTOID,
					  CStringGetTextDatum(rule->skills[i].skill)))
			report(lint, rule, "unknown skill", NULL,
				   psprintf("Skill \"%s\" is not in triage.skill: nobody can have it.", rule->skills[i].skill));
	}
	if (rule->sla_policy != NULL &&
		!is_there("SELECT FROM triage.sla_policy WHERE name OPERATOR(pg_catalog.=) $1 AND enabled", TEXTOID,
				  CStringGetTextDatum(rule->sla_policy)))
		report(lint, rule, "disabled policy", NULL,
			   psprintf("Policy \"%s\" is not enabled.", rule->sla_policy));
	if (rule->tier == ST_TIER_SELF_SERVICE && rule->intent != NULL &&
		!is_there("SELECT FROM triage.automation_policy WHERE intent OPERATOR(pg_catalog.=) $1 AND enabled", TEXTOID,
				  PointerGetDatum(rule->intent)))
		report(lint, rule, "no automation policy", NULL,
			   psprintf("Intent \"%s\" has no enabled row in triage.automation_policy: its tickets are not automated.",
						text_to_cstring(rule->intent)));
	if (rule->source_id != 0 &&
		!is_there("SELECT FROM triage.source WHERE source_id OPERATOR(pg_catalog.=) $1 AND detached_at IS NULL",
				  INT4OID, Int32GetDatum(rule->source_id)))
		report(lint, rule, "unknown source", NULL,
			   psprintf("No table with source_id %d is attached.", rule->source_id));
}

/* ---- rules that cannot decide ---- */

static bool
is_never_true(List *quals)
{
	ListCell   *lc;

	foreach(lc, quals)
	{
		Const	   *c = lfirst(lc);

		if (IsA(c, Const) && (c->constisnull || !DatumGetBool(c->constvalue)))
			return true;
	}
	return quals != NIL && predicate_refuted_by(quals, quals, true);
}

/* Whether an earlier rule ends the walk for some tickets for as long as a later one holds. */
static bool
may_shadow(const Linted *earlier, const Linted *later)
{
	return earlier->open && earlier->rule.stop && earlier->rule.rollout == 100 &&
		earlier->rule.valid_from <= later->rule.valid_from &&
		earlier->rule.valid_until >= later->rule.valid_until;
}

/* The alternatives of an OR or IN with constants, 2 to MAX_ARMS; NIL when it is none. */
static List *
arms_of(Node *qual)
{
	List	   *arms = NIL;

	if (is_orclause(qual) && list_length(((BoolExpr *) qual)->args) <= MAX_ARMS)
		return ((BoolExpr *) qual)->args;
	if (IsA(qual, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) qual)->useOr)
	{
		ScalarArrayOpExpr *in = (ScalarArrayOpExpr *) qual;
		Const	   *array = lsecond(in->args);
		Oid			type;
		int16		length;
		bool		byval;
		char		align;
		Datum	   *values;
		bool	   *nulls;
		int			n;

		if (!IsA(array, Const) || array->constisnull)
			return NIL;
		type = ARR_ELEMTYPE(DatumGetArrayTypeP(array->constvalue));
		get_typlenbyvalalign(type, &length, &byval, &align);
		deconstruct_array(DatumGetArrayTypeP(array->constvalue), type, length, byval, align, &values, &nulls, &n);
		if (n > MAX_ARMS)
			return NIL;
		for (int i = 0; i < n; i++)
		{
			Const	   *value = makeConst(type, -1, array->constcollid, length, values[i], nulls[i], byval);
			OpExpr	   *equal = (OpExpr *) make_opclause(in->opno, BOOLOID, false, linitial(in->args),
														 (Expr *) value, InvalidOid, in->inputcollid);

			set_opfuncid(equal);
			arms = lappend(arms, equal);
		}
	}
	return arms;
}

/*
 * Whether rules, as a disjunction, take all that the quals leave: as they are,
 * or each alternative of one of the quals by itself.
 */
static bool
take_all(Expr *others, List *quals)
{
	ListCell   *lc;

	if (predicate_implied_by(list_make1(others), quals, false))
		return true;
	foreach(lc, quals)
	{
		List	   *arms = arms_of(lfirst(lc));
		bool		all = arms != NIL;
		ListCell   *arm;

		CHECK_FOR_INTERRUPTS();
		foreach(arm, arms)
			all = all && predicate_implied_by(list_make1(others), lcons(lfirst(arm), list_copy(quals)), false);
		if (all)
			return true;
	}
	return false;
}

/* The names of those of them that are needed for it. */
static char *
who_takes_all(List *others, List *names, List *quals)
{
	StringInfoData out;
	ListCell   *lc;

	for (int i = list_length(others) - 1; i >= 0 && list_length(others) > 2; i--)
	{
		List	   *fewer = list_delete_nth_cell(list_copy(others), i);

		CHECK_FOR_INTERRUPTS();
		if (take_all(make_orclause(fewer), quals))
		{
			others = fewer;
			names = list_delete_nth_cell(list_copy(names), i);
		}
	}
	initStringInfo(&out);
	foreach(lc, names)
		appendStringInfo(&out, "%s%s", out.len == 0 ? "" : ", ", (char *) lfirst(lc));
	return out.data;
}

/* Whether earlier rules leave nothing to the rule at a place. */
static void
check_shadow(Lint *lint, int at)
{
	Linted	   *l = &lint->rules[at];
	List	   *others = NIL;
	List	   *names = NIL;

	for (int i = 0; i < at; i++)
	{
		Linted	   *earlier = &lint->rules[i];

		CHECK_FOR_INTERRUPTS();
		if (!may_shadow(earlier, l))
			continue;
		if (earlier->quals == NIL)
		{
			report(lint, &l->rule, "unreachable", earlier->rule.name,
				   psprintf("Rule \"%s\" before it takes every ticket and stops.", earlier->rule.name));
			return;
		}
		if (predicate_implied_by(earlier->quals, l->quals, false))
		{
			report(lint, &l->rule, "shadowed", earlier->rule.name,
				   psprintf("Rule \"%s\" before it takes all its tickets and stops.", earlier->rule.name));
			return;
		}
		names = lappend(names, earlier->rule.name);
		others = lappend(others, make_ands_explicit(list_copy(earlier->quals)));
	}
	if (list_length(others) > 1 && take_all(make_orclause(others), l->quals))
		report(lint, &l->rule, "shadowed", NULL,
			   psprintf("Rules before it together take all its tickets and stop: %s.",
						who_takes_all(others, names, l->quals)));
}

static bool
has_effect(const StRule *rule)
{
	return rule->stop || rule->queue != NULL || rule->tier != ST_TIER_NONE || rule->priority >= 0 ||
		rule->escalate_reason != NULL || rule->ntags > 0 || rule->nskills > 0 || rule->sla_policy != NULL ||
		rule->block_automation;
}

static void
check_rule(Lint *lint, int at, bool decisions, const char *since)
{
	Linted	   *l = &lint->rules[at];
	const StRule *rule = &l->rule;

	if (!rule->enabled)
		report(lint, rule, "disabled", NULL, "It is not enabled.");
	else if (rule->valid_until <= lint->now)
		report(lint, rule, "expired", NULL, psprintf("It held until %s.", timestamptz_to_str(rule->valid_until)));
	else if (rule->broken != NULL)
		report(lint, rule, "broken", NULL, psprintf("Its condition does not compile any more: %s.", rule->broken));
	else if (!l->open)
		report(lint, rule, "contradictory", NULL, "Its tests cannot all hold.");
	else if (rule->rollout == 0)
		report(lint, rule, "unreachable", NULL, "Its rollout_percent is 0.");
	else
		check_shadow(lint, at);

	check_names(lint, l);
	if (!has_effect(rule))
		report(lint, rule, "without effect", NULL, "It sets nothing and does not stop.");
	if (l->failures > 0)
		report(lint, rule, "fails", NULL,
			   psprintf("Its condition threw an error for " INT64_FORMAT " ticket%s since %s; see triage.rule_health.",
						l->failures, l->failures == 1 ? "" : "s", since));
	if (decisions && l->open && l->old && !l->fired && rule->valid_from <= lint->now)
		report(lint, rule, "never fired", NULL, psprintf("It applied to no ticket since %s.", since));
}

/* triage.lint_rules(not_fired_for) */
Datum
st_lint_rules(PG_FUNCTION_ARGS)
{
	Datum		interval = PG_GETARG_DATUM(0);
	Lint		lint = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	TimestampTz since;
	bool		decisions;

	InitMaterializedSRF(fcinfo, 0);
	lint.now = st_now();
	since = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
													TimestampTzGetDatum(lint.now), interval));
	if (since >= lint.now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not_fired_for must be greater than zero")));

	SPI_connect();
	read_rules(&lint, since);
	decisions = read_decisions(&lint, since);
	read_intents(&lint);

	for (int i = 0; i < lint.n; i++)
	{
		Linted	   *l = &lint.rules[i];
		char	   *why;

		l->open = l->rule.enabled && l->rule.valid_until > lint.now && l->rule.broken == NULL;
		if (!l->open)
			continue;
		l->quals = rule_quals(&lint.routing, &l->rule, &why);
		if (why != NULL)
			l->rule.broken = why;
		l->open = why == NULL && !is_never_true(l->quals);
	}
	for (int i = 0; i < lint.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		check_rule(&lint, i, decisions, pstrdup(timestamptz_to_str(since)));
	}
	SPI_finish();
	return (Datum) 0;
}
