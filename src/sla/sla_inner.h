/*-------------------------------------------------------------------------
 *
 * sla_inner.h
 *		Policies and clocks as the files of sla/ share them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_SLA_INNER_H
#define ST_SLA_INNER_H

#include "postgres.h"

#include "core/condition.h"
#include "sla/sla.h"

extern const char *const st_metric_names[ST_NUM_METRICS];
extern const char *const st_phase_names[ST_NUM_PHASES];

/* A promise for tickets of at least a priority. */
typedef struct StTarget
{
	StMetric	metric;
	int16		min_priority;
	int64		target;			/* microseconds; 0: none */
	uint8		paused_in;		/* bits of StPhase */
} StTarget;

struct StPolicy
{
	int32		policy_id;
	int32		version;
	int32		position;
	bool		enabled;
	char	   *name;
	char	   *calendar;		/* NULL: around the clock */
	char	   *words;			/* the condition as it is written */
	StCondition *condition;		/* NULL: all tickets */
	char	   *broken;			/* why the condition cannot be evaluated */
	int			nwarnings;
	int16	   *warn_at;
	int			ntargets;
	StTarget   *targets;		/* by metric, largest min_priority first */
};

extern void st_policy_init(void) pg_attribute_cold;
extern bool st_metric_of_replies(StMetric metric);
extern bool st_metric_at_creation(StMetric metric);
extern TimestampTz st_clock_creation(TimestampTz created_at, TimestampTz now);
extern const StPolicy *st_policy_by_id(int32 policy_id);
extern const StTarget *st_policy_target(const StPolicy *policy, StMetric metric, int16 priority);

/* ---- one clock (clock_rules.c) ---- */

typedef enum StClockState
{
	ST_CLOCK_RUNNING,
	ST_CLOCK_PAUSED,
	ST_CLOCK_MET,
	ST_CLOCK_CANCELLED
} StClockState;

#define ST_NUM_CLOCK_STATES	4

typedef enum StClockEvent
{
	ST_CLOCK_NOTHING,
	ST_CLOCK_WARNING,
	ST_CLOCK_BREACH
} StClockEvent;

extern const char *const st_clock_state_names[ST_NUM_CLOCK_STATES];

/* What changes of a row of triage.sla_clock, and what its changes depend on. */
typedef struct StClock
{
	StMetric	metric;
	int32		cycle;
	char	   *calendar;
	int64		target;
	int			nwarnings;
	int16	   *warn_at;
	uint8		paused_in;
	StClockState state;
	TimestampTz started_at;
	TimestampTz running_since;
	int64		consumed;
	TimestampTz due_at;			/* 0: none */
	int16		warned;
	TimestampTz next_event_at;	/* 0: none */
	TimestampTz breached_at;	/* 0: not */
	TimestampTz finished_at;	/* 0: not */
} StClock;

extern void st_clock_begin(StClock *clock, const StPolicy *policy, const StTarget *target,
						   int32 cycle, TimestampTz at, StPhase phase);
extern void st_clock_run(StClock *clock, TimestampTz at);
extern void st_clock_pause(StClock *clock, TimestampTz at);
extern void st_clock_finish(StClock *clock, StClockState state, TimestampTz at);
extern void st_clock_schedule(StClock *clock);
extern StClockEvent st_clock_look(StClock *clock, TimestampTz now, int16 *percent);

/* ---- clocks as rows (clock_rows.c) ---- */

/* A clock with the row it is of. */
typedef struct StClockRow
{
	StClockTicket ticket;
	StClock		clock;
} StClockRow;

/*
 * st_clock_rows
 *		Clocks that a condition on triage.sla_clock selects, locked, palloc'd;
 *		between SPI_connect and SPI_finish.  tail follows the condition: ORDER
 *		BY and the like, and how to lock.
 */
extern StClockRow *st_clock_rows(const char *condition, const char *tail, int nargs, Oid *types,
								 Datum *values, int *n);
extern StClockRow *st_clock_lock(const StClockTicket *ticket, int *n);
extern void st_clock_store(const StClockTicket *ticket, const StClock *clock);
extern void st_clock_store_promise(const StClockTicket *ticket, const StClock *clock, const StPolicy *policy);
extern void st_clock_add(StTableWriter *writer, const StClockTicket *ticket, const StPolicy *policy,
						 const StClock *clock);
extern Datum st_interval_datum(int64 microseconds);

#endif							/* ST_SLA_INNER_H */
