/*-------------------------------------------------------------------------
 *
 * pii_date.c
 *		Calendar dates: ISO, numeric, and with names of months in English,
 *		Spanish, French, German, Italian, Portuguese, Polish, Dutch, Arabic and
 *		Hindi.
 *
 * The time of day is no part of it.  Years alone and days of the week tell
 * nothing of a person and are not looked for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/pii_inner.h"

#define MAX_GAP		3			/* characters between the parts of a date */
#define MAX_WORDS	60			/* characters that its words may take */

/* The number that a group is. */
static int
value_of(const PiiText *text, const PiiGroup *group)
{
	int			value = 0;

	for (int i = group->start; i < group->end && value < 100000; i++)
		value = value * 10 + (text->c[i] - '0');
	return value;
}

static bool
is_year(int value)
{
	return value >= 1800 && value < 2200;
}

/*
 * numeric_confidence
 *		How surely three groups with the same separator are a date; 0: they are
 *		none.
 */
static float
numeric_confidence(const PiiText *text, const PiiGroup *group)
{
	int			a = value_of(text, &group[0]);
	int			b = value_of(text, &group[1]);
	int			c = value_of(text, &group[2]);
	char		sep = group[1].sep;

	if (group[1].ndigits > 2 || b < 1)
		return 0;
	if (group[0].ndigits == 4 && group[2].ndigits <= 2)
	{
		bool		padded = group[1].ndigits == 2 && group[2].ndigits == 2;

		if (!is_year(a) || b > 12 || c < 1 || c > 31)
			return 0;
		return padded ? 0.9f : sep == '.' ? 0.4f : 0.7f;
	}
	if (group[0].ndigits > 2 || a < 1 || (group[2].ndigits != 4 && group[2].ndigits != 2))
		return 0;

	/* day and month, or the other way about, but not with dots */
	if (!(a <= 31 && b <= 12) && !(sep != '.' && a <= 12 && b <= 31))
		return 0;
	if (group[2].ndigits == 4)
		return is_year(c) ? 0.85f : 0;
	return sep == '/' ? 0.6f : 0.45f;
}

/*
 * note
 *		Notes a date [start, end) with what its context adds.
 */
static void
note(PiiScan *scan, int start, int end, float confidence)
{
	PiiContext	context = st_pii_context(scan, PII_DATE, start, end);

	if (context.is)
		confidence += PII_CONTEXT_FOR;
	else if (context.against)
		confidence -= PII_CONTEXT_AGAINST;
	st_pii_found(scan, PII_DATE, start, end, confidence);
}

/*
 * is_date_border
 *		Whether a date with this separator may begin at group g, or end before
 *		it: ranges are written "1.5.2031-6.5.2031".
 */
static bool
is_date_border(const PiiRun *run, int g, char sep)
{
	char		outer;

	if (st_pii_is_border(run, g))
		return true;
	if (g == 0 || g == run->n)
		return false;
	outer = run->group[g].sep;
	return (outer == '-' || outer == '/') && outer != sep;
}

/*
 * match_numeric
 *		A date in digits at group g: returns its groups, or 0.
 */
static int
match_numeric(PiiScan *scan, const PiiRun *run, int g)
{
	const PiiText *text = scan->text;
	const PiiGroup *group = &run->group[g];
	float		confidence;
	PiiWord		word;
	int			end;

	if (g + 2 >= run->n || run->plus || group[1].sep != group[2].sep ||
		(group[1].sep != '-' && group[1].sep != '/' && group[1].sep != '.') ||
		group[1].open || group[2].open || group[2].close ||
		!is_date_border(run, g, group[1].sep) || !is_date_border(run, g + 3, group[1].sep))
		return 0;
	confidence = numeric_confidence(text, group);
	if (confidence == 0)
		return 0;

	/* "2031-05-06T12:00" */
	end = group[2].end;
	if (pii_is(text, end, PII_IS_WORD) &&
		!(text->c[end] == 'T' && pii_is(text, end + 1, PII_IS_DIGIT)))
		return 0;
	if ((g == 0 && st_pii_attached_before(text, group[0].start, &word)) ||
		(g + 3 == run->n && st_pii_attached_after(text, end, &word)))
		return 0;

	note(scan, group[0].start, end, confidence);
	return 3;
}

/*
 * is_gap
 *		Whether [start, end) may stand between the parts of a date.
 */
static bool
is_gap(const PiiText *text, int start, int end)
{
	if (end - start > MAX_GAP)
		return false;
	for (int i = start; i < end; i++)
	{
		if (strchr(" .,-/'", text->c[i]) == NULL)
			return false;
	}
	return true;
}

/*
 * year_after
 *		Returns the end of a year that follows the part of a date that ends at
 *		i, or i when none does.
 */
