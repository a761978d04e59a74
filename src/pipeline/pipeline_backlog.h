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

/* An entry of the backlog.  Of several of one ticket the first stands for all. */
typedef struct StNoted
{
	int64		id;
	int32		source_id;
	bool		again;			/* also when another entry of the ticket says
								 * so */
	int16		attempts;
	TimestampTz noted_at;
	text	   *tenant;
	text	   *key;
	struct StNoted *next;		/* of the same ticket */

	/* while its ticket is decided */
	int			row;			/* in what was read; -1: not there */
	bool		has_decision;
	TimestampTz decided_at;
} StNoted;

/* One call. */
typedef struct StBacklog
{
	MemoryContext cxt;			/* lives as long as the call */
	TimestampTz now;
	bool		more;			/* the batch was full */
	int64		removed;		/* entries */
} StBacklog;

extern int	st_backlog_compare(const StNoted *a, const StNoted *b);
extern Datum st_backlog_identities(StNoted **tickets, int n, int *count);
extern int	st_backlog_remove(StNoted **tickets, int n);
extern void st_backlog_postpone(StBacklog *b, StNoted **tickets, int n);
extern int	st_backlog_decide(StBacklog *b, StNoted **tickets, int n);
extern int	st_backlog_give_up(StBacklog *b, StNoted **tickets, int n, const char *why);

#endif							/* ST_PIPELINE_BACKLOG_H */
