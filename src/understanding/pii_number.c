/*-------------------------------------------------------------------------
 *
 * pii_number.c
 *		Numbers: groups of digits, what stands between them, and what they are.
 *
 * Digits are read as a run of groups.  At each group the rules are tried from
 * the strictest to the loosest (IP address, date, social security number,
 * card); what no rule took is looked at as a telephone number as a whole.  A
 * part of a number is therefore never taken for another kind of number.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/pii_inner.h"

/*
 * read_group
 *		Reads the group whose digits begin at i.  Returns where the next one's
 *		begin, with *next holding how it is joined, or -1 when there is none or
 *		it is another number.  outside: a "(" is before its "+".
 */
static int
read_group(const PiiText *text, int i, bool outside, PiiGroup *group, PiiGroup *next)
{
	bool		before;
	bool		after;
	char		sep = 0;

	group->start = i;
	while (pii_is(text, i, PII_IS_DIGIT))
		i++;
	group->end = i;
	group->ndigits = i - group->start;
	group->close = pii_char(text, i) == ')' && (group->open || outside);
	group->open &= group->close;	/* "(555 0101)" is not in one group */
	if (group->ndigits > PII_MAX_DIGITS)
		return -1;

	memset(next, 0, sizeof(*next));
	i += group->close;
	before = pii_char(text, i) == ' ';
	i += before;
	if (pii_char(text, i) == '-' || pii_char(text, i) == '.' || pii_char(text, i) == '/')
		sep = text->c[i++];
	after = sep != 0 && pii_char(text, i) == ' ';
	i += after;
	next->open = pii_char(text, i) == '(';
	i += next->open;
	if (!pii_is(text, i, PII_IS_DIGIT))
		return -1;

	/* "5 -3", "5. 3" */
	if ((sep == '-' && before && !after) || (sep == '.' && (before || after)))
		return -1;
	next->sep = sep != 0 ? sep : before ? ' ' : '(';
	next->spaced = sep != 0 && before && after;
	return i;
}

/*
 * read_run
 *		Reads a run of groups that begins at i, with a digit, "+" or "(".
 */
static void
read_run(const PiiText *text, int i, PiiRun *run)
{
	PiiGroup	next = {0};
	bool		outside;

	outside = text->c[i] == '(' && pii_char(text, i + 1) == '+';
	i += outside;
	run->plus = text->c[i] == '+';
	i += run->plus;
	next.open = pii_char(text, i) == '(';
	i += next.open;
	run->n = 0;
	run->cut = false;
	for (;;)
	{
		PiiGroup   *group = &run->group[run->n++];

		*group = next;
		i = read_group(text, i, outside && run->n == 1, group, &next);
		if (i < 0)
		{
			run->end = group->end + group->close;
			return;
		}
		if (run->n == PII_MAX_GROUPS)
		{
			run->cut = true;
			run->end = i;
			return;
		}
	}
}

/*
 * st_pii_is_border
 *		Whether a number may begin at group g, or end before it: it is the first
 *		one, or all that joins it to the one before is a blank.
 */
bool
st_pii_is_border(const PiiRun *run, int g)
{
	if (g == 0)
		return !run->joined;
	if (g == run->n)
		return !run->cut;
	return run->group[g].sep == ' ' || run->group[g].spaced;
}

/*
 * match_ssn
 *		A US social security number at group g: returns its groups, or 0.  The
 *		areas 000, 666 and those from 900 on, the group 00 and the serial 0000
 *		are never given.
 */
