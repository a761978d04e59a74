/*-------------------------------------------------------------------------
 *
 * assignment.h
 *		Tickets that wait for a person, and who has them, as higher rooms use
 *		them.
 *
 * Strings are in the database encoding.  All of these write as the current
 * user: a trigger has taken the owner's identity before.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ASSIGNMENT_H
#define ST_ASSIGNMENT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

/* A ticket needs at most so many skills; more are an error. */
#define ST_MAX_SKILLS		16

#define ST_SKILL_LEVEL_MIN	1
#define ST_SKILL_LEVEL_MAX	10

typedef struct StSkillNeed
{
	const char *skill;
	int16		level;			/* at least */
	int64		drop_after;		/* microseconds of waiting; negative: never */
} StSkillNeed;

/* An array of needs as people write it; see assignment_waiting.c. */
extern int	st_skill_needs_read(Jsonb *skills, StSkillNeed *needs, bool must_exist);

/* A ticket that begins to wait. */
typedef struct StWaitingTicket
{
	text	   *tenant_id;
	int32		source_id;
	text	   *ticket_key;
	int32		queue_id;
	int16		priority;
	TimestampTz since;			/* 0: now */
	text	   *channel;		/* NULL: none; so below */
	text	   *language;
	int			nskills;
	const StSkillNeed *skills;
} StWaitingTicket;

/*
 * Many tickets at once: those that wait or have an owner already must not be
 * among them (those that wait are left out; see st_waiting_put).  What no agent
 * could ever take raises an alert.  end returns how many were written.
 */
typedef struct StWaitingWriter StWaitingWriter;

extern StWaitingWriter *st_waiting_writer_begin(void);
extern void st_waiting_add(StWaitingWriter *writer, const StWaitingTicket *ticket);
extern int64 st_waiting_writer_end(StWaitingWriter *writer);

/*
 * st_waiting_put
 *		One ticket, decided again perhaps: one that waits already goes on
 *		waiting since when it did, with its new queue, priority and needs; one
 *		that has an owner stays theirs.  Returns whether it waits.
 */
extern bool st_waiting_put(const StWaitingTicket *ticket);

/*
 * st_waiting_decided_again
 *		The same for one that was decided again: one that had an owner and waits
 *		no longer is done, and stays so.
 */
extern bool st_waiting_decided_again(const StWaitingTicket *ticket);

/*
 * Tickets that wait no longer: one, or many (text[] of the same length) that
 * are gone, with their assignments.
 */
extern bool st_waiting_remove(text *tenant_id, int32 source_id, text *ticket_key);
extern void st_assignment_forget(int32 source_id, Datum tenants, Datum keys);
extern void st_assignment_forget_source(int32 source_id);

/* A ticket has another key (or tenant): where it waits, and who has it, goes with it. */
extern void st_assignment_rekey(int32 source_id, text *old_tenant, text *old_key,
								text *new_tenant, text *new_key);

/*
 * What happens to a ticket: each returns false when there was nothing to do.
 * st_ticket_complete ends waiting and ownership.  st_ticket_release gives it
 * back to its queue.  st_ticket_reopen gives it to its last agent if they are
 * there and have room (*agent is then their name, palloc'd), else to its queue.
 */
extern bool st_ticket_complete(text *tenant_id, int32 source_id, text *ticket_key, const char *why);
extern bool st_ticket_release(text *tenant_id, int32 source_id, text *ticket_key, const char *why);
extern bool st_ticket_reopen(text *tenant_id, int32 source_id, text *ticket_key, const char *why,
							 char **agent);

/* For the tick; each returns how many. */
extern int	st_assign_tickets(int batch);
extern int	st_return_lost_tickets(void);
extern int	st_overflow_tickets(int batch);
extern int	st_check_waiting(void);

/* triage.alert: raising one that is open, or resolving one that is not, does nothing. */
extern bool st_alert_raise(const char *kind, const char *subject, const char *detail);
extern bool st_alert_resolve(const char *kind, const char *subject);

#endif							/* ST_ASSIGNMENT_H */
