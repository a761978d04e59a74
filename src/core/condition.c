/*-------------------------------------------------------------------------
 *
 * condition.c
 *		Conditions: boolean SQL expressions over a row of facts, from text to
 *		something that is evaluated in well under a microsecond.
 *
 * A condition is parsed by the server's own parser with the attributes of
 * the row type as its columns, always under search_path pg_catalog, triage and
 * in time zone UTC: it means the same for whoever evaluates it.  Then it must pass a list of what
 * is allowed: it runs in the trigger, with the rights of the extension's owner,
 * so it may compute but not read, write or call anything that a user defined.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"

#include "core/compat.h"
#include "core/condition.h"
#include "core/core.h"

/* Where conditions look for names. */
#define CONDITION_PATH "pg_catalog, " ST_SCHEMA ", pg_temp"

/* What a session can set that gives a text another meaning. */
static const struct
{
	const char *name;
	const char *value;
}			meaning[] = {
	{"search_path", CONDITION_PATH},
	{"TimeZone", "UTC"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"standard_conforming_strings", "on"},
	{"transform_null_equals", "off"},
};

typedef struct Checker
{
	ParseState *pstate;
	Oid			extension;
	Bitmapset  *facts;			/* attribute numbers that are read */
	bool		uses_clock;
	Node	   *node;			/* whose functions are looked at */
} Checker;

/* ---- names ---- */

/* A column of a condition is an attribute of the row, also as facts.name. */
static Node *
resolve_column(ParseState *pstate, ColumnRef *cref)
{
	TupleDesc	facts = pstate->p_ref_hook_state;
	Node	   *last = llast(cref->fields);
	const char *name;

	if (!IsA(last, String) || list_length(cref->fields) > 2 ||
		(list_length(cref->fields) == 2 && strcmp(strVal(linitial(cref->fields)), "facts") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("\"%s\" is not a fact", NameListToString(cref->fields)),
				 errhint("A condition reads the attributes of triage.facts by their names."),
				 parser_errposition(pstate, cref->location)));

	name = strVal(last);
	for (int i = 0; i < facts->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(facts, i);
		Var		   *var;

		if (attr->attisdropped || strcmp(NameStr(attr->attname), name) != 0)
			continue;
		var = makeVar(1, attr->attnum, attr->atttypid, attr->atttypmod, attr->attcollation, 0);
		var->location = cref->location;
		return (Node *) var;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("fact \"%s\" does not exist", name),
			 errhint("Facts are the attributes of the type triage.facts; see \\dD+ or docs/routing.md."),
			 parser_errposition(pstate, cref->location)));
	return NULL;				/* keep compiler quiet */
}

/* ---- what is allowed ---- */

static bool
is_ours(Checker *checker, Oid classid, Oid object)
{
	return getExtensionOfObject(classid, object) == checker->extension;
}

/* For check_functions_in_node: throws for a function that a condition may not call. */
static bool
check_function(Oid function, void *context)
{
	Checker    *checker = context;
	bool		ours = false;

	if (get_func_namespace(function) != PG_CATALOG_NAMESPACE || function >= FirstNormalObjectId)
		ours = is_ours(checker, ProcedureRelationId, function);
	if (!ours && (get_func_namespace(function) != PG_CATALOG_NAMESPACE || function >= FirstNormalObjectId))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("function %s cannot be used in a condition", format_procedure(function)),
				 errdetail("Conditions run in the trigger, with its owner's rights."),
				 errhint("Use functions and operators of pg_catalog and of support_triage."),
				 parser_errposition(checker->pstate, exprLocation(checker->node))));

	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	/* the decision's own clock */
	if (ours && strcmp(get_func_name(function), "now") == 0)
	{
		checker->uses_clock = true;
		return false;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("function %s cannot be used in a condition", format_procedure(function)),
			 errdetail("It is not immutable: the same facts could be decided differently."),
			 errhint("The decision's own time is triage.now(); times of day and weekdays need a time zone by name: extract(hour from created_at AT TIME ZONE 'Europe/Berlin'). Ages are differences: triage.now() - created_at > interval '1 day'."),
			 parser_errposition(checker->pstate, exprLocation(checker->node))));
	return false;				/* keep compiler quiet */
}