static int
year_after(const PiiText *text, int i)
{
	PiiWord		word;
	int			from = i;

	for (int n = 0; n < 2; n++)
	{
		if (!st_pii_word_after(text, from, i + MAX_WORDS, &word) || !is_gap(text, from, word.start))
			return i;
		if (word.end - word.start == 4 && pii_is(text, word.start, PII_IS_DIGIT))
		{
			PiiGroup	group = {.start = word.start,.end = word.end};

			for (int k = word.start; k < word.end; k++)
			{
				if (!pii_is(text, k, PII_IS_DIGIT))
					return i;
			}
			/* "May 5 1999,00" */
			return is_year(value_of(text, &group)) &&
				!(strchr(".,-/", pii_char(text, word.end)) != NULL &&
				  pii_is(text, word.end + 1, PII_IS_DIGIT)) ? word.end : i;
		}
		if (word.end - word.start == 2 && pii_char(text, word.start - 1) == '\'' &&
			pii_is(text, word.start, PII_IS_DIGIT) && pii_is(text, word.start + 1, PII_IS_DIGIT))
			return word.end;
		if (!(word.says & PII_WORD_OF))
			return i;
		from = word.end;
	}
	return i;
}

/*
 * named_confidence
 *		How surely a month with these other parts is a date.
 */
static float
named_confidence(const PiiText *text, const PiiWord *month, bool day, bool year)
{
	uint8		first = text->c[month->start];
	bool		capital = (first >= 'A' && first <= 'Z') || first >= 0x80;
	bool		doubtful = (month->month & PII_MONTH_DOUBTFUL) != 0;
	bool		shortened = (month->month & PII_MONTH_SHORT) != 0;

	if (day && year)
		return shortened ? 0.8f : 0.9f;
	if (shortened && doubtful)
		return 0.4f;
	if (day)
		return capital || !(doubtful || shortened) ? 0.6f : 0.4f;
	return 0.55f;
}

/*
 * day_end
 *		Returns the end of a day whose digits end at i, with "st", "th", "er"
 *		and their like; -1: another word follows at once.
 */
static int
day_end(const PiiText *text, int i)
{
	int			end = i;

	while (end - i < 3 && pii_is(text, end, PII_IS_WORD) && !pii_is(text, end, PII_IS_DIGIT))
		end++;
	if (pii_is(text, end, PII_IS_WORD))
		return -1;
	if (end - i == 1 && text->c[i] < 0x80 && strchr("eoa", pii_lower(text->c[i])) == NULL)
		return -1;
	return end;
}

/*
 * st_pii_date
 *		A date at group g of a run: returns how many groups it takes, or 0; *end
 *		is set to its end where names of months take it further.
 */
int
st_pii_date(PiiScan *scan, const PiiRun *run, int g, int *end)
{
	const PiiText *text = scan->text;
	const PiiGroup *group = &run->group[g];
	int			taken = match_numeric(scan, run, g);
	int			value;
	int			after;
	int			from;
	PiiWord		word = {0};

	if (taken > 0)
		return taken;
	if (group->ndigits > 4 || group->ndigits == 3 || run->plus || group->open || group->close ||
		(g > 0 && group->sep != ' '))
		return 0;
	value = value_of(text, group);

	/* a month before: "May 5, 2031", "May 2031" */
	if (st_pii_word_before(text, group->start, Max(group->start - MAX_WORDS, 0), &word) &&
		word.month == 0 && (word.says & PII_WORD_OF) && is_gap(text, word.end, group->start))
	{
		int			of = word.start;

		if (!st_pii_word_before(text, of, Max(of - MAX_WORDS, 0), &word) || !is_gap(text, word.end, of))
			word.month = 0;
	}
	else if (!is_gap(text, word.end, group->start))
		word.month = 0;
	if (word.month != 0 && (group->ndigits == 4 ? is_year(value) : value >= 1 && value <= 31))
	{
		bool		day = group->ndigits < 4;

		after = day ? day_end(text, group->end) : group->end;
		if (after < 0 || (!day && pii_is(text, after, PII_IS_WORD)))
			return 0;
		*end = day ? year_after(text, after) : after;
		note(scan, word.start, *end, named_confidence(text, &word, day, !day || *end > after));
		return 1;
	}

	/* a month after: "5 May 2031", "5 de mayo de 2031" */
	if (group->ndigits > 2 || value < 1 || value > 31)
		return 0;
	after = day_end(text, group->end);
	if (after < 0)
		return 0;
	from = after;
	for (int n = 0; n < 2; n++)
	{
		if (!st_pii_word_after(text, from, after + MAX_WORDS, &word) || !is_gap(text, from, word.start))
			return 0;
		if (word.month != 0)
			break;
		if (!(word.says & PII_WORD_OF))
			return 0;
		from = word.end;
	}
	if (word.month == 0)
		return 0;
	after = word.end;
	*end = year_after(text, after);
	note(scan, group->start, *end, named_confidence(text, &word, true, *end > after));
	return 1;
}
