/*-------------------------------------------------------------------------
 *
 * language_inner.h
 *		What the files of language identification share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_LANGUAGE_INNER_H
#define ST_LANGUAGE_INNER_H

#include "understanding/understanding.h"

/* The model that tells languages apart by their letters. */
#define ST_LANGUAGE_MODEL "language"

/*
 * Scripts that are told apart; those of Chinese and Japanese are one until the
 * kana are counted.
 */
typedef enum StScript
{
	ST_SCRIPT_NONE,				/* no letters, or of a script that is not here */
	ST_SCRIPT_LATIN,
	ST_SCRIPT_CYRILLIC,
	ST_SCRIPT_ARABIC,
	ST_SCRIPT_DEVANAGARI,
	ST_SCRIPT_HAN,				/* with kana */
	ST_SCRIPT_HANGUL,
	ST_SCRIPT_GREEK,
	ST_SCRIPT_HEBREW,
	ST_SCRIPT_ARMENIAN,
	ST_SCRIPT_GEORGIAN,
	ST_SCRIPT_BENGALI,
	ST_SCRIPT_GURMUKHI,
	ST_SCRIPT_GUJARATI,
	ST_SCRIPT_TAMIL,
	ST_SCRIPT_TELUGU,
	ST_SCRIPT_THAI,
	ST_SCRIPT_ORIYA,
	ST_SCRIPT_KANNADA,
	ST_SCRIPT_MALAYALAM,
	ST_SCRIPT_SINHALA,
	ST_SCRIPT_LAO,
	ST_SCRIPT_TIBETAN,
	ST_SCRIPT_MYANMAR,
	ST_SCRIPT_ETHIOPIC,
	ST_SCRIPT_KHMER,
	ST_SCRIPT_THAANA
} StScript;

#define ST_NUM_SCRIPTS (ST_SCRIPT_THAANA + 1)

/* language_script.c */
extern StScript st_script_of(uint32 point);
extern bool st_is_kana(uint32 point);
extern const char *st_script_name(StScript script); /* ISO 15924 */

/* the one language that the extension knows to be written so, or NULL */
extern const char *st_script_language(StScript script);

/* the scripts that a language is written in, a bit each; all when it is not known */
extern uint32 st_scripts_of(const char *code);

/* language_prose.c: which tokens are of no prose, in skip (ntokens) */
extern void st_language_prose(const StReading *reading, bool lines, bool *skip);

/* language_settings.c: support_triage.languages and language_confidence */
extern double st_language_confidence;
extern void st_language_settings_init(void) pg_attribute_cold;
extern bool st_language_wanted(const char *code);

#endif							/* ST_LANGUAGE_INNER_H */