/* Types are the server's or ours: a user's domain would run the user's checks. */
static void
check_type(Checker *checker, Node *node)
{
	Oid			type = exprType(node);
	Oid			element;

	if (type < FirstNormalObjectId)
		return;
	element = get_element_type(type);
	if (is_ours(checker, TypeRelationId, OidIsValid(element) ? element : type))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("type %s cannot be used in a condition", format_type_be(type)),
			 errhint("Use types of pg_catalog and of support_triage."),
			 parser_errposition(checker->pstate, exprLocation(node))));
}

static void
refuse(Checker *checker, Node *node, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s cannot be used in a condition", what),
			 errdetail("A condition computes a boolean from facts; it reads no tables."),
			 parser_errposition(checker->pstate, exprLocation(node))));
}

static bool
check_node(Node *node, Checker *checker)
{
	if (node == NULL)
		return false;

	switch (nodeTag(node))
	{
		case T_Var:
			checker->facts = bms_add_member(checker->facts, ((Var *) node)->varattno);
			return false;
		case T_FuncExpr:
			if (((FuncExpr *) node)->funcretset)
				refuse(checker, node, "a set-returning function");
			break;
		case T_OpExpr:
			if (((OpExpr *) node)->opretset)
				refuse(checker, node, "a set-returning operator");
			break;
		case T_Const:
		case T_NamedArgExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_RelabelType:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_ArrayExpr:
		case T_SubscriptingRef:
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_List:
			break;
		case T_Aggref:
		case T_GroupingFunc:
			refuse(checker, node, "an aggregate");
			break;
		case T_WindowFunc:
			refuse(checker, node, "a window function");
			break;
		case T_SQLValueFunction:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("CURRENT_DATE, CURRENT_USER and their like cannot be used in a condition"),
					 errdetail("The same facts could be decided differently."),
					 errhint("The decision's own time is triage.now()."),
					 parser_errposition(checker->pstate, exprLocation(node))));
			break;
		default:
			refuse(checker, node, "this expression");
	}

	if (!IsA(node, List) && !IsA(node, CaseWhen))
	{
		check_type(checker, node);
		checker->node = node;
		check_functions_in_node(node, check_function, checker);
	}
	return expression_tree_walker(node, check_node, checker);
}

/*
 * For raw_expression_tree_walker: subqueries are refused before they are
 * analysed, because they would have no table to take facts from.
 */
static bool
check_raw_node(Node *node, Checker *checker)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		refuse(checker, node, "a subquery");
	return raw_expression_tree_walker(node, check_raw_node, checker);
}

/* For check_functions_in_node: a leakproof function says nothing by an error, so it has none. */
static bool
function_may_throw(Oid function, void *context)
{
	return !get_func_leakproof(function);
}

/*
 * Whether evaluating may fail for some facts.  Errs on the side of true; what a
 * condition consists of mostly, comparisons, is known not to.
 */
static bool
may_throw(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_FuncExpr:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_BoolExpr:
		case T_RelabelType:
		case T_CollateExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_CoalesceExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_List:
			break;
		case T_ArrayExpr:
			if (((ArrayExpr *) node)->multidims)
				return true;
			break;
		default:
			return true;
	}
	if (!IsA(node, List) && !IsA(node, CaseWhen) && check_functions_in_node(node, function_may_throw, NULL))
		return true;
	return expression_tree_walker(node, may_throw, context);
}

/* ---- compiling ---- */

/* The one expression that the text is; throws for anything beside it. */
static Node *
parse_text(ParseState *pstate, const char *condition)
{
	List	   *parsed = raw_parser(condition, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = (SelectStmt *) linitial_node(RawStmt, parsed)->stmt;
	ResTarget  *target;

	if (!IsA(select, SelectStmt) || select->op != SETOP_NONE || select->distinctClause != NIL ||
		select->fromClause != NIL || select->whereClause != NULL || select->groupClause != NIL ||
		select->havingClause != NULL || select->windowClause != NIL || select->sortClause != NIL ||
		select->limitOffset != NULL || select->limitCount != NULL || select->lockingClause != NIL ||
		select->withClause != NULL || list_length(select->targetList) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a condition must be one boolean expression"),
				 errhint("For example: intent = 'refund' AND sentiment < -0.4")));
	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a condition must not have a name"),
				 parser_errposition(pstate, target->location)));
	return target->val;
}

