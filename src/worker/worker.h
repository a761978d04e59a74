/*-------------------------------------------------------------------------
 *
 * worker.h
 *		The background worker: what other rooms may use of it.  They make work
 *		for it with st_wake_worker() of core.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_WORKER_H
#define ST_WORKER_H

extern void st_worker_room_init(void) pg_attribute_cold;

#endif							/* ST_WORKER_H */
