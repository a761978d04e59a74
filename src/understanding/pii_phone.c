/*-------------------------------------------------------------------------
 *
 * pii_phone.c
 *		Telephone numbers: what no stricter rule took of a run of digit groups.
 *
 * A number is taken whole or not at all, but for forms that stand out within
 * other numbers.  How it is written says how sure it is: "+49 30 ..." nearly
 * is, "030/..." and 555-555-5555 mostly, 467 3395 only where words near it
 * speak of calling; prices, coordinates, times, parts of identifiers and house
 * numbers are none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "understanding/pii_inner.h"

#define MAX_PHONE_GROUPS	8
#define MAX_EXTENSION		6	/* digits */

/* From here on words need not say that it is a telephone number. */
#define SURE	PII_DEFAULT_THRESHOLD

/*
 * The calling codes in use (ITU-T E.164), by their first two digits: the
 * number of digits, or 0.
 */
static int
calling_code(const uint8 *digits, int n)
{
	int			two;

	if (n < 3 || digits[0] == '0')
		return 0;
	if (digits[0] == '1' || digits[0] == '7')
		return 1;
	two = (digits[0] - '0') * 10 + digits[1] - '0';
	switch (two)
	{
		case 20:
		case 27:
		case 30:
		case 31:
		case 32:
		case 33:
		case 34:
		case 36:
		case 39:
		case 40:
		case 41:
		case 43:
		case 44:
		case 45:
		case 46:
		case 47:
		case 48:
		case 49:
		case 51:
		case 52:
		case 53:
		case 54:
		case 55:
		case 56:
		case 57:
		case 58:
		case 60:
		case 61:
		case 62:
		case 63:
		case 64:
		case 65:
		case 66:
		case 81:
		case 82:
		case 84:
		case 86:
		case 90:
		case 91:
		case 92:
		case 93:
		case 94:
		case 95:
		case 98:
			return 2;
		case 28:
		case 83:
		case 89:
			return 0;
		default:
			return 3;
	}
}

/*
 * international
 *		How surely digits are a number with its country: the digits after "+".
 */
static bool
international(const uint8 *digits, int n)
{
	int			code = calling_code(digits, n);

	if (code == 0 || n < 8 || n > 15)
		return false;
	return digits[0] != '1' || n == 11;
}

/* The groups of a candidate. */
typedef struct PhoneForm
{
	uint8		digits[24];
	int			ndigits;
	int			ngroups;
	char		sep;			/* between all groups but after parentheses;
								 * 0: they differ, or none */
	bool		mixed;
} PhoneForm;

/*
 * read_form
 *		Fills form from n groups; false when they are no telephone number
 *		whatever they look like.
 */
static bool
read_form(const PiiText *text, const PiiGroup *group, int n, PhoneForm *form)
{
	memset(form, 0, sizeof(*form));
	form->ngroups = n;
	for (int i = 0; i < n; i++)
	{
		if (form->ndigits + group[i].ndigits > 17)
			return false;
		memcpy(form->digits + form->ndigits, text->c + group[i].start, group[i].ndigits);
		form->ndigits += group[i].ndigits;
		if (i == 0 || group[i].sep == '(' || group[i - 1].close || group[i].open)
			continue;
		if (form->sep == 0)
			form->sep = group[i].sep;
		else if (form->sep != group[i].sep)
			form->mixed = true;
	}
	return form->ndigits >= 7;
}

/*
 * is_north_american
 *		Whether groups are an area, an exchange and a line: 3, 3 and 4 digits,
 *		with a 1 before them or not.
 */
static bool
is_north_american(const PiiText *text, const PiiGroup *group, int n)
{
	if (n == 4 && group[0].ndigits == 1 && text->c[group[0].start] == '1')
	{
		group++;
		n--;
	}
	return n == 3 && group[0].ndigits == 3 && group[1].ndigits == 3 && group[2].ndigits == 4 &&
		text->c[group[0].start] >= '2';
}

/* Whether digits look like a year. */
static bool
looks_like_year(const PiiText *text, const PiiGroup *group)
{
	return group->ndigits == 4 &&
		((text->c[group->start] == '1' && text->c[group->start + 1] == '9') ||
		 (text->c[group->start] == '2' && text->c[group->start + 1] == '0'));
}

/* Whether the same stands between all groups. */
static bool
is_uniform(const PiiGroup *group, int n)
{
	for (int i = 2; i < n; i++)
	{
		if (group[i].sep != group[1].sep)
			return false;
	}
	return true;
}

/*
 * form_confidence
 *		How surely n groups are a telephone number by their form alone; 0: they
 *		are none.
 */
