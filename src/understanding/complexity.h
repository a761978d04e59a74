/*-------------------------------------------------------------------------
 *
 * complexity.h
 *		What the files of complexity share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_COMPLEXITY_H
#define ST_COMPLEXITY_H

#include "understanding/understanding.h"

/* Characters of the document: the first, and the first behind. */
typedef struct StPart
{
	int			start;
	int			end;
} StPart;

typedef struct StLines
{
	int			items;			/* of lists, steps */
	int			logs;			/* lines that a machine wrote */
	int			questions;		/* question marks of other scripts, elsewhere */
	StPart	   *parts;			/* those lines, in order */
	int			nparts;
	int			parts_size;
} StLines;

extern void st_read_lines(const StDocument *doc, StLines *out);

#endif							/* ST_COMPLEXITY_H */
