/*-------------------------------------------------------------------------
 *
 * worker_hooks.c
 *		With shared_preload_libraries: the worker of a database leaves when
 *		somebody wants the database for themselves, and looks at once when the
 *		extension is dropped.
 *
 * DROP DATABASE and its like fail while anybody is connected, and the server
 * asks only its own workers to leave.  So we ask ours, for whoever may do the
 * command, and have the launcher look again afterwards.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"

#include "core/compat.h"
#include "worker/worker_inner.h"

static ProcessUtility_hook_type next_utility = NULL;
static object_access_hook_type next_access = NULL;

/* The text of an option of a list, NULL when it is not there. */
static const char *
option(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *element = (DefElem *) lfirst(cell);

		if (strcmp(element->defname, name) == 0 && element->arg != NULL)
			return defGetString(element);
	}
	return NULL;
}

/*
 * The database that a command wants for itself, InvalidOid for none, or for one
 * that is not the caller's to want.
 */
static Oid
wanted_database(Node *command)
{
	const char *name = NULL;
	bool		copies = IsA(command, CreatedbStmt);
	Oid			database;

	if (copies)
		name = option(((CreatedbStmt *) command)->options, "template");
	else if (IsA(command, DropdbStmt))
		name = ((DropdbStmt *) command)->dbname;
	else if (IsA(command, RenameStmt) && ((RenameStmt *) command)->renameType == OBJECT_DATABASE)
		name = ((RenameStmt *) command)->subname;
	else if (IsA(command, AlterDatabaseStmt) && option(((AlterDatabaseStmt *) command)->options, "tablespace") != NULL)
		name = ((AlterDatabaseStmt *) command)->dbname;
	if (name == NULL)
		return InvalidOid;
	database = get_database_oid(name, true);
	if (!OidIsValid(database) || !st_owns_database(database, GetUserId()))
		return InvalidOid;
	return database;
}

/* ProcessUtility_hook */
static void
utility(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
		ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	Node	   *command = pstmt->utilityStmt;
	bool		creates = IsA(command, CreatedbStmt);
	volatile Oid database = InvalidOid;

	if (creates || IsA(command, DropdbStmt) || IsA(command, RenameStmt) || IsA(command, AlterDatabaseStmt))
		database = wanted_database(command);
	if (OidIsValid(database))
		(void) st_worker_send_away(database);

	PG_TRY();
	{
		if (next_utility)
			next_utility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
		else
			standard_ProcessUtility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	}
	PG_FINALLY();
	{
		if (OidIsValid(database))
			st_worker_may_return(database);
	}
	PG_END_TRY();

	/* a copy of a database that has the extension has it too */
	if (creates)
		st_launcher_ask(InvalidOid);
}

/* object_access_hook */
static void
object_access(ObjectAccessType access, Oid class, Oid object, int subid, void *arg)
{
	if (next_access)
		next_access(access, class, object, subid, arg);
	if (access == OAT_DROP && class == ExtensionRelationId && object == get_extension_oid(ST_LIBRARY, true))
		st_wake_worker();
}

/* From _PG_init. */
void
st_hooks_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = utility;
	next_access = object_access_hook;
	object_access_hook = object_access;
}
