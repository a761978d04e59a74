/*-------------------------------------------------------------------------
 *
 * understanding_facts.c
 *		All signals of one document, from one reading.
 *
 * The language comes first, because lexicons and tone depend on it.  Where a
 * ticket says its language itself, that one is read by, and what the text looks
 * like is told beside it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "understanding/understanding.h"

/*
 * st_understand_prepare
 *		Reads what users configured for these signals, if it changed.  Throws
 *		what reading a table throws; st_understand then throws nothing but for
 *		memory and cancel.
 */
void
st_understand_prepare(void)
{
	st_lexicon_prepare();
}

/*
 * A language as people write it in a column ("en", "EN", "pt-BR", "en_US") as
 * the code that lexicons know; false for anything else ("English").
 */
static bool
language_code(const char *said, char *code)
{
	int			n = 0;

	while (n < 3 && ((said[n] >= 'a' && said[n] <= 'z') || (said[n] >= 'A' && said[n] <= 'Z')))
	{
		code[n] = said[n] | 0x20;
		n++;
	}
	code[n] = '\0';
	return n >= 2 && (said[n] == '\0' || said[n] == '-' || said[n] == '_');
}

/* A name that is kept in UTF-8, in the database's encoding. */
static const char *
server_name(const char *utf8)
{
	int			encoding = GetDatabaseEncoding();
	int			length;
	char	   *converted;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return utf8;
	converted = st_convert(utf8, strlen(utf8), PG_UTF8, encoding, &length);
	return pnstrdup(converted, length);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
name_topics(StUnderstanding *out)
{
	uint64		topics = out->signals.topics;

	out->ntopics = 0;
	out->topics = NULL;
	if (topics == 0)
		return;
	out->topics = palloc(ST_MAX_TOPICS * sizeof(char *));
	for (int i = 0; i < ST_MAX_TOPICS; i++)
	{
		const char *name = (topics >> i) & 1 ? st_topic_name(i) : NULL;

		if (name != NULL)
			out->topics[out->ntopics++] = server_name(name);
	}
	qsort(out->topics, out->ntopics, sizeof(char *), compare_names);
}

/* Each kind once; kinds are few, spans may be many. */
static void
name_pii(StUnderstanding *out, const StPiiSpan *spans, int n)
{
	out->npii_kinds = 0;
	out->pii_kinds = NULL;
	for (int i = 0; i < n; i++)
	{
		bool		seen = false;

		for (int j = 0; j < out->npii_kinds && !seen; j++)
			seen = strcmp(out->pii_kinds[j], spans[i].kind) == 0;
		if (seen)
			continue;
		if (out->pii_kinds == NULL)
			out->pii_kinds = palloc(n * sizeof(char *));
		out->pii_kinds[out->npii_kinds++] = spans[i].kind;
	}
	if (out->npii_kinds > 1)
		qsort(out->pii_kinds, out->npii_kinds, sizeof(char *), compare_names);
}

/*
 * st_understand
 *		Fills *out with the wanted signals (a set of ST_SIGNAL_...) of a
 *		document.  language is what is known of it from elsewhere, as people
 *		write it, or NULL; priors are for short text.  What *out points to is in
 *		the current context.  Throws only for lack of memory and cancel.
 */
void
st_understand(StReading *reading, uint32 wanted, const char *language,
			  const StLanguagePrior *priors, int npriors, StUnderstanding *out)
{
	char	   *code = out->read_as;

	memset(out, 0, sizeof(*out));
	strcpy(code, ST_LANGUAGE_UNKNOWN);

	if ((wanted & ST_SIGNAL_LANGUAGE))
	{
		st_language(reading, priors, npriors, &out->language);
		out->known |= ST_SIGNAL_LANGUAGE;
		strlcpy(code, out->language.code, sizeof(out->read_as));
	}
	if (language != NULL)
	{
		char		said[8];

		if (language_code(language, said))
			strlcpy(code, said, sizeof(out->read_as));
	}

	if (wanted & ST_SIGNAL_STATED)
	{
		st_signals(reading, code, &out->signals);
		name_topics(out);
		out->known |= ST_SIGNAL_STATED;
	}
	if (wanted & ST_SIGNAL_SENTIMENT)
	{
		st_sentiment(reading, code, &out->sentiment);
		out->known |= ST_SIGNAL_SENTIMENT;
	}
	if (wanted & ST_SIGNAL_EMOTION)
	{
		st_emotion(reading, code, &out->emotion);
		out->known |= ST_SIGNAL_EMOTION;
	}
	if (wanted & ST_SIGNAL_IRONY)
	{
		out->irony = st_irony(reading, code);
		out->known |= ST_SIGNAL_IRONY;
	}
	if (wanted & ST_SIGNAL_COMPLEXITY)
	{
		st_complexity(reading, &out->complexity);
		out->known |= ST_SIGNAL_COMPLEXITY;
	}
	if (wanted & ST_SIGNAL_PII)
	{
		int			n;
		StPiiSpan  *spans = st_find_pii(&reading->doc, NULL, 0, &n);

		name_pii(out, spans, n);
		out->known |= ST_SIGNAL_PII;
	}
}