static int
match_ssn(PiiScan *scan, const PiiRun *run, int g)
{
	const PiiText *text = scan->text;
	const PiiGroup *group = &run->group[g];
	uint8		digits[9];
	int			n = 0;
	int			taken;
	int			end;
	char		sep;
	PiiContext	context;
	PiiWord		word;
	float		confidence;

	if (group[0].ndigits == 3 && g + 2 < run->n && group[1].ndigits == 2 && group[2].ndigits == 4)
	{
		taken = 3;
		sep = group[1].sep;
		if (sep != group[2].sep || (sep != '-' && sep != ' ' && sep != '.'))
			return 0;
		confidence = sep == '-' ? 0.75f : 0.3f;
	}
	else if (group[0].ndigits == 9)
	{
		taken = 1;
		confidence = 0.15f;
	}
	else
		return 0;
	if (run->plus || !st_pii_is_border(run, g) || !st_pii_is_border(run, g + taken))
		return 0;

	for (int i = 0; i < taken; i++)
	{
		if (group[i].open || group[i].close)
			return 0;
		for (int k = group[i].start; k < group[i].end; k++)
			digits[n++] = text->c[k] - '0';
	}
	end = group[taken - 1].end;
	if (digits[0] == 9 || digits[0] + digits[1] + digits[2] == 0 ||
		(digits[0] == 6 && digits[1] == 6 && digits[2] == 6) ||
		digits[3] + digits[4] == 0 || digits[5] + digits[6] + digits[7] + digits[8] == 0)
		return 0;
	if (st_pii_attached_before(text, group[0].start, &word) ||
		st_pii_attached_after(text, end, &word) || pii_is(text, end, PII_IS_WORD))
		return 0;

	context = st_pii_context(scan, PII_US_SSN, group[0].start, end);
	if (context.is)
		confidence += PII_CONTEXT_FOR;
	else if (taken == 1)
		return 0;
	else if (context.against)
		confidence -= PII_CONTEXT_AGAINST;
	st_pii_found(scan, PII_US_SSN, group[0].start, end, confidence);
	return taken;
}

/* The first n digits of a card as a number. */
static int
prefix(const uint8 *digits, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (digits[i] - '0');
	return value;
}

/*
 * card_confidence
 *		How surely digits that satisfy Luhn are a card by their first digits and
 *		their number; 0: no brand has such cards.
 */
static float
card_confidence(const uint8 *digits, int n)
{
	int			p1 = prefix(digits, 1);
	int			p2 = prefix(digits, 2);
	int			p3 = prefix(digits, 3);
	int			p4 = prefix(digits, 4);

	if (p1 == 4)				/* Visa */
		return n == 16 ? 0.8f : n == 19 ? 0.7f : n == 13 ? 0.4f : 0;
	if (n == 16 && ((p2 >= 51 && p2 <= 55) || (p4 >= 2221 && p4 <= 2720)))
		return 0.8f;			/* Mastercard */
	if (n == 15 && (p2 == 34 || p2 == 37))
		return 0.75f;			/* American Express */
	if (n == 15 && (p4 == 2131 || p4 == 1800))
		return 0.6f;			/* JCB */
	if (n >= 14 && ((p3 >= 300 && p3 <= 305) || p3 == 309 || p2 == 36 || p2 == 38 || p2 == 39))
		return n == 14 ? 0.55f : 0.5f;	/* Diners Club */
	if (n < 16)
	{
		/* Maestro; twelve digits are many things */
		return p2 == 50 || (p2 >= 56 && p2 <= 58) || p1 == 6 ? 0.4f : 0;
	}
	if (p2 == 35)				/* JCB has 3528 to 3589 */
		return p4 >= 3528 && p4 <= 3589 ? 0.8f : 0.55f;
	if (p4 == 6011 || (p3 >= 644 && p3 <= 649) || p2 == 65 || p2 == 62 || p2 == 60)
		return 0.8f;			/* Discover, UnionPay, RuPay */
	if (p4 >= 2200 && p4 <= 2204)
		return 0.8f;			/* Mir */
	if (p2 == 50 || (p2 >= 56 && p2 <= 58) || p1 == 6 || p2 == 81 || p2 == 82 || p4 == 9792)
		return 0.45f;			/* Maestro, RuPay, Troy */
	return 0;
}

/*
 * match_card
 *		A payment card at group g: returns its groups, or 0.
 */