static float
form_confidence(const PiiText *text, const PiiGroup *group, int n, bool plus)
{
	PhoneForm	form;
	const uint8 *digits = form.digits;
	int			least = 9;
	int			most = 0;
	bool		zero;

	if (n > MAX_PHONE_GROUPS || !read_form(text, group, n, &form))
		return 0;

	if (plus)
		return international(digits, form.ndigits) ? 0.9f : 0;

	for (int i = 0; i < n; i++)
	{
		least = Min(least, group[i].ndigits);
		most = Max(most, group[i].ndigits);
	}

	/* 00 and 011 are dialled before a country, whose code is in one piece */
	if (digits[0] == '0' && digits[1] == '0')
	{
		int			code = group[0].ndigits - 2;

		return international(digits + 2, form.ndigits - 2) &&
			(code == 0 || code >= calling_code(digits + 2, form.ndigits - 2)) ?
			(n > 1 ? 0.8f : 0.45f) : 0;
	}
	if (n > 1 && group[0].ndigits == 3 && memcmp(digits, "011", 3) == 0 && form.ndigits > 10 &&
		international(digits + 3, form.ndigits - 3))
		return 0.7f;

	/* fractions and numbers with points between thousands are none */
	if (form.sep == '.' && n < 3 && !group[0].close)
		return 0;
	if (is_north_american(text, group, n))
	{
		if (group[n - 3].close)
			return 0.75f;
		return form.mixed ? 0.3f : form.sep == ' ' ? 0.6f : 0.7f;
	}

	if (form.ndigits > 12)
		return 0;
	zero = digits[0] == '0';
	if (n == 1)
	{
		if (zero)
			return form.ndigits >= 9 ? 0.4f : form.ndigits == 8 ? 0.2f : 0;
		return form.ndigits <= 11 ? 0.25f : 0;
	}

	/* 8 912 345-67-89, 06-1/290 4047 */
	if (least == 1 && n > 2 && n <= 6 && group[n - 1].ndigits > 1 &&
		(group[0].ndigits == 1 ? form.ndigits == 11 && (digits[0] == '7' || digits[0] == '8') :
		 zero && form.ndigits >= 9))
		return 0.25f;

	/* other single digits are parts of an ISBN, of a list, of a version */
	if (least < 2 || most > 9 || n > 6)
		return 0;
	if (group[0].close && group[0].ndigits <= 5)
	{
		if (looks_like_year(text, &group[0]))
			return 0.3f;
		return form.mixed && !zero ? 0.4f : 0.65f;
	}
	if (zero && group[0].ndigits <= 6 && form.ndigits >= 9)
	{
		/* what is after the area may be divided otherwise: 08-695 89 69 */
		if (form.mixed)
			return is_uniform(group + 1, n - 1) ? 0.55f : 0.35f;
		if (n == 2 && form.ndigits == 9)	/* 01234-5678 is a postcode */
			return form.sep == ' ' || group[0].ndigits == 5 ? 0.35f : 0.5f;
		return 0.6f;
	}

	/* a social security number, or one that was not good enough */
	if (n == 3 && group[0].ndigits == 3 && group[1].ndigits == 2 && group[2].ndigits == 4)
		return 0;

	/* 2014-2015, GSM 900/1800 */
	if (n == 2 && looks_like_year(text, &group[0]) && looks_like_year(text, &group[1]))
		return 0;
	return form.sep == '/' && n == 2 ? 0.05f : form.mixed ? 0.15f : 0.3f;
}

/*
 * extension_end
 *		Returns the end of an extension ("x123", "ext. 123") that follows a
 *		number that ends at i, or i.
 */
static int
extension_end(const PiiText *text, int i)
{
	int			p = i + (pii_char(text, i) == ' ');
	int			digits;

	if (pii_char(text, p) == ',')
		p += 1 + (pii_char(text, p + 1) == ' ');
	if (pii_lower(pii_char(text, p)) == 'x')
		p++;
	else if (pii_lower(pii_char(text, p)) == 'e' && pii_lower(pii_char(text, p + 1)) == 'x' &&
			 pii_lower(pii_char(text, p + 2)) == 't')
	{
		static const char rest[] = "ension";
		int			k = 0;

		p += 3;
		while (rest[k] != '\0' && pii_lower(pii_char(text, p)) == rest[k])
		{
			p++;
			k++;
		}
		p += pii_char(text, p) == '.';
		p += pii_char(text, p) == ':';
	}
	else
		return i;

	p += pii_char(text, p) == ' ';
	digits = p;
	while (p - digits <= MAX_EXTENSION && pii_is(text, p, PII_IS_DIGIT))
		p++;
	return p == digits || p - digits > MAX_EXTENSION || pii_is(text, p, PII_IS_WORD) ? i : p;
}

/*
 * is_amount
 *		Whether a currency or a unit, or what only stands in other numbers, is
 *		next to [start, end).
 */
