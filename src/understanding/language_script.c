/*-------------------------------------------------------------------------
 *
 * language_script.c
 *		Scripts, and the languages that are written in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "core/compat.h"
#include "understanding/language_inner.h"

typedef struct Script
{
	UScriptCode code;
	const char *name;			/* ISO 15924 */
	const char *languages;		/* that the shipped model or the script knows */
} Script;

static const Script scripts[ST_NUM_SCRIPTS] = {
	[ST_SCRIPT_NONE] = {USCRIPT_COMMON, "Zyyy", ""},
	[ST_SCRIPT_LATIN] = {USCRIPT_LATIN, "Latn",
		" af az bs ca cs cy da de en eo es et eu fi fr ga hr hu id is it la lg lt lv mi ms nb nl "
	"nn pl pt ro sk sl sn so sq sr st sv sw tl tn tr ts vi xh yo zu "},
	[ST_SCRIPT_CYRILLIC] = {USCRIPT_CYRILLIC, "Cyrl", " be bg kk mk mn ru sr uk "},
	[ST_SCRIPT_ARABIC] = {USCRIPT_ARABIC, "Arab", " ar fa ur "},
	[ST_SCRIPT_DEVANAGARI] = {USCRIPT_DEVANAGARI, "Deva", " hi mr "},
	[ST_SCRIPT_HAN] = {USCRIPT_HAN, "Hani", " ja zh "},
	[ST_SCRIPT_HANGUL] = {USCRIPT_HANGUL, "Hang", " ko "},
	[ST_SCRIPT_GREEK] = {USCRIPT_GREEK, "Grek", " el "},
	[ST_SCRIPT_HEBREW] = {USCRIPT_HEBREW, "Hebr", " he "},
	[ST_SCRIPT_ARMENIAN] = {USCRIPT_ARMENIAN, "Armn", " hy "},
	[ST_SCRIPT_GEORGIAN] = {USCRIPT_GEORGIAN, "Geor", " ka "},
	[ST_SCRIPT_BENGALI] = {USCRIPT_BENGALI, "Beng", " bn "},
	[ST_SCRIPT_GURMUKHI] = {USCRIPT_GURMUKHI, "Guru", " pa "},
	[ST_SCRIPT_GUJARATI] = {USCRIPT_GUJARATI, "Gujr", " gu "},
	[ST_SCRIPT_TAMIL] = {USCRIPT_TAMIL, "Taml", " ta "},
	[ST_SCRIPT_TELUGU] = {USCRIPT_TELUGU, "Telu", " te "},
	[ST_SCRIPT_THAI] = {USCRIPT_THAI, "Thai", " th "},
	[ST_SCRIPT_ORIYA] = {USCRIPT_ORIYA, "Orya", " or "},
	[ST_SCRIPT_KANNADA] = {USCRIPT_KANNADA, "Knda", " kn "},
	[ST_SCRIPT_MALAYALAM] = {USCRIPT_MALAYALAM, "Mlym", " ml "},
	[ST_SCRIPT_SINHALA] = {USCRIPT_SINHALA, "Sinh", " si "},
	[ST_SCRIPT_LAO] = {USCRIPT_LAO, "Laoo", " lo "},
	[ST_SCRIPT_TIBETAN] = {USCRIPT_TIBETAN, "Tibt", " bo "},
	[ST_SCRIPT_MYANMAR] = {USCRIPT_MYANMAR, "Mymr", " my "},
	[ST_SCRIPT_ETHIOPIC] = {USCRIPT_ETHIOPIC, "Ethi", " am "},
	[ST_SCRIPT_KHMER] = {USCRIPT_KHMER, "Khmr", " km "},
	[ST_SCRIPT_THAANA] = {USCRIPT_THAANA, "Thaa", " dv "},
};

/* Hiragana and katakana, but not what both share with Chinese. */
bool
st_is_kana(uint32 point)
{
	return (point >= 0x3041 && point <= 0x30FF && point != 0x30FB) ||
		(point >= 0x31F0 && point <= 0x31FF);
}

/*
 * st_script_of
 *		The script of a letter; ST_SCRIPT_NONE for digits, marks that all scripts
 *		share and scripts that are not here.
 */
StScript
st_script_of(uint32 point)
{
	UErrorCode	status = U_ZERO_ERROR;
	UScriptCode code;

	if (point < 0x250)
	{
		if (point < 0x80)
			return point >= 'a' && point <= 'z' ? ST_SCRIPT_LATIN : ST_SCRIPT_NONE;
		return u_isalpha((UChar32) point) ? ST_SCRIPT_LATIN : ST_SCRIPT_NONE;
	}
	if (point >= 0x400 && point < 0x530)
		return ST_SCRIPT_CYRILLIC;
	code = uscript_getScript((UChar32) point, &status);
	if (code == USCRIPT_HIRAGANA || code == USCRIPT_KATAKANA)
		return ST_SCRIPT_HAN;
	if (U_FAILURE(status) || !u_isalpha((UChar32) point))
		return ST_SCRIPT_NONE;
	for (int i = 1; i < ST_NUM_SCRIPTS; i++)
		if (scripts[i].code == code)
			return i;
	return ST_SCRIPT_NONE;
}

const char *
st_script_name(StScript script)
{
	return scripts[script].name;
}

/*
 * st_script_language
 *		The one language of a script, in static memory; NULL when there are
 *		several or none.
 */
const char *
st_script_language(StScript script)
{
	static char code[3];

	if (strlen(scripts[script].languages) != 4)
		return NULL;
	memcpy(code, scripts[script].languages + 1, 2);
	return code;
}

/*
 * st_scripts_of
 *		The scripts that a language is written in, a bit each; all for a language
 *		that is in no list.
 */
uint32
st_scripts_of(const char *code)
{
	static uint32 written[26][26];

	if (written['e' - 'a']['n' - 'a'] == 0)
	{
		for (int i = 1; i < ST_NUM_SCRIPTS; i++)
			for (const char *p = scripts[i].languages; *p != '\0' && p[1] != '\0'; p += 3)
				written[p[1] - 'a'][p[2] - 'a'] |= 1U << i;
	}
	if (code[0] < 'a' || code[0] > 'z' || code[1] < 'a' || code[1] > 'z' || code[2] != '\0' ||
		written[code[0] - 'a'][code[1] - 'a'] == 0)
		return ~0U;
	return written[code[0] - 'a'][code[1] - 'a'];
}
