/*-------------------------------------------------------------------------
 *
 * language_settings.c
 *		support_triage.languages, which narrows the candidates, and
 *		support_triage.language_confidence, below which the answer is "und".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unicode/uloc.h>

#include "utils/guc.h"
#include "utils/varlena.h"

#include "core/compat.h"
#include "understanding/language_inner.h"

#define MOST_CODES 250

double		st_language_confidence = 0.6;

static char *languages = NULL;

/* Codes that are wanted, four bytes each with their terminator; none: all. */
typedef struct Wanted
{
	int			n;
	char		codes[FLEXIBLE_ARRAY_MEMBER][4];
} Wanted;

static Wanted *wanted = NULL;

/*
 * check_languages
 *		Whether the setting is a list of language codes.
 */
static bool
check_languages(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *list;
	ListCell   *cell;
	Wanted	   *codes;

	if (!SplitIdentifierString(copy, ',', &list))
	{
		GUC_check_errdetail("List syntax is invalid.");
		return false;
	}
	if (list_length(list) > MOST_CODES)
	{
		GUC_check_errdetail("There are more than %d codes.", MOST_CODES);
		return false;
	}
	codes = st_guc_malloc(offsetof(Wanted, codes) + 4 * Max(list_length(list), 1));
	if (codes == NULL)
		return false;
	codes->n = 0;
	foreach(cell, list)
	{
		const char *code = lfirst(cell);
		int			length = strlen(code);

		if (length < 2 || length > 3 || strspn(code, "abcdefghijklmnopqrstuvwxyz") != length ||
			uloc_getISO3Language(code)[0] == '\0')
		{
			GUC_check_errdetail("\"%s\" is no ISO 639 code of a language.", code);
			GUC_check_errhint("Codes have two letters, or three where there are none of two: 'en, de, pt'.");
			st_guc_free(codes);
			return false;
		}
		strlcpy(codes->codes[codes->n++], code, 4);
	}
	*extra = codes;
	return true;
}

static void
assign_languages(const char *newval, void *extra)
{
	wanted = extra;
}

/* Whether a language may be the answer. */
bool
st_language_wanted(const char *code)
{
	if (wanted == NULL || wanted->n == 0)
		return true;
	for (int i = 0; i < wanted->n; i++)
		if (strcmp(wanted->codes[i], code) == 0)
			return true;
	return false;
}

/* st_language_settings_init: part of st_language_init */
void
st_language_settings_init(void)
{
	DefineCustomStringVariable("support_triage.languages",
							   "Languages that a document may be in.",
							   "ISO 639-1 codes separated by commas; empty: all that the model \"language\" knows.",
							   &languages, "", PGC_USERSET, 0,
							   check_languages, assign_languages, NULL);
	DefineCustomRealVariable("support_triage.language_confidence",
							 "Least confidence with which a language is named.",
							 "Below it the language of a document is \"und\".",
							 &st_language_confidence, 0.6, 0, 1, PGC_USERSET, 0,
							 NULL, NULL, NULL);
}
