/*-------------------------------------------------------------------------
 *
 * table_writer.c
 *		Writing many rows into one of the extension's own tables: straight into
 *		heap and indexes where that is safe, by SPI where it is not.
 *
 * The fast way does not run what the executor would run on the table, so it is
 * taken only while that is a plain table without triggers, check constraints,
 * generated columns, defaults for columns that we do not give, and row-level
 * security that binds its owner, and while Citus, where rows written this way would be lost, is not
 * installed.  Unique indexes are inserted into in the mode that reports a
 * possible duplicate and never throws or waits (UNIQUE_CHECK_PARTIAL); such rows are
 * taken back and left out.
 *
 * Rows are gathered in slots and written a batch at a time, with one WAL record
 * a page.  Locks: ROW EXCLUSIVE until the end of the transaction, as INSERT
 * takes it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "core/compat.h"
#include "core/core.h"

#define BATCH_ROWS	500

struct StTableWriter
{
	MemoryContext cxt;
	const char *relname;
	const char *const *columns;
	int			ncolumns;
	AttrNumber *attnums;
	Relation	rel;
	bool		direct;
	EState	   *estate;
	ResultRelInfo *rri;
	int			n;				/* rows gathered */
	int			nslots;
	TupleTableSlot *slots[BATCH_ROWS];
	TupleDesc	shape;			/* of all slots but the first */
	int64		written;
	SPIPlanPtr	plan;
};

/*
 * st_batch_slot
 *		Returns a slot for a row of a table, of which number others were made,
 *		in the current context.  A slot of a table holds on to the description
 *		of its rows, and letting go of a thousand equal ones takes the square of
 *		that; so the second and further ones have a copy, shape, NULL at first.
 */
TupleTableSlot *
st_batch_slot(Relation rel, int number, TupleDesc *shape)
{
	if (number == 0)
		return table_slot_create(rel, NULL);
	if (*shape == NULL)
		*shape = CreateTupleDescCopy(RelationGetDescr(rel));
	return MakeSingleTupleTableSlot(*shape, table_slot_callbacks(rel));
}

/* Whether rows may be written past the executor: see the head of this file. */
static bool
may_write_directly(Relation rel, int ncolumns)
{
	TupleDesc	tupdesc = RelationGetDescr(rel);
	int			live = 0;

	for (int i = 0; i < tupdesc->natts; i++)
		live += TupleDescAttr(tupdesc, i)->attisdropped ? 0 : 1;

	return rel->rd_rel->relkind == RELKIND_RELATION &&
		!rel->rd_rel->relispartition &&
		rel->trigdesc == NULL &&
		!rel->rd_rel->relforcerowsecurity &&
		live == ncolumns &&
		(tupdesc->constr == NULL ||
		 (tupdesc->constr->num_check == 0 && !tupdesc->constr->has_generated_stored)) &&
		!OidIsValid(get_extension_oid("citus", true));
}

/*
 * What a backend keeps of tables that it writes, because a single ticket writes
 * to several: found out anew when the table's relcache entry changes.
 */
#define MAX_LAYOUTS			16
#define MAX_LAYOUT_COLUMNS	32

typedef struct Layout
{
	Oid			relid;
	const char *const *columns;
	bool		valid;
	bool		direct;
	AttrNumber	attnums[MAX_LAYOUT_COLUMNS];
} Layout;

static Layout layouts[MAX_LAYOUTS];
static int	nlayouts = 0;

/* The relcache callback: no catalog access here. */
static void
forget_layout(Datum arg, Oid relid)
{
	for (int i = 0; i < nlayouts; i++)
	{
		if (relid == InvalidOid || relid == layouts[i].relid)
			layouts[i].valid = false;
	}
}

/* The layout of an open table; NULL where none can be kept. */
static Layout *
layout_of(Relation rel, const char *const *columns, int ncolumns)
{
	static bool listening = false;
	Oid			relid = RelationGetRelid(rel);
	Layout	   *layout = NULL;

	if (ncolumns > MAX_LAYOUT_COLUMNS)
		return NULL;
	for (int i = 0; i < nlayouts && layout == NULL; i++)
	{
		if (layouts[i].relid == relid && layouts[i].columns == columns)
			layout = &layouts[i];
	}
	if (layout == NULL)
	{
		if (nlayouts == MAX_LAYOUTS)
			return NULL;
		if (!listening)
			st_on_relation_change(forget_layout, (Datum) 0);
		listening = true;
		layout = &layouts[nlayouts++];
		layout->relid = relid;
		layout->columns = columns;
		layout->valid = false;
	}
	if (!layout->valid)
	{
		for (int i = 0; i < ncolumns; i++)
			layout->attnums[i] = st_attnum(relid, columns[i]);
		layout->direct = may_write_directly(rel, ncolumns);

		/* what changes it from now on needs the lock that we have */
		layout->valid = true;
	}
	return layout;
}

/*
 * st_table_writer_begin
 *		Returns a writer for a table of schema triage, palloc'd in the current
 *		context, where what it keeps will live.  columns are those whose values
 *		are going to be given; all of them must be given for the fast way.
 */
