/*-------------------------------------------------------------------------
 *
 * entities_inner.h
 *		What the files entit*.c share: triage.entity_kind as a backend holds it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_ENTITIES_INNER_H
#define ST_ENTITIES_INNER_H

#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"

#include "understanding/pii_inner.h"

typedef enum EntityCase
{
	ENTITY_CASE_SAME,
	ENTITY_CASE_LOWER,
	ENTITY_CASE_UPPER
} EntityCase;

/* A column whose values are looked up. */
typedef struct EntityColumn
{
	Oid			type;			/* no domain */
	Oid			array;			/* of it */
	int16		length;
	bool		by_value;
	char		align;
	FmgrInfo	input;
	Oid			ioparam;
	FmgrInfo	output;
	char	   *equals;			/* "schema.=" as OPERATOR() takes it */
	char	   *collate;		/* a COLLATE clause, or "" */
} EntityColumn;

typedef struct EntityKind
{
	const char *name;
	Oid			relid;
	const char *key;			/* names of columns */
	const char *requester;		/* NULL: belongs to nobody */
	PiiPattern *pattern;		/* NULL: any words */
	EntityCase	letters;
	int			max_words;

	/* made when it is first looked up, and again when the table changed */
	bool		ready;
	MemoryContext context;		/* of the following */
	SPIPlanPtr	plan;
	EntityColumn key_column;
	EntityColumn requester_column;
} EntityKind;

typedef struct EntityKinds
{
	MemoryContext context;
	int			n;
	EntityKind *kind;			/* those that are enabled, by name */
} EntityKinds;

extern EntityKinds *st_entity_kinds(void);
extern void st_entity_prepare(EntityKinds *all, EntityKind *kind);

#endif							/* ST_ENTITIES_INNER_H */
