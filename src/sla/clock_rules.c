/*-------------------------------------------------------------------------
 *
 * clock_rules.c
 *		One clock: when it is due, when to warn, what a change does to it.
 *
 * A clock has consumed some business time and, while it runs, consumes more
 * since an instant.  Its deadline and the instants of its warnings follow from
 * these two and the target, by the same function that reports use.
 *
 * Tickets come whatever has become of calendars: one that is gone counts as
 * open around the clock, one without hours gives no deadline.  Who changes
 * calendars under clocks that run is told (clock_time.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "sla/sla_inner.h"

const char *const st_clock_state_names[ST_NUM_CLOCK_STATES] = {
	"running", "paused", "met", "cancelled"
};

static StCalendar *
calendar_of(const StClock *clock)
{
	StCalendar *calendar = st_calendar_get(clock->calendar, true);

	return calendar != NULL ? calendar : st_calendar_get(NULL, false);
}

/* When a running clock will have consumed so much. */
static TimestampTz
when_consumed(StCalendar *calendar, const StClock *clock, int64 amount)
{
	return st_business_deadline(calendar, clock->running_since, Max(0, amount - clock->consumed));
}

/*
 * st_clock_schedule
 *		Computes the deadline and the next event of a running clock; others have
 *		none.  A clock that was breached has a deadline but waits for nothing.
 */
void
st_clock_schedule(StClock *clock)
{
	StCalendar *calendar;

	clock->next_event_at = 0;
	clock->due_at = 0;
	if (clock->state != ST_CLOCK_RUNNING)
		return;

	calendar = calendar_of(clock);
	if (!st_calendar_is_ever_open(calendar))
		return;
	clock->due_at = when_consumed(calendar, clock, clock->target);
	if (clock->breached_at != 0)
		return;
	if (clock->warned < clock->nwarnings)
		clock->next_event_at = when_consumed(calendar, clock,
											 clock->target / 100 * clock->warn_at[clock->warned]);
	else
		clock->next_event_at = clock->due_at;
}

/*
 * st_clock_begin
 *		Fills *clock for a target; strings and arrays are the policy's.
 */
void
st_clock_begin(StClock *clock, const StPolicy *policy, const StTarget *target, int32 cycle,
			   TimestampTz at, StPhase phase)
{
	memset(clock, 0, sizeof(*clock));
	clock->metric = target->metric;
	clock->cycle = cycle;
	clock->calendar = policy->calendar;
	clock->target = target->target;
	clock->nwarnings = policy->nwarnings;
	clock->warn_at = policy->warn_at;
	clock->paused_in = target->paused_in;
	clock->started_at = at;
	clock->state = ST_CLOCK_PAUSED;
	if ((target->paused_in & 1 << phase) == 0)
		st_clock_run(clock, at);
}

/* Lets a clock run from an instant on, also one that was met: the ticket was reopened. */
void
st_clock_run(StClock *clock, TimestampTz at)
{
	if (clock->state == ST_CLOCK_RUNNING)
		return;
	clock->state = ST_CLOCK_RUNNING;
	clock->running_since = at;
	clock->finished_at = 0;
	st_clock_schedule(clock);
}

/* Takes what a running clock consumed up to an instant. */
static void
take_consumed(StClock *clock, TimestampTz at)
{
	if (clock->state != ST_CLOCK_RUNNING)
		return;
	clock->consumed += Max(0, st_business_elapsed(calendar_of(clock), clock->running_since, at));
	if (clock->consumed > clock->target && clock->breached_at == 0 && clock->due_at != 0)
		clock->breached_at = clock->due_at;
}

void
st_clock_pause(StClock *clock, TimestampTz at)
{
	if (clock->state != ST_CLOCK_RUNNING)
		return;
	take_consumed(clock, at);
	clock->state = ST_CLOCK_PAUSED;
	st_clock_schedule(clock);
}

/* Ends a clock as met or cancelled. */
void
st_clock_finish(StClock *clock, StClockState state, TimestampTz at)
{
	take_consumed(clock, at);
	clock->state = state;
	clock->finished_at = at;
	st_clock_schedule(clock);
}

/*
 * st_clock_look
 *		What has become due of a running clock by now: its deadline, or the last
 *		of its warnings that were not given (*percent); earlier ones are left
 *		out.  Computes when to look again.
 */
StClockEvent
st_clock_look(StClock *clock, TimestampTz now, int16 *percent)
{
	StClockEvent event = ST_CLOCK_NOTHING;

	if (clock->next_event_at == 0)
		return ST_CLOCK_NOTHING;
	if (clock->due_at <= now)
	{
		clock->breached_at = clock->due_at;
		clock->warned = clock->nwarnings;
		clock->next_event_at = 0;
		return ST_CLOCK_BREACH;
	}
	while (clock->warned < clock->nwarnings && clock->next_event_at <= now)
	{
		event = ST_CLOCK_WARNING;
		*percent = clock->warn_at[clock->warned++];
		st_clock_schedule(clock);
	}
	return event;
}
