/*-------------------------------------------------------------------------
 *
 * routing_condition.h
 *		Conditions of rules: boolean SQL expressions over triage.facts.  Private
 *		to routing/.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ROUTING_CONDITION_H
#define ST_ROUTING_CONDITION_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "nodes/execnodes.h"

/* Bytes of a condition's text. */
#define ST_MAX_CONDITION_BYTES	10000

typedef struct StCondition
{
	ExprState  *state;
	int			nfacts;			/* facts that it reads */
	AttrNumber *facts;			/* their attribute numbers, ascending */
} StCondition;

/* The row type triage.facts, copied into the current context. */
extern TupleDesc st_facts_tupdesc(void);

extern StCondition *st_condition_compile(const char *condition, TupleDesc facts);
extern bool st_condition_holds(const StCondition *condition, ExprContext *econtext, bool *is_null);

#endif							/* ST_ROUTING_CONDITION_H */
