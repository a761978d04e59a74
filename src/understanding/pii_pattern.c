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
 *		there is a match; match[0] is all of it and match[1], where there are two
 *		of them, what its first parentheses hold.  Throws for cancel.
 */
static bool
search(PiiPattern *pattern, const pg_wchar *wide, int n, int from, int flags,
	   regmatch_t * match, int nmatch)
{
	int			rc;

	CHECK_FOR_INTERRUPTS();
	if (pattern->broken)
		return false;
	rc = pg_regexec(&pattern->regex, wide, n, from, NULL, nmatch, match, flags);
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
	return true;
}

/* Whether a pattern matches the empty string. */
bool
st_pii_matches_nothing(PiiPattern *pattern)
{
	pg_wchar	nothing = 0;
	regmatch_t	match;

	return search(pattern, &nothing, 0, 0, 0, &match, 1);
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
 * st_pii_next_match
 *		Finds the first match of a pattern in the part that begins at *from or
 *		later, and moves *from to where to go on; false: there is none.  With
 *		held, what the pattern's first parentheses hold is what is found.
 */
bool
st_pii_next_match(const PiiScan *scan, PiiPattern *pattern, bool held, int *from, int *start, int *end)
{
	const PiiText *text = scan->text;
	const pg_wchar *wide = st_pii_wide(text);
	int			nmatch = held && pattern->regex.re_nsub > 0 ? 2 : 1;

	while (*from < text->n)
	{
		int			stop = Min(text->n, *from + WINDOW + MAX_MATCH);
		bool		cut = stop < text->n;
		int			flags = (scan->first ? 0 : REG_NOTBOL) | (cut || !scan->last ? REG_NOTEOL : 0);
		regmatch_t	match[2];

		if (!search(pattern, wide, stop, *from, flags, match, nmatch))
		{
			if (!cut)
				return false;
			*from = stop - MAX_MATCH;
			continue;
		}
		if (cut && match[0].rm_so >= *from + WINDOW)
		{
			*from = match[0].rm_so; /* it may go on after the window */
			continue;
		}
		if (match[0].rm_eo - match[0].rm_so > MAX_MATCH || (cut && match[0].rm_eo == stop))
		{
			*from = match[0].rm_eo;
			continue;
		}
		*start = match[nmatch - 1].rm_so;
		*end = match[nmatch - 1].rm_eo;
		if (*start < 0 || *end <= *start || !is_border(text, *start) || !is_border(text, *end))
			*from = next_border(text, match[0].rm_so);
		else
		{
			*from = match[0].rm_eo;
			return true;
		}
	}
	return false;
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
		const PiiKind *k = &scan->kinds->kind[kind];
		int			from = 0;
		int			start;
		int			end;

		if (!k->enabled || k->pattern == NULL)
			continue;
		while (st_pii_next_match(scan, k->pattern, false, &from, &start, &end))
			pattern_found(scan, kind, start, end);
	}
}

/*
 * st_pii_allow
 *		Takes out the findings of a kind, of any when kind is -1, that lie in a
 *		match of an allow-list's pattern.  They are sorted by where they begin.
 */
void
st_pii_allow(PiiScan *scan, PiiPattern *allow, int kind)
{
	int			from = 0;
	int			start = 0;
	int			end = 0;
	bool		more = true;
	int			n = 0;

	for (int i = 0; i < scan->nfound; i++)
	{
		PiiFound   *found = &scan->found[i];

		if (kind < 0 || found->kind == kind)
		{
			while (more && end <= found->start)
				more = st_pii_next_match(scan, allow, false, &from, &start, &end);
			if (more && start <= found->start && end >= found->end)
				continue;
		}
		scan->found[n++] = *found;
	}
	scan->nfound = n;
}
