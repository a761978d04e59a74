/*-------------------------------------------------------------------------
 *
 * pipeline.h
 *		Attached tables, triggers, decisions: what other rooms may use.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_PIPELINE_H
#define ST_PIPELINE_H

extern void st_pipeline_init(void) pg_attribute_cold;

#endif							/* ST_PIPELINE_H */
