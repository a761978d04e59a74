/*-------------------------------------------------------------------------
 *
 * escalation.h
 *		The queue of tickets that a person must see now, as the pipeline uses
 *		it.
 *
 * All of these write as the current user: the caller has taken the owner's
 * identity.  Strings are in the database encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ESCALATION_H
#define ST_ESCALATION_H

#include "postgres.h"

typedef struct StEscalation
{
	text	   *tenant_id;
	int32		source_id;
	text	   *ticket_key;
	const char *cause;
	const char *reason;
	int16		priority;		/* ST_PRIORITY_MIN to ST_PRIORITY_MAX */
	int32		queue_id;		/* 0: none */
} StEscalation;

/* Once a backend: settings. */
extern void st_escalation_init(void) pg_attribute_cold;

/*
 * st_escalation_enqueue
 *		Queues them; those whose ticket and cause are open already are left as
 *		they are, and so are those of a cause that cools down.  Returns how many are new.  Listeners on triage_escalation
 *		are told once a transaction.
 */
extern int	st_escalation_enqueue(const StEscalation *items, int n);

/*
 * st_escalation_enqueue_one
 *		The same for one.  Returns its identity, or that of the one in its way.
 */
extern int64 st_escalation_enqueue_one(const StEscalation *item);

/*
 * st_escalation_forget
 *		Removes the open escalations and dead letters of tickets that are gone; tenants and keys
 *		are text[] of the same length.
 */
extern void st_escalation_forget(int32 source_id, Datum tenants, Datum keys);

/* Forgets those of all tickets of a source, and the closed ones when asked. */
extern void st_escalation_forget_source(int32 source_id, bool closed_too);

/* A ticket has another key (or tenant): its escalations go with it. */
extern void st_escalation_rekey(int32 source_id, text *old_tenant, text *old_key,
								text *new_tenant, text *new_key);

#endif							/* ST_ESCALATION_H */
