/*-------------------------------------------------------------------------
 *
 * lexicon_table.c
 *		The shipped phrases: tables that tools/lexicon.pl writes from the files
 *		of src/understanding/lexicon.
 *
 * They hold offsets and no pointers, so that all backends share them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/lexicon_inner.h"

#ifndef __cppcheck__
#include "understanding/lexicon/table.inc"
#endif
