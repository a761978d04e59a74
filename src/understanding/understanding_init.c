/*-------------------------------------------------------------------------
 *
 * understanding_init.c
 *		The room's entry: calls what each of its parts sets up.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/tone.h"
#include "understanding/understanding.h"

void
st_understanding_init(void)
{
	st_language_init();
	st_lexicon_init();
	st_pii_init();
	st_entities_init();
	st_tone_init();
}