/* Errors of the condition are shown in its own text. */
static void
show_condition(void *arg)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) arg);
	}
	else
		errcontext("condition \"%s\"", (const char *) arg);
}

/*
 * st_condition_compile
 *		Returns a condition that can be evaluated, palloc'd in the current
 *		context and not to outlive it.  Throws what is wrong with it, with the
 *		parser's own message and position.
 */
StCondition *
st_condition_compile(const char *condition, TupleDesc facts)
{
	ParseState *pstate = make_parsestate(NULL);
	Checker		checker = {.pstate = pstate};
	ErrorContextCallback callback;
	StCondition *compiled;
	Node	   *raw;
	Node	   *node;
	int			level;
	int			attnum = -1;

	if (strlen(condition) > ST_MAX_CONDITION_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a condition must not be longer than %d bytes", ST_MAX_CONDITION_BYTES)));

	callback.callback = show_condition;
	callback.arg = unconstify(char *, condition);
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	level = NewGUCNestLevel();
	for (int i = 0; i < lengthof(meaning); i++)
		(void) set_config_option(meaning[i].name, meaning[i].value, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);

	pstate->p_sourcetext = condition;
	pstate->p_pre_columnref_hook = resolve_column;
	pstate->p_ref_hook_state = facts;
	raw = parse_text(pstate, condition);
	check_raw_node(raw, &checker);
	node = transformExpr(pstate, raw, EXPR_KIND_OTHER);
	node = coerce_to_boolean(pstate, node, "a routing condition");
	assign_expr_collations(pstate, node);

	checker.extension = get_extension_oid("support_triage", false);
	check_node(node, &checker);

	compiled = palloc0(sizeof(StCondition));
	compiled->expression = (Node *) expression_planner((Expr *) node);
	compiled->state = ExecInitExpr((Expr *) compiled->expression, NULL);
	compiled->may_throw = may_throw(compiled->expression, NULL);
	compiled->uses_clock = checker.uses_clock;
	compiled->facts = palloc(Max(1, bms_num_members(checker.facts)) * sizeof(AttrNumber));
	while ((attnum = bms_next_member(checker.facts, attnum)) >= 0)
		compiled->facts[compiled->nfacts++] = attnum;

	AtEOXact_GUC(true, level);
	error_context_stack = callback.previous;
	return compiled;
}

/*
 * st_condition_holds
 *		Whether a condition is true of the facts in econtext->ecxt_scantuple.
 *		Throws what its functions throw.
 */
bool
st_condition_holds(const StCondition *condition, ExprContext *econtext, bool *is_null)
{
	Datum		value = ExecEvalExprSwitchContext(condition->state, econtext, is_null);

	return !*is_null && DatumGetBool(value);
}

typedef struct SoftCompile
{
	const char *condition;
	TupleDesc	facts;
	MemoryContext cxt;
	StCondition *compiled;
} SoftCompile;

/*
 * As the extension's owner: whoever causes the compilation, by inserting a
 * ticket, may have no right on schema triage.  The text was checked when it was
 * written, and compiling runs nothing of a user's; when it throws, the end of
 * the subtransaction restores the identity.
 */
static void
compile_guarded(void *arg)
{
	SoftCompile *soft = arg;
	MemoryContext old = MemoryContextSwitchTo(soft->cxt);
	Oid			user;
	int			sec_context;

	GetUserIdAndSecContext(&user, &sec_context);
	SetUserIdAndSecContext(st_extension_owner(), sec_context | SECURITY_LOCAL_USERID_CHANGE);
	soft->compiled = st_condition_compile(soft->condition, soft->facts);
	SetUserIdAndSecContext(user, sec_context);
	MemoryContextSwitchTo(old);
}

/*
 * st_condition_compile_soft
 *		The same for a condition that was checked when it was written: returns
 *		NULL, with *why, when it is not valid any more.
 */
StCondition *
st_condition_compile_soft(const char *condition, TupleDesc facts, char **why)
{
	SoftCompile soft = {condition, facts, CurrentMemoryContext, NULL};

	*why = NULL;
	(void) st_guarded(compile_guarded, &soft, why);
	return soft.compiled;
}
