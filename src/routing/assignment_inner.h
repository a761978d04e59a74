/*-------------------------------------------------------------------------
 *
 * assignment_inner.h
 *		What the files agent*.c and assignment*.c share.
 *
 * Locks are taken in one order, so that nobody waits in a circle: the row of
 * triage.agent_presence, then that of triage.agent_work, then rows of
 * triage.assignment; rows of triage.waiting are never waited for by who holds
 * another's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ASSIGNMENT_INNER_H
#define ST_ASSIGNMENT_INNER_H

#include "postgres.h"

#include "access/genam.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "nodes/lockoptions.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "core/core.h"
#include "routing/assignment.h"

/* ---- settings (agent_cache.c) ---- */

typedef struct StSpan
{
	TimestampTz from;
	TimestampTz until;			/* exclusive */
} StSpan;

typedef struct StAgentSkill
{
	char	   *skill;
	int16		level;
} StAgentSkill;

typedef struct StAgentQueue
{
	int32		queue_id;
	int32		position;
} StAgentQueue;

typedef struct StAgentChannel
{
	char	   *channel;
	int32		max_tickets;
} StAgentChannel;

typedef struct StAgent
{
	int32		agent_id;
	char	   *name;
	bool		active;
	int32		capacity;
	int32		ramp_in;		/* negative: no limit */
	int64		ramp_after;
	int			nlanguages;		/* negative: any */
	char	  **languages;
	int			nskills;
	StAgentSkill *skills;
	int			nqueues;
	StAgentQueue *queues;		/* by position */
	int			nchannels;
	StAgentChannel *channels;
	bool		has_shift;
	int			ncalendars;
	char	  **calendars;
	int			nshifts;
	StSpan	   *shifts;
	int			nleaves;
	StSpan	   *leaves;
} StAgent;

typedef struct StStaff
{
	int			n;
	StAgent    *agents;			/* by name */
	StAgent   **by_id;
} StStaff;

typedef struct StQueueWait
{
	int32		queue_id;
	char	   *name;
	float4		ageing;
	int64		max_wait;		/* negative: none */
	int32		overflow;		/* 0: none */
	int64		language_after; /* negative: never */
} StQueueWait;

/* Valid until the end of the transaction. */
extern const StStaff *st_staff(void);
extern uint64 st_staff_generation(void);
extern const StAgent *st_agent_by_name(const char *name);
extern const StAgent *st_agent_by_id(int32 agent_id);
extern const StAgent *st_agent_need(const char *name);
extern const StQueueWait *st_queue_waits(int *n);
extern const StQueueWait *st_queue_wait(int32 queue_id);
extern const StQueueWait *st_queue_wait_by_name(const char *name);
extern int16 st_channel_units(text *channel);
extern bool st_agent_serves(const StAgent *agent, int32 queue_id);
extern bool st_agent_is_on_shift(const StAgent *agent, TimestampTz now);
extern bool st_agent_is_on_leave(const StAgent *agent, TimestampTz now);
extern int	st_agent_channel(const StAgent *agent, const text *channel);

/* ---- a ticket that waits (assignment_rows.c) ---- */

/* A row of triage.waiting; its values point into the tuple it was read from. */
typedef struct StWaiting
{
	ItemPointerData tid;
	int64		waiting_id;
	text	   *tenant_id;
	int32		source_id;
	text	   *ticket_key;
	int32		queue_id;
	TimestampTz rank;
	TimestampTz since;
	TimestampTz queued_at;
	int16		priority;
	int16		units;
	text	   *channel;
	text	   *language;
	int32		preferred_agent_id; /* 0: none */
	Datum		skills;			/* text[]; 0: NULL, and so the next two */
	Datum		skill_levels;
	Datum		skill_drop_after;
} StWaiting;

/* The tables of assignment, opened for a call. */
typedef struct StFloor
{
	TimestampTz now;
	Snapshot	snapshot;
	Relation	waiting;
	Relation	next;			/* waiting_next */
	Relation	load;
	Relation	load_key;
	TupleTableSlot *load_slot;
} StFloor;

/* A row of triage.agent_work. */
typedef struct StLoad
{
	int32		agent_id;
	bool		exists;
	bool		locked;
	ItemPointerData tid;
	int32		units;
	int32		tickets;
	int32		ramp_left;
	TimestampTz ramp_until;
	TimestampTz last_assigned_at;
} StLoad;

