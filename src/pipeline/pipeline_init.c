/*-------------------------------------------------------------------------
 *
 * pipeline_init.c
 *		What the room does when the library is loaded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pipeline/pipeline_inner.h"

void
st_pipeline_init(void)
{
	st_config_init();
	st_effort_init();
	st_write_init();
	st_thread_init();
	st_backlog_init();
}
