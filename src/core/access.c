/*-------------------------------------------------------------------------
 *
 * access.c
 *		Whose tickets a role may see: triage.role_access.
 *
 * A role sees the tickets of the tenants that it, or a role whose rights it has,
 * was given by triage.grant_access; those without a tenant (the empty string)
 * everybody sees who has the right to look at all.  Superusers and whoever has
 * the rights of the owner of schema triage see everything.
 *
 * Two ways lead to tickets.  What is read by SQL is bound by the policies of the
 * tables, which ask triage.sees_tenant() for the current user.  Functions that
 * run as the owner, or read past the executor, ask for the tenant themselves
 * (st_require_tenant): for the user of the session or of SET ROLE, because the
 * current user is the owner then.  A function of somebody else's with SECURITY
 * DEFINER does not lend its rights for that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "core/core.h"

PG_FUNCTION_INFO_V1(st_sees_tenant_sql);
PG_FUNCTION_INFO_V1(st_sees_all_tenants_sql);

/* A row of triage.role_access. */
typedef struct Access
{
	Oid			role;
	bool		all;			/* tenants */
	int			ntenants;
	Datum	   *tenants;
} Access;

typedef struct AccessList
{
	int			n;
	int			allocated;
	Access	   *rows;
	Oid			owner;			/* of schema triage */
} AccessList;

static void *load(void);

static StConfigCache cache = {
	.tables = {"role_access"},
	.load = load
};

/* st_access_init: once a backend. */
void
st_access_init(void)
{
	st_config_cache_init(&cache);
}

static void *
load(void)
{
	AccessList *list = palloc0(sizeof(AccessList));
	StTableScan scan;

	list->allocated = 8;
	list->rows = palloc(list->allocated * sizeof(Access));
	list->owner = st_extension_owner();
	st_scan_begin(&scan, cache.relids[0]);
	while (st_scan_next(&scan))
	{
		bool		isnull;
		Access	   *row;
		Datum		value;

		if (list->n == list->allocated)
		{
			list->allocated *= 2;
			list->rows = repalloc(list->rows, list->allocated * sizeof(Access));
		}
		row = &list->rows[list->n++];
		row->role = DatumGetObjectId(st_scan_value(&scan, "role", &isnull));
		row->ntenants = 0;
		row->tenants = NULL;
		value = st_scan_value(&scan, "tenants", &row->all);
		if (!row->all)
		{
			bool	   *nulls;

			deconstruct_array(DatumGetArrayTypePCopy(value), TEXTOID, -1, false, TYPALIGN_INT,
							  &row->tenants, &nulls, &row->ntenants);
		}
	}
	st_scan_end(&scan);
	return list;
}

static bool
names_tenant(const Access *row, const text *tenant)
{
	for (int i = 0; i < row->ntenants; i++)
	{
		text	   *t = DatumGetTextPP(row->tenants[i]);

		if (VARSIZE_ANY_EXHDR(t) == VARSIZE_ANY_EXHDR(tenant) &&
			memcmp(VARDATA_ANY(t), VARDATA_ANY(tenant), VARSIZE_ANY_EXHDR(t)) == 0)
			return true;
	}
	return false;
}

/* Whether a role sees a tenant; with NULL, all of them. */
static bool
sees(Oid role, const text *tenant)
{
	AccessList *list;

	if (tenant != NULL && VARSIZE_ANY_EXHDR(tenant) == 0)
		return true;
	if (superuser_arg(role))
		return true;
	list = st_config_cache_get(&cache);
	if (has_privs_of_role(role, list->owner))
		return true;
	for (int i = 0; i < list->n; i++)
	{
		const Access *row = &list->rows[i];

		if ((row->all || (tenant != NULL && names_tenant(row, tenant))) && has_privs_of_role(role, row->role))
			return true;
	}
	return false;
}

/* Whether the session's role sees a tenant's tickets; tenant is not toasted. */
bool
st_caller_sees_tenant(const text *tenant)
{
	return sees(GetOuterUserId(), tenant);
}

/* Throws unless the session's role sees a tenant's tickets. */
void
st_require_tenant(const text *tenant)
{
	if (!st_caller_sees_tenant(tenant))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for the tickets of tenant \"%s\"", text_to_cstring(tenant)),
				 errhint("triage.grant_access gives a role access to tenants.")));
}

/* Throws unless the session's role sees all tenants' tickets; function is its name for people. */
void
st_require_all_tenants(const char *function)
{
	if (!sees(GetOuterUserId(), NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for %s", function),
				 errdetail("It deals with the tickets of all tenants."),
				 errhint("triage.grant_access gives a role access to all tenants.")));
}

/* triage.sees_tenant(tenant) */
Datum
st_sees_tenant_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees(GetUserId(), PG_GETARG_TEXT_PP(0)));
}

/* triage.sees_all_tenants() */
Datum
st_sees_all_tenants_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sees(GetUserId(), NULL));
}
