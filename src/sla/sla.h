/*-------------------------------------------------------------------------
 *
 * sla.h
 *		Calendars and business time, as other rooms use them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_SLA_H
#define ST_SLA_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/execnodes.h"

#include "core/core.h"

extern void st_sla_init(void) pg_attribute_cold;

typedef struct StCalendar StCalendar;

/*
 * The calendar of a name, NULL the one that is always open; valid until the end of the transaction.  NULL when
 * there is none and missing_ok; throws otherwise, naming those that there are.
 */
extern StCalendar *st_calendar_get(const char *name, bool missing_ok);
extern bool st_calendar_is_ever_open(const StCalendar *calendar);

/*
 * Business time; see business_time.c.  Both throw for a calendar that is never
 * open and for what lies beyond the years that calendars cover.
 */
extern TimestampTz st_business_deadline(StCalendar *calendar, TimestampTz start, int64 duration);
extern int64 st_business_elapsed(StCalendar *calendar, TimestampTz from, TimestampTz until);

/* ---- policies (policy.c) ---- */

/* In the order of the SQL enums. */
typedef enum StMetric
{
	ST_FIRST_REPLY,
	ST_NEXT_REPLY,
	ST_PERIODIC_UPDATE,
	ST_REQUESTER_WAIT,
	ST_AGENT_WORK,
	ST_RESOLUTION
} StMetric;

#define ST_NUM_METRICS	6

typedef enum StPhase
{
	ST_PHASE_OPEN,
	ST_PHASE_PENDING,
	ST_PHASE_ON_HOLD,
	ST_PHASE_SOLVED
} StPhase;

#define ST_NUM_PHASES	4

typedef enum StAuthorKind
{
	ST_AUTHOR_CUSTOMER,
	ST_AUTHOR_AGENT,
	ST_AUTHOR_BOT,
	ST_AUTHOR_SYSTEM
} StAuthorKind;

#define ST_NUM_AUTHORS	4

typedef struct StPolicy StPolicy;

/*
 * The policies there are, in order of trying: valid until the end of the
 * transaction.  st_policy_holds says whether one is for the facts in
 * econtext->ecxt_scantuple; it throws what its condition throws.
 * st_policy_tests says whether it is enabled and has one.
 */
extern const StPolicy *const *st_policies(int *n);
extern bool st_policy_holds(const StPolicy *policy, ExprContext *econtext);
extern bool st_policy_tests(const StPolicy *policy);
extern const StPolicy *st_policy_by_name(const char *name);
extern const char *st_policy_broken(const StPolicy *policy);
extern bool st_policy_enabled(const StPolicy *policy);
extern const char *st_policy_condition(const StPolicy *policy);
extern int32 st_policy_id(const StPolicy *policy);
extern const char *st_policy_name(const StPolicy *policy);

/*
 * Microseconds of [from, until) as the policy of an id counts them: business time
 * of its calendar.  Around the clock where the policy or its calendar is gone, has
 * none, or one that is never open.
 */
extern int64 st_policy_elapsed(int32 policy_id, TimestampTz from, TimestampTz until);

/* What a status means; NULL is open. */
extern StPhase st_status_phase(const char *status);

/* ---- clocks (clock*.c) ---- */

typedef struct StClockTicket
{
	text	   *tenant_id;
	int32		source_id;
	text	   *ticket_key;
	int16		priority;
	int32		policy_id;		/* of its decision; 0: that of its clocks */
} StClockTicket;

/* A writer of triage.sla_clock, and the clocks of a new ticket put into it. */
extern StTableWriter *st_clock_writer_begin(void);
extern void st_clocks_start(StTableWriter *writer, const StPolicy *policy, const StClockTicket *ticket,
							TimestampTz created_at, StPhase phase, bool past);

/*
 * What happens to a ticket afterwards; between SPI_connect and SPI_finish.
 * st_clocks_decided is for one that was decided again: policy may be another,
 * or NULL, and the priority too.  st_clocks_reopened is for one that was solved
 * and is open again, after or before st_clocks_status: it begins the clocks that
 * the ticket was never given, by the policy and priority that *ticket names.
 */
extern void st_clocks_decided(const StClockTicket *ticket, const StPolicy *policy,
							  TimestampTz created_at, StPhase phase);
extern void st_clocks_status(const StClockTicket *ticket, StPhase phase, TimestampTz at);
extern void st_clocks_reopened(const StClockTicket *ticket, StPhase phase, TimestampTz at);
extern void st_clocks_message(const StClockTicket *ticket, StAuthorKind author, TimestampTz at);

/*
 * Clocks of tickets that are gone (text[] of the same length), of all tickets
 * of a source, or that go with a ticket to another key.
 */
extern void st_clocks_forget(int32 source_id, Datum tenants, Datum keys);
extern void st_clocks_forget_source(int32 source_id);
extern void st_clocks_rekey(int32 source_id, text *old_tenant, text *old_key,
							text *new_tenant, text *new_key);

#endif							/* ST_SLA_H */
