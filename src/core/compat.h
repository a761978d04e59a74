/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between PostgreSQL releases, and the only place where
 *		PG_VERSION_NUM is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_COMPAT_H
#define ST_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "support_triage needs PostgreSQL 15 or newer"
#endif

#endif							/* ST_COMPAT_H */