StTableWriter *
st_table_writer_begin(const char *relname, const char *const *columns, int ncolumns)
{
	StTableWriter *writer = palloc0(sizeof(StTableWriter));
	Oid			relid = st_relation_oid(relname, false);
	Layout	   *layout;

	writer->cxt = CurrentMemoryContext;
	writer->relname = relname;
	writer->columns = columns;
	writer->ncolumns = ncolumns;
	writer->attnums = palloc(ncolumns * sizeof(AttrNumber));
	writer->rel = table_open(relid, RowExclusiveLock);
	layout = layout_of(writer->rel, columns, ncolumns);
	for (int i = 0; i < ncolumns; i++)
		writer->attnums[i] = layout != NULL ? layout->attnums[i] : st_attnum(relid, columns[i]);
	writer->direct = layout != NULL ? layout->direct : may_write_directly(writer->rel, ncolumns);
	if (writer->direct)
	{
		writer->estate = CreateExecutorState();
		writer->rri = makeNode(ResultRelInfo);
		InitResultRelInfo(writer->rri, writer->rel, 1, NULL, 0);
		ExecOpenIndices(writer->rri, false);
	}
	return writer;
}

/* One row by SPI: what is there already stays as it is. */
static void
write_by_spi(StTableWriter *writer, const Datum *values, const bool *isnull)
{
	char	   *nulls = palloc(writer->ncolumns + 1);

	for (int i = 0; i < writer->ncolumns; i++)
		nulls[i] = isnull[i] ? 'n' : ' ';
	nulls[writer->ncolumns] = '\0';

	SPI_connect();
	if (writer->plan == NULL)
	{
		StringInfoData sql;
		Oid		   *types = palloc(writer->ncolumns * sizeof(Oid));

		initStringInfo(&sql);
		appendStringInfo(&sql, "INSERT INTO %s.%s (", ST_SCHEMA, quote_identifier(writer->relname));
		for (int i = 0; i < writer->ncolumns; i++)
		{
			appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "", quote_identifier(writer->columns[i]));
			types[i] = TupleDescAttr(RelationGetDescr(writer->rel), writer->attnums[i] - 1)->atttypid;
		}
		appendStringInfoString(&sql, ") VALUES (");
		for (int i = 0; i < writer->ncolumns; i++)
			appendStringInfo(&sql, "%s$%d", i > 0 ? ", " : "", i + 1);
		appendStringInfoString(&sql, ") ON CONFLICT DO NOTHING");
		writer->plan = SPI_prepare(sql.data, writer->ncolumns, types);
		if (writer->plan == NULL || SPI_keepplan(writer->plan) != 0)
			elog(ERROR, "could not prepare to write \"%s\": %s", writer->relname,
				 SPI_result_code_string(SPI_result));
	}
	if (SPI_execute_plan(writer->plan, (Datum *) values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write \"%s\"", writer->relname);
	writer->written += SPI_processed;
	SPI_finish();
	pfree(nulls);
}

static void
flush(StTableWriter *writer)
{
	CommandId	cid;
	bool		taken_back = false;

	if (writer->n == 0)
		return;

	cid = GetCurrentCommandId(true);
	if (writer->n == 1)
		table_tuple_insert(writer->rel, writer->slots[0], cid, 0, NULL);
	else
		table_multi_insert(writer->rel, writer->slots, writer->n, cid, 0, NULL);
	writer->written += writer->n;

	for (int i = 0; i < writer->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ResetPerTupleExprContext(writer->estate);
		writer->slots[i]->tts_tableOid = RelationGetRelid(writer->rel);
		if (st_exec_insert_index_tuples(writer->rri, writer->slots[i], writer->estate) == NIL)
			continue;

		/* our own row is visible to a delete only after the command */
		CommandCounterIncrement();
		simple_table_tuple_delete(writer->rel, &writer->slots[i]->tts_tid, GetActiveSnapshot());
		writer->written--;
		taken_back = true;
	}
	if (taken_back)
		CommandCounterIncrement();
	for (int i = 0; i < writer->n; i++)
		ExecClearTuple(writer->slots[i]);
	writer->n = 0;
}

/*
 * st_table_writer_add
 *		Takes a row, copying it; it is written with its batch.  Throws what
 *		writing throws.  A row whose key is there already is left out.
 */
void
st_table_writer_add(StTableWriter *writer, const Datum *values, const bool *isnull)
{
	TupleTableSlot *slot;

	if (!writer->direct)
	{
		write_by_spi(writer, values, isnull);
		return;
	}

	if (writer->n == writer->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->cxt);

		writer->slots[writer->nslots] = st_batch_slot(writer->rel, writer->nslots, &writer->shape);
		writer->nslots++;
		MemoryContextSwitchTo(old);
	}
	slot = writer->slots[writer->n];
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < writer->ncolumns; i++)
	{
		slot->tts_values[writer->attnums[i] - 1] = values[i];
		slot->tts_isnull[writer->attnums[i] - 1] = isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	if (++writer->n == BATCH_ROWS)
		flush(writer);
}

/* Writes what is left, closes the table and returns how many rows were written. */
int64
st_table_writer_end(StTableWriter *writer)
{
	flush(writer);
	for (int i = 0; i < writer->nslots; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	if (writer->direct)
	{
		ExecCloseIndices(writer->rri);
		FreeExecutorState(writer->estate);
	}
	if (writer->plan != NULL)
		SPI_freeplan(writer->plan);
	table_close(writer->rel, NoLock);
	return writer->written;
}
