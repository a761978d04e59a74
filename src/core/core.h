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
#include "access/htup.h"
#include "access/tableam.h"
#include "commands/trigger.h"
#include "datatype/timestamp.h"

/* The schema that holds everything (fixed in the control file). */
#define ST_SCHEMA "triage"

extern void st_core_init(void) pg_attribute_cold;

/* The present, as every room sees it: see clock.c. */
extern TimestampTz st_now(void);
extern TimestampTz st_clock_borrow(TimestampTz now);

/* OIDs of the extension's own objects: see names.c. */
extern Oid	st_schema_oid(bool missing_ok);
extern Oid	st_relation_oid(const char *relname, bool missing_ok);
extern Oid	st_type_oid(const char *typname);
extern Oid	st_enum_oid(Oid type, const char *label);
extern Oid	st_extension_owner(void);
extern AttrNumber st_attnum(Oid relid, const char *attname);

/* One of the extension's own tables, read from front to back: see table_scan.c. */
typedef struct StTableScan
{
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
} StTableScan;

extern void st_scan_begin(StTableScan *scan, Oid relid);
extern bool st_scan_next(StTableScan *scan);
extern void st_scan_end(StTableScan *scan);
extern Datum st_scan_value(StTableScan *scan, const char *column, bool *isnull);
extern text *st_scan_text(StTableScan *scan, const char *column);
extern char *st_scan_cstring(StTableScan *scan, const char *column);
extern int32 st_scan_int32(StTableScan *scan, const char *column, int32 if_null);
extern bool st_scan_bool(StTableScan *scan, const char *column);
extern Datum st_row_value(Relation rel, HeapTuple row, const char *column, bool *isnull);
extern char *st_row_cstring(Relation rel, HeapTuple row, const char *column);

/* Being told of changed relations: see invalidation.c. */
typedef void (*StRelationChanged) (Datum arg, Oid relid);

extern void st_on_relation_change(StRelationChanged function, Datum arg);

/* What a backend keeps of settings tables: see config_cache.c. */
#define ST_CONFIG_MAX_TABLES	8

typedef struct StConfigCache
{
	const char *tables[ST_CONFIG_MAX_TABLES];	/* of schema triage, NULL
												 * after the last */
	void	   *(*load) (void); /* reads them into the current context; relids
								 * are set */

	/* the rest is config_cache.c's */
	int			ntables;
	Oid			relids[ST_CONFIG_MAX_TABLES];
	bool		valid;
	uint64		generation;		/* raised by each load */
	void	   *content;
	MemoryContext cxt;
} StConfigCache;

extern void st_config_cache_init(StConfigCache *cache);
extern void *st_config_cache_get(StConfigCache *cache);
extern HeapTuple st_stamped_row(TriggerData *trigdata);

/* Many rows into one of the extension's own tables: see table_writer.c. */
typedef struct StTableWriter StTableWriter;

extern StTableWriter *st_table_writer_begin(const char *relname, const char *const *columns, int ncolumns);
extern void st_table_writer_add(StTableWriter *writer, const Datum *values, const bool *isnull);
extern int64 st_table_writer_end(StTableWriter *writer);
extern TupleTableSlot *st_batch_slot(Relation rel, int number, TupleDesc *shape);

/* Running what may throw, in a subtransaction: see guarded.c. */
typedef void (*StGuarded) (void *arg);

extern bool st_guarded(StGuarded function, void *arg, char **why);
extern bool st_guarded_error(StGuarded function, void *arg, ErrorData **error);

/* The worker of this database is told of work at commit: see wake.c. */
extern void st_wake_worker(void);
extern void st_on_wake(void (*find) (void), void (*wake) (void));

/* Whose tickets the session's role may see: see access.c. */
extern void st_access_init(void) pg_attribute_cold;
extern bool st_caller_sees_tenant(const text *tenant);
extern void st_require_tenant(const text *tenant);
extern void st_require_all_tenants(const char *function);

#endif							/* ST_CORE_H */
