/*-------------------------------------------------------------------------
 *
 * core.h
 *		What every room of support_triage may use: names of the extension's own
 *		objects and the one clock.
 *
 * Rooms depend one way (core, text, model, understanding, sla, routing,
 * escalation, pipeline, ...): a room includes only the <room>.h of itself and
 * of lower rooms.  Symbols shared between files begin with st_, types with St.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_CORE_H
#define ST_CORE_H

#include "access/attnum.h"
#include "datatype/timestamp.h"

/* The schema that holds everything (fixed in the control file). */
#define ST_SCHEMA "triage"

extern void st_core_init(void);

/* The present, as every room sees it: see clock.c. */
extern TimestampTz st_now(void);

/* OIDs of the extension's own objects: see names.c. */
extern Oid	st_schema_oid(bool missing_ok);
extern Oid	st_relation_oid(const char *relname, bool missing_ok);
extern Oid	st_type_oid(const char *typname);
extern Oid	st_extension_owner(void);
extern AttrNumber st_attnum(Oid relid, const char *attname);

#endif							/* ST_CORE_H */
