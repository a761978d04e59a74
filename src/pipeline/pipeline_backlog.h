/*-------------------------------------------------------------------------
 *
 * pipeline_backlog.h
 *		What the two files that empty triage.backlog share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_PIPELINE_BACKLOG_H
#define ST_PIPELINE_BACKLOG_H

#include "pipeline/pipeline_inner.h"

/* How a noted ticket fared. */
typedef enum StNotedFate
{
	ST_NOTED_DONE,				/* decided, or there is nothing to decide */
	ST_NOTED_HELD,				/* somebody is changing it: later */
	ST_NOTED_FAILED				/* later, or never */
} StNotedFate;

/* A ticket of the backlog.  If it is noted several times the first stands for all. */
typedef struct StNoted
{
	int64		position;		/* in the order of arrival */
	int32		source_id;
	bool		again;			/* also when another note of the ticket says
								 * so */
	int16		attempts;
	TimestampTz noted_at;
	text	   *tenant;
	text	   *key;
	int			notes;			/* for how many it stands */

	/* while it is decided */
	int			row;			/* in what was read; -1: not there */
	bool		has_decision;
	TimestampTz decided_at;

	/* and afterwards */
	StNotedFate fate;
	TimestampTz next_try;		/* unless done */
	const char *error;			/* of a failure */
} StNoted;

extern int	st_noted_compare(const StNoted *a, const StNoted *b);
extern void st_noted_decide(StNoted **tickets, int n);
extern void st_noted_give_up(StNoted *ticket, const char *why);

#endif							/* ST_PIPELINE_BACKLOG_H */
