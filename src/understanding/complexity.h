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

typedef struct StLines
{
	int			items;			/* of lists, steps */
	int			logs;			/* lines that a machine wrote */
	int			questions;		/* question marks of other scripts */
} StLines;

extern void st_read_lines(const StDocument *doc, StLines *out);

#endif							/* ST_COMPLEXITY_H */