static int
match_card(PiiScan *scan, const PiiRun *run, int g)
{
	const PiiText *text = scan->text;
	const PiiGroup *group = &run->group[g];
	uint8		digits[PII_MAX_DIGITS];
	int			n = 0;
	int			taken = 0;
	float		best = 0;
	int			start = group->start;
	int			end;
	PiiContext	context;
	PiiWord		word;

	if (run->plus || !st_pii_is_border(run, g) || group->ndigits < 4)
		return 0;

	for (int i = 0; g + i < run->n; i++)
	{
		float		confidence;
		bool		regular;

		if (group[i].open || group[i].close || n + group[i].ndigits > PII_MAX_DIGITS ||
			(i > 0 && (group[i].sep != group[1].sep || group[i].sep == '/')))
			break;
		memcpy(digits + n, text->c + group[i].start, group[i].ndigits);
		n += group[i].ndigits;
		if (n < 12 || !st_pii_is_border(run, g + i + 1) || !st_pii_luhn(digits, n))
			continue;
		confidence = card_confidence(digits, n);
		if (confidence == 0)
			continue;

		/* 4-4-4-4, 4-6-5, 4-6-4 are as cards are embossed */
		regular = i > 0 && group[i].ndigits <= 5 && group[0].ndigits == 4;
		for (int k = 1; k < i && regular; k++)
			regular = group[k].ndigits == 4 || (group[k].ndigits == 6 && i == 2);
		if (i > 0 && !regular && (g > 0 || g + i + 1 < run->n || confidence < 0.5f))
			continue;
		if (i > 0)
			confidence += regular ? 0.15f : -0.2f;
		if (regular && g + i + 1 < run->n && group[i + 1].ndigits == 4 && n != 16)
			confidence -= 0.2f;
		if (confidence > best)
		{
			best = confidence;
			taken = i + 1;
		}
	}
	if (taken == 0)
		return 0;

	end = group[taken - 1].end;
	if (pii_is(text, end, PII_IS_WORD) || pii_char(text, start - 1) == '.' ||
		(st_pii_attached_before(text, start, &word) &&
		 (pii_is(text, word.end - 1, PII_IS_DIGIT) || pii_is(text, word.start, PII_IS_DIGIT))) ||
		(st_pii_attached_after(text, end, &word) && pii_is(text, word.start, PII_IS_DIGIT)))
		return 0;

	context = st_pii_context(scan, PII_CREDIT_CARD, start, end);
	if (context.is)
		best += PII_CONTEXT_FOR;
	else if (context.against)
		best -= PII_CONTEXT_AGAINST;
	st_pii_found(scan, PII_CREDIT_CARD, start, end, best);
	return best >= scan->kinds->kind[PII_CREDIT_CARD].threshold ? taken : 0;
}

/*
 * st_pii_number
 *		Reads a number that begins at i, with a digit, "+" or "(", at the border
 *		of a token.
 */
int
st_pii_number(PiiScan *scan, int i)
{
	const PiiText *text = scan->text;
	PiiRun		run;
	int			rest = 0;		/* groups from here on are no rule's yet */
	int			g = 0;
	int			limit;
	int			end = 0;
	bool		in_link = i < scan->url_end;

	run.part = i == scan->cut_at;
	run.joined = run.part && scan->cut_sep != ' ';
	read_run(text, i, &run);
	if (run.group[0].ndigits > PII_MAX_DIGITS)
		return run.end;

	/* the last groups of a part of a run are left to the next one */
	limit = run.n;
	if (run.cut)
	{
		run.part = true;
		limit -= PII_MOST_TAKEN;
	}

	while (g < limit)
	{
		const PiiGroup *group = &run.group[g];
		int			taken = 0;

		if (group->start < end)
		{
			/* the end of a date that began before */
			g++;
			rest = g;
			continue;
		}
		if (g + 3 < run.n && group[1].sep == '.' && st_pii_ipv4(scan, group->start) > group->start)
			taken = 4;
		if (taken == 0 && !in_link)
			taken = st_pii_date(scan, &run, g, &end);
		if (taken == 0 && !in_link)
			taken = match_ssn(scan, &run, g);
		if (taken == 0)
			taken = match_card(scan, &run, g);
		if (taken == 0)
		{
			g++;
			continue;
		}
		if (!in_link)
			st_pii_phones(scan, &run, rest, g);
		g += taken;
		rest = g;
	}
	if (!in_link)
		st_pii_phones(scan, &run, rest, g);
	if (run.cut && g < run.n)
	{
		scan->cut_at = run.group[g].start;
		scan->cut_sep = run.group[g].sep;
		run.end = scan->cut_at;
	}
	return Max(run.end, end);
}
