/*-------------------------------------------------------------------------
 *
 * pii_pattern.c
 *		Patterns of triage.pii_kind: compiled once a backend by PostgreSQL's
 *		regular expressions, and searched for so that no pattern and no document
 *		can take long.
 *
 * A match begins and ends at the border of a token, is at most MAX_MATCH
 * characters long, and is searched for in windows of a bounded length.  Patterns
 * with back-references, whose time is not bounded, are refused when written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "understanding/pii_inner.h"

#define MAX_MATCH		256		/* characters */
#define WINDOW			1024	/* in which matches may begin */
#define ALLOW_AROUND	64		/* of a finding is looked at for its
								 * allow-list */
#define ALLOW_TRIES		16

/* How sure a match is. */
#define MATCH_ALONE		0.5f
#define MATCH_CHECKED	0.85f

static void
pattern_free(void *arg)
{
	pg_regfree(&((PiiPattern *) arg)->regex);
}

/*
 * st_pii_compile
 *		Compiles a pattern in the server's encoding.  The result is palloc'd in
 *		the current context and freed with it; NULL, with *why what the regex
 *		compiler says, when it is no regular expression.
 */
PiiPattern *
st_pii_compile(const char *pattern, int length, char **why)
{
	PiiPattern *compiled = palloc0(sizeof(PiiPattern));
	pg_wchar   *wide = palloc(sizeof(pg_wchar) * (length + 1));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	int			n = pg_mb2wchar_with_len(pattern, wide, length);
	int			rc = pg_regcomp(&compiled->regex, wide, n, REG_ADVANCED, DEFAULT_COLLATION_OID);

	pfree(wide);
	if (rc != REG_OKAY)
	{
		char		message[100];

		pg_regerror(rc, &compiled->regex, message, sizeof(message));
		*why = pstrdup(message);
		return NULL;
	}

	callback->func = pattern_free;
	callback->arg = compiled;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return compiled;
}

/* Whether a pattern has back-references. */
bool
st_pii_has_backrefs(const PiiPattern *pattern)
{
	return (pattern->regex.re_info & REG_UBACKREF) != 0;
}

/*
 * search
 *		Searches a pattern in wide[0, n) from character from on.  Returns whether
 *		there is a match, and where.  Throws for cancel.
 */
static bool
search(PiiPattern *pattern, const pg_wchar *wide, int n, int from, int flags, int *start, int *end)
{
	regmatch_t	match;
	int			rc;

	CHECK_FOR_INTERRUPTS();
	if (pattern->broken)
		return false;
	rc = pg_regexec(&pattern->regex, wide, n, from, NULL, 1, &match, flags);
	if (rc == REG_NOMATCH)
		return false;
	if (rc != REG_OKAY)
	{
		char		message[100];

		/* REG_CANCEL is that of a server that is asked to stop */
		CHECK_FOR_INTERRUPTS();
		pattern->broken = true;
		pg_regerror(rc, &pattern->regex, message, sizeof(message));
		ereport(WARNING,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("a pattern of \"%s\" could not be searched for: %s", "triage.pii_kind", message)));
		return false;
	}
	*start = match.rm_so;
	*end = match.rm_eo;
	return true;
}

/* Whether a pattern matches the empty string. */
bool
st_pii_matches_nothing(PiiPattern *pattern)
{
	pg_wchar	nothing = 0;
	int			start;
	int			end;

	return search(pattern, &nothing, 0, 0, 0, &start, &end);
}

/* Whether no token goes on at character i. */
static bool
is_border(const PiiText *text, int i)
{
	return !(pii_is(text, i - 1, PII_IS_WORD) && pii_is(text, i, PII_IS_WORD));
}

static int
next_border(const PiiText *text, int i)
{
	i++;
	while (i < text->n && !is_border(text, i))
		i++;
	return i;
}

/*
 * pattern_found
 *		Notes a match [start, end) of a kind's pattern.
 */
static void
pattern_found(PiiScan *scan, int kind, int start, int end)
{
	const PiiKind *k = &scan->kinds->kind[kind];
	float		confidence = MATCH_ALONE;

	if (k->checksum != NULL)
	{
		if (!k->checksum(scan->text->c + start, end - start))
			return;
		confidence = MATCH_CHECKED;
	}
	if ((k->nwords > 0 || kind < PII_NUM_BUILTIN) && st_pii_context(scan, kind, start, end).is)
		confidence += PII_CONTEXT_FOR;
	st_pii_found(scan, kind, start, end, confidence);
}

/*
 * find_pattern
 *		Notes all matches of a kind's pattern in the part.
 */
static void
find_pattern(PiiScan *scan, int kind)
{
	PiiPattern *pattern = scan->kinds->kind[kind].pattern;
	const PiiText *text = scan->text;
	const pg_wchar *wide = st_pii_wide(text);
	int			from = 0;

	while (from < text->n)
	{
		int			stop = Min(text->n, from + WINDOW + MAX_MATCH);
		bool		cut = stop < text->n;
		int			flags = (scan->first ? 0 : REG_NOTBOL) | (cut || !scan->last ? REG_NOTEOL : 0);
		int			start;
		int			end;

		if (!search(pattern, wide, stop, from, flags, &start, &end))
		{
			if (!cut)
				return;
			from = stop - MAX_MATCH;
		}
		else if (cut && start >= from + WINDOW)
			from = start;		/* it may go on after the window */
		else if (end == start || end - start > MAX_MATCH || (cut && end == stop) ||
				 !is_border(text, start) || !is_border(text, end))
			from = next_border(text, start);
		else
		{
			pattern_found(scan, kind, start, end);
			from = end;
		}
	}
}

/*
 * st_pii_patterns
 *		Notes what the patterns of triage.pii_kind find in the part.
 */
void
st_pii_patterns(PiiScan *scan)
{
	for (int kind = 0; kind < scan->kinds->n; kind++)
	{
		if (scan->kinds->kind[kind].enabled && scan->kinds->kind[kind].pattern != NULL)
			find_pattern(scan, kind);
	}
}

/*
 * st_pii_allowed
 *		Whether a finding lies in a match of an allow-list's pattern.
 */
bool
st_pii_allowed(PiiScan *scan, PiiPattern *allow, const PiiFound *found)
{
	const PiiText *text = scan->text;
	const pg_wchar *wide = st_pii_wide(text);
	int			first = Max(found->start - ALLOW_AROUND, 0);
	int			stop = Min(found->end + ALLOW_AROUND, text->n);
	int			flags = (first > 0 || !scan->first ? REG_NOTBOL : 0) |
	(stop < text->n || !scan->last ? REG_NOTEOL : 0);
	int			from = first;

	if (found->end - found->start > MAX_MATCH)
		return false;
	for (int i = 0; i < ALLOW_TRIES && from <= found->start; i++)
	{
		int			start;
		int			end;

		if (!search(allow, wide + first, stop - first, from - first, flags, &start, &end))
			return false;
		start += first;
		end += first;
		if (start > found->start)
			return false;
		if (end >= found->end && is_border(text, start) && is_border(text, end))
			return true;
		from = next_border(text, start);
	}
	return false;
}
