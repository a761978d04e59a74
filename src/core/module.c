/*-------------------------------------------------------------------------
 *
 * module.c
 *		Entry of the library: a table of contents of the rooms' own init
 *		functions, nothing else.  Each room defines its own settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "core/core.h"
#include "escalation/escalation.h"
#include "model/model.h"
#include "pipeline/pipeline.h"
#include "routing/routing.h"
#include "sla/sla.h"
#include "text/text.h"
#include "understanding/understanding.h"
#include "worker/worker.h"

/* the two that the server looks for when it loads the library */
#pragma GCC visibility push(default)
PG_MODULE_MAGIC;

extern void _PG_init(void);
#pragma GCC visibility pop

void
_PG_init(void)
{
	st_core_init();
	st_access_init();
	st_text_init();
	st_model_init();
	st_understanding_init();
	st_sla_init();
	st_routing_init();
	st_escalation_init();
	st_pipeline_init();
	st_worker_room_init();

	MarkGUCPrefixReserved("support_triage");
}