static bool
is_amount(const PiiText *text, int start, int end, bool sure)
{
	uint8		before = pii_char(text, start - 1);
	uint8		after = pii_char(text, end);
	PiiWord		word;

	/* 12:34:56, 1,234,567, and coordinates */
	if ((before == ':' || (before == ',' && !sure)) && pii_is(text, start - 2, PII_IS_DIGIT))
		return true;
	if ((after == ':' || (after == ',' && !sure)) && pii_is(text, end + 1, PII_IS_DIGIT))
		return true;
	if (before == '-' || before == PII_MONEY || before == '$')
		return true;
	if (before == ' ')
		before = pii_char(text, start - 2);
	if (after == ' ')
		after = pii_char(text, end + 1);
	if (before == PII_MONEY || before == '$' || after == PII_MONEY || after == '$' || after == '%')
		return true;
	return (st_pii_word_after(text, end, end + 12, &word) && word.start <= end + 1 &&
			(word.says & PII_WORD_AMOUNT)) ||
		(st_pii_word_before(text, start, Max(start - 12, 0), &word) && word.end >= start - 1 &&
		 (word.says & PII_WORD_AMOUNT));
}

static bool
word_has_letter(const PiiText *text, const PiiWord *word)
{
	for (int i = word->start; i < word->end; i++)
	{
		if (!pii_is(text, i, PII_IS_DIGIT))
			return true;
	}
	return false;
}

/*
 * first_char
 *		Where a number begins that begins with this group.
 */
static int
first_char(const PiiGroup *group, bool plus)
{
	int			start = group->start;

	if (group->open)
		start--;
	if (plus)
		start--;
	/* "(+49) 30" */
	if (plus && group->close && !group->open)
		start--;
	return start;
}

/*
 * match_phone
 *		A telephone number of n groups: notes it and returns true, or not.
 */
static bool
match_phone(PiiScan *scan, const PiiGroup *group, int n, bool plus, bool whole)
{
	const PiiText *text = scan->text;
	float		confidence = form_confidence(text, group, n, plus);
	int			start = first_char(&group[0], plus);
	int			digits_end = group[n - 1].end + (group[n - 1].close ? 1 : 0);
	int			end;
	bool		sure = confidence >= SURE;
	PiiContext	context;
	PiiWord		word;

	if (confidence == 0)
		return false;
	if (!whole && !(sure && (plus || (n > 1 && (group[0].close || group[1].close || group[1].sep != ' ')))))
		return false;

	end = extension_end(text, digits_end);
	if (end == digits_end && pii_is(text, end, PII_IS_WORD))
		return false;
	if (st_pii_attached_before(text, start, &word) &&
		!(word.says & PII_WORD_PHONE))
		return false;
	if (st_pii_attached_after(text, end, &word) && !(word.says & PII_WORD_PHONE))
		return false;
	if (!plus && is_amount(text, start, digits_end, sure) &&
		!(pii_char(text, start - 1) == '-' && st_pii_attached_before(text, start, &word)))
		return false;

	context = st_pii_context(scan, PII_PHONE, start, end);
	if (!sure && context.street)
		return false;
	if (context.is)
		confidence += PII_CONTEXT_FOR;
	else if (context.against)
		confidence -= PII_CONTEXT_AGAINST;

	/* "#2031555", "1Z 999 AA1 01 2345 6784" */
	else if (pii_char(text, start - 1) == '#' ||
			 (!plus && pii_char(text, start - 1) == ' ' && pii_is(text, start - 2, PII_IS_DIGIT) &&
			  st_pii_word_before(text, start, Max(start - 40, 0), &word) &&
			  word_has_letter(text, &word)))
		confidence -= PII_CONTEXT_AGAINST;
	st_pii_found(scan, PII_PHONE, start, end, confidence);
	return true;
}

/*
 * phones_within
 *		Looks within groups [from, to) for what cannot be mistaken, the longest
 *		first.
 */
static void
phones_within(PiiScan *scan, const PiiRun *run, int from, int to)
{
	int			g = from;

	while (g < to)
	{
		int			n = 0;

		if (st_pii_is_border(run, g))
		{
			for (n = Min(to - g, MAX_PHONE_GROUPS); n > 0; n--)
			{
				if (st_pii_is_border(run, g + n) &&
					match_phone(scan, &run->group[g], n, run->plus && g == 0, false))
					break;
			}
		}
		g += Max(n, 1);
	}
}

/*
 * st_pii_phones
 *		Looks for telephone numbers in the groups [from, to) of a run, which no
 *		other rule took.
 */
void
st_pii_phones(PiiScan *scan, const PiiRun *run, int from, int to)
{
	const PiiGroup *group = run->group;
	int			end;

	if (from >= to)
		return;

	/* all of it, unless more digits are joined to it */
	if (!run->part && st_pii_is_border(run, from) && st_pii_is_border(run, to) &&
		match_phone(scan, &group[from], to - from, run->plus && from == 0, true))
		return;

	/* each of several, "0171 1234567 / 0172 1234567" */
	for (; from < to; from = end)
	{
		for (end = from + 1; end < to && !group[end].spaced; end++)
			;
		if (!(!run->part && st_pii_is_border(run, from) && st_pii_is_border(run, end) &&
			  match_phone(scan, &group[from], end - from, run->plus && from == 0, true)))
			phones_within(scan, run, from, end);
	}
}
