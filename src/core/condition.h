/*-------------------------------------------------------------------------
 *
 * condition.h
 *		Conditions of rules and policies: boolean SQL expressions over facts.
 *		See condition.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_CONDITION_H
#define ST_CONDITION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/execnodes.h"

/* Bytes of a condition's text. */
#define ST_MAX_CONDITION_BYTES	10000

typedef struct StCondition
{
	ExprState  *state;
	Node	   *expression;		/* as planned; facts are Vars of relation 1 */
	bool		may_throw;		/* calls something that can fail on some facts */
	bool		uses_clock;		/* calls triage.now() */
	int			nfacts;			/* facts that it reads */
	AttrNumber *facts;			/* their attribute numbers, ascending */
} StCondition;

extern StCondition *st_condition_compile(const char *condition, TupleDesc facts);
extern StCondition *st_condition_compile_soft(const char *condition, TupleDesc facts, char **why);
extern bool st_condition_holds(const StCondition *condition, ExprContext *econtext, bool *is_null);

#endif							/* ST_CONDITION_H */