extern void st_floor_open(StFloor *floor);
extern void st_floor_close(StFloor *floor);
extern void st_floor_refresh(StFloor *floor);
extern void st_waiting_read(StWaiting *row, TupleTableSlot *slot);
extern bool st_waiting_take(StFloor *floor, const StWaiting *row);
extern bool st_waiting_find(StFloor *floor, text *tenant_id, int32 source_id, text *ticket_key,
							TupleTableSlot *slot, StWaiting *row);
extern void st_waiting_write(StTableWriter *writer, const StWaiting *row);
extern StTableWriter *st_waiting_table_writer(void);
extern int64 st_waiting_next_id(void);
extern TimestampTz st_waiting_rank(TimestampTz since, int16 priority, float4 ageing);
extern bool st_assignment_write(StFloor *floor, const StWaiting *row, int32 agent_id, const char *reason);
extern int	st_assignment_count(StFloor *floor, int32 agent_id, const text *channel);
extern bool st_texts_match(const text *a, const text *b);

/* ---- load (assignment_load.c) ---- */

/* An agent to whom tickets are given, with what they have. */
typedef struct StWorker
{
	const StAgent *agent;
	StLoad		load;
	bool		changed;		/* the load is to be written */
	int		   *channel_tickets;	/* for each of agent->channels; -1: not
									 * counted yet */
} StWorker;

extern void st_load_read(StFloor *floor, int32 agent_id, StLoad *load);
extern bool st_load_lock(StFloor *floor, StLoad *load, LockWaitPolicy wait);
extern void st_load_write(StFloor *floor, StLoad *load);
extern void st_worker_init(StFloor *floor, StWorker *worker, const StAgent *agent);
extern bool st_worker_lock(StFloor *floor, StWorker *worker, LockWaitPolicy wait);
extern int	st_worker_spare(const StWorker *worker, TimestampTz now);
extern bool st_worker_has_room(StFloor *floor, StWorker *worker, const StWaiting *row);
extern void st_worker_took(StFloor *floor, StWorker *worker, const StWaiting *row);

/* ---- who may take what (agent_match.c) ---- */

typedef enum StMatch
{
	ST_MATCH,
	ST_MATCH_NOT_QUEUE,
	ST_MATCH_NOT_LANGUAGE,
	ST_MATCH_NOT_SKILL,
	ST_MATCH_NOT_CAPACITY
} StMatch;

/* What a ticket needs, in a form that is quick to compare. */
typedef struct StNeeds
{
	int			nskills;
	struct
	{
		const char *skill;
		int			length;
		int16		level;
		int64		drop_after;
	}			skills[ST_MAX_SKILLS];
} StNeeds;

extern void st_needs_read(StNeeds *needs, const StWaiting *row);
extern StMatch st_agent_match(const StAgent *agent, const StWaiting *row, const StNeeds *needs,
							  const StQueueWait *queue, TimestampTz now, int *met, const char **lacks);
extern uint64 st_needs_hash(const StWaiting *row);
extern bool st_anybody_could(const StWaiting *row);
extern char *st_needs_words(const StWaiting *row);
extern const char *st_why_nobody(const StWaiting *row);
extern void st_alert_unless_somebody_could(const StWaiting *row);

/* ---- presence (agent_presence.c) ---- */

typedef struct StPresence
{
	int32		agent_id;
	bool		available;		/* and not expired */
	bool		known;			/* has a row */
	bool		expired;		/* past its end */
	char		word[16];		/* what the agent said last */
	TimestampTz since;			/* since when; the end of one that expired */
} StPresence;

extern void st_presence_read(int32 agent_id, TimestampTz now, StPresence *presence);
extern StPresence *st_presence_all(TimestampTz now, int *n);
extern bool st_agent_is_there(const StAgent *agent, TimestampTz now);

/* ---- statements with kept plans (assignment_statement.c) ---- */

typedef struct StKept
{
	const char *sql;
	int			nargs;
	Oid			argtypes[8];
	SPIPlanPtr	plan;
} StKept;

extern uint64 st_kept_run(StKept *kept, Datum *values, const char *nulls);
extern Datum st_kept_value(int row, int column, bool *isnull);
extern void st_need_rights(const char *relname, AclMode rights);
extern void st_need_write(const char *function);

#define ST_TICKET_IS(alias) \
	alias "tenant_id OPERATOR(pg_catalog.=) $1 AND " alias "source_id OPERATOR(pg_catalog.=) $2" \
	" AND " alias "ticket_key OPERATOR(pg_catalog.=) $3"

/* ---- back to the queue (assignment_ticket.c) ---- */

extern int	st_agent_release_all(const StAgent *agent, const char *why);

/* Forgets where claims of this backend go on (assignment_claim.c). */
extern void st_claims_from_the_start(void);

#endif							/* ST_ASSIGNMENT_INNER_H */
