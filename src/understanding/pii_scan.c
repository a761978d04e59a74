/*-------------------------------------------------------------------------
 *
 * pii_scan.c
 *		Finds personal data in a document: one pass that calls the rules where
 *		one of them may begin, and order among what they find.
 *
 * Every rule begins at the border of a token and looks at a bounded number of
 * characters, or is continued after what it has read, so that the time is
 * linear in the document whatever it holds.  A document is read in parts (see
 * pii_inner.h), which bounds memory.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "understanding/pii_inner.h"

/* How far words are looked for around a finding. */
#define CONTEXT_BEFORE	90		/* characters */
#define CONTEXT_AFTER	40
#define CONTEXT_LINES	2
#define WORDS_BEFORE	8
#define WORDS_NEAR		3		/* those that speak against it */
#define WORDS_AFTER		2
#define WORDS_STREET	3

const char *const st_pii_builtin_names[PII_NUM_BUILTIN] = {
	"EMAIL", "PHONE", "CREDIT_CARD", "IBAN", "IP_ADDRESS", "URL", "US_SSN", "DATE"
};

/* Words that speak for and against each built-in kind. */
static const struct
{
	uint16		is;
	uint16		against;
}			context_words[PII_NUM_BUILTIN] =

{
	[PII_PHONE] =
	{
		PII_WORD_PHONE,
		PII_WORD_ID | PII_WORD_VERSION | PII_WORD_CARD | PII_WORD_SSN | PII_WORD_IBAN | PII_WORD_STREET
	},
	[PII_CREDIT_CARD] =
	{
		PII_WORD_CARD,
		PII_WORD_ID | PII_WORD_VERSION | PII_WORD_PHONE | PII_WORD_SSN
	},
	[PII_IP_ADDRESS] =
	{
		PII_WORD_IP, PII_WORD_VERSION
	},
	[PII_US_SSN] =
	{
		PII_WORD_SSN, PII_WORD_ID | PII_WORD_PHONE | PII_WORD_CARD
	},
	[PII_DATE] =
	{
		PII_WORD_DATE, PII_WORD_VERSION
	},
};

/*
 * st_pii_found
 *		Notes a finding [start, end), unless its kind is off or wants more
 *		confidence.
 */
void
st_pii_found(PiiScan *scan, int kind, int start, int end, float confidence)
{
	const PiiKind *k = &scan->kinds->kind[kind];
	PiiFound   *found;

	/* two digits: sums of tenths are not exact */
	confidence = rintf(Max(Min(confidence, PII_MOST_CONFIDENCE), 0) * 100) / 100;
	if (!k->enabled || confidence < k->threshold)
		return;

	if (scan->nfound == scan->found_size)
	{
		scan->found_size = scan->found_size ? scan->found_size * 2 : 16;
		scan->found = scan->found ?
			repalloc_huge(scan->found, sizeof(PiiFound) * (Size) scan->found_size) :
			palloc(sizeof(PiiFound) * scan->found_size);
	}
	found = &scan->found[scan->nfound++];
	found->start = start;
	found->end = end;
	found->kind = kind;
	found->confidence = confidence;
}

/*
 * word_is
 *		Whether a word speaks for a kind.
 */
static bool
word_is(const PiiKind *k, int kind, const PiiWord *word)
{
	int			low = 0;
	int			high = k->nwords;

	if (kind < PII_NUM_BUILTIN && (word->says & context_words[kind].is))
		return true;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (k->words[middle] == word->hash)
			return true;
		if (k->words[middle] < word->hash)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/*
 * st_pii_context
 *		What the words around [start, end) say of it: the nearest one before
 *		that says anything counts, also on the lines before, then those after.
 */
PiiContext
st_pii_context(const PiiScan *scan, int kind, int start, int end)
{
	const PiiText *text = scan->text;
	const PiiKind *k = &scan->kinds->kind[kind];
	uint16		against = kind < PII_NUM_BUILTIN ? context_words[kind].against : 0;
	PiiContext	context = {0};
	PiiWord		word;
	int			least = start;
	int			most = end;
	int			lines = 0;
	int			near = WORDS_NEAR;
	int			i;

	while (least > 0 && least > start - CONTEXT_BEFORE)
	{
		if (text->c[least - 1] == '\n' && ++lines > CONTEXT_LINES)
			break;
		least--;
	}
	while (most < text->n && most < end + CONTEXT_AFTER && text->c[most] != '\n')
		most++;

	i = start;
	for (int n = 0; n < WORDS_BEFORE; n++)
	{
		if (!st_pii_word_before(text, i, least, &word))
			break;
		if (kind == PII_IP_ADDRESS && pii_is(text, word.start, PII_IS_DIGIT))
			near++;				/* another version, or another address */
		if (word_is(k, kind, &word))
		{
			context.is = true;
			break;
		}
		if (word.says & against)
		{
			context.against = n < near;
			break;
		}
		i = word.start;
	}

	i = end;
	for (int n = 0; n < WORDS_STREET; n++)
	{
		if (!st_pii_word_after(text, i, most, &word))
			break;
		if (n < WORDS_AFTER && !context.is && !context.against && word_is(k, kind, &word))
			context.is = true;
		if (word.says & PII_WORD_STREET)
			context.street = true;
		i = word.end;
	}
	return context;
}

/*
 * st_pii_attached_before
 *		Whether the word before start is joined to it as in "INV-2031"; which
 *		one it is.
 */
bool
st_pii_attached_before(const PiiText *text, int start, PiiWord *word)
{
	uint8		c = pii_char(text, start - 1);

	return (c == '-' || c == '_' || c == '.' || c == '/' || c == '\\') &&
		pii_is(text, start - 2, PII_IS_WORD) &&
		st_pii_word_before(text, start - 1, Max(start - CONTEXT_BEFORE, 0), word);
}

/*
 * st_pii_attached_after
 *		Whether the word after end is joined to it as in "2031-b"; which one it
 *		is.  A new sentence is not.
 */
bool
st_pii_attached_after(const PiiText *text, int end, PiiWord *word)
{
	uint8		c = pii_char(text, end);
	uint8		next = pii_char(text, end + 1);

	if (c == '.' && next >= 'A' && next <= 'Z')
		return false;
	return (c == '-' || c == '_' || c == '.' || c == '/' || c == '\\') &&
		pii_is(text, end + 1, PII_IS_WORD) &&
		st_pii_word_after(text, end + 1, end + CONTEXT_BEFORE, word);
}

/*
 * begins_number
 *		Whether a number begins with the "+" or "(" at i: "+49", "(030)",
 *		"+(49)", "(+49)".
 */
static bool
begins_number(const PiiText *text, int i)
{
	uint8		next = pii_char(text, i + 1);

	if (pii_is(text, i - 1, PII_IS_WORD))
		return false;
	if (text->c[i] == '+' ? next == '(' : next == '+')
		i++;
	return pii_is(text, i + 1, PII_IS_DIGIT);
}

/*
 * scan_part
 *		Calls the rules on a part.
 */
static void
scan_part(PiiScan *scan)
{
	const PiiText *text = scan->text;
	const uint8 *c = text->c;
	int			n = text->n;
	int			i = 0;

	while (i < n)
	{
		if (likely(!(st_pii_class[c[i]] & PII_IS_TRIGGER)))
		{
			i++;
			continue;
		}
		switch (c[i])
		{
			case '@':
				i = st_pii_email(scan, i);
				break;
			case ':':
				i = st_pii_colon(scan, i);
				break;
			case 'w':
			case 'W':
				i = st_pii_www(scan, i);
				break;
			case '+':
			case '(':
				i = begins_number(text, i) ? st_pii_number(scan, i) : i + 1;
				break;
			default:			/* a digit */
				i = pii_is(text, i - 1, PII_IS_WORD) ?
					st_pii_iban_at(scan, i) : st_pii_number(scan, i);
				break;
		}
	}
}

static int
compare_found(const void *a, const void *b)
{
	const PiiFound *fa = a;
	const PiiFound *fb = b;

	if (fa->start != fb->start)
		return fa->start < fb->start ? -1 : 1;
	if (fa->end != fb->end)
		return fa->end > fb->end ? -1 : 1;
	/* kinds of users know better */
	return fb->kind - fa->kind;
}

/*
 * is_better
 *		Of two findings that overlap, whether the one that begins later, or is
 *		not longer, is the one to keep.
 */
static bool
is_better(const PiiFound *later, const PiiFound *earlier)
{
	if (later->end <= earlier->end)
		return later->start == earlier->start && later->end == earlier->end &&
			later->confidence > earlier->confidence;
	return later->confidence > earlier->confidence;
}

/*
 * settle
 *		Drops what is allowed, and of findings that overlap all but one: the
 *		one that holds the others, else the surer one.
 */
static void
settle(PiiScan *scan)
{
	const PiiKinds *kinds = scan->kinds;
	bool		sorted = true;
	int			n = 0;

	for (int i = 1; i < scan->nfound && sorted; i++)
		sorted = compare_found(&scan->found[i - 1], &scan->found[i]) <= 0;
	if (!sorted)
		qsort(scan->found, scan->nfound, sizeof(PiiFound), compare_found);

	if (kinds->allow != NULL)
		st_pii_allow(scan, kinds->allow, -1);
	for (int kind = 0; kind < kinds->n && kinds->allows; kind++)
	{
		if (kinds->kind[kind].allow != NULL)
			st_pii_allow(scan, kinds->kind[kind].allow, kind);
	}

	for (int i = 0; i < scan->nfound; i++)
	{
		PiiFound   *found = &scan->found[i];

		if (n == 0 || found->start >= scan->found[n - 1].end)
			scan->found[n++] = *found;
		else if (is_better(found, &scan->found[n - 1]))
			scan->found[n - 1] = *found;
	}
	scan->nfound = n;
}

/*
 * make_wanted
 *		Returns for each kind whether it is among those asked for; names that
 *		there are none of do nothing.
 */
static bool *
make_wanted(const PiiKinds *kinds, const char *const *names, int n)
{
	bool	   *wanted = palloc0(sizeof(bool) * kinds->n);

	for (int i = 0; i < n; i++)
	{
		int			kind = st_pii_find_kind(kinds, names[i]);

		if (kind >= 0)
			wanted[kind] = true;
	}
	return wanted;
}

/*
 * st_find_pii
 *		Returns the personal data in a document, in order and disjoint, palloc'd,
 *		and how many there are; NULL when there are none.  kinds NULL: all that
 *		are on.  Throws for lack of memory and cancel, and what reading
 *		triage.pii_kind throws.
 */
StPiiSpan *
st_find_pii(const StDocument *doc, const char *const *kinds, int nkinds, int *n)
{
	PiiScan		scan = {.kinds = st_pii_kinds()};
	bool	   *wanted = kinds ? make_wanted(scan.kinds, kinds, nkinds) : NULL;
	StPiiSpan  *spans = NULL;
	int			size = 0;
	int			from = 0;
	int			again;

	/* an address in a link that nobody asked for is an address */
	scan.skip_urls = scan.kinds->kind[PII_URL].enabled && (wanted == NULL || wanted[PII_URL]);
	*n = 0;
	for (; from < doc->length; from = again)
	{
		PiiText		text;
		int			end = st_pii_part(doc, from, &again);
		int			overlap = again;

		CHECK_FOR_INTERRUPTS();
		st_pii_fold(doc->data + from, end - from, &text);
		scan.text = &text;
		scan.first = from == 0;
		scan.last = end == doc->length;
		scan.url_end = 0;
		scan.cut_at = -1;
		scan.nfound = 0;
		scan_part(&scan);
		if (scan.kinds->patterns)
			st_pii_patterns(&scan);
		if (scan.nfound > 0)
			settle(&scan);

		for (int i = 0; i < scan.nfound; i++)
		{
			const PiiFound *found = &scan.found[i];
			int			start = from + pii_byte(&text, found->start);
			int			length = from + st_pii_end_byte(&text, found->end - 1) - start;
			StPiiSpan  *span;

			/* what begins in the overlap is left to the next part */
			if (start >= overlap && end < doc->length)
				break;
			again = Max(again, start + length);
			if (wanted != NULL && !wanted[found->kind])
				continue;
			if (*n == size)
			{
				size = size ? size * 2 : 8;
				spans = spans ? repalloc_huge(spans, sizeof(StPiiSpan) * (Size) size) :
					palloc(sizeof(StPiiSpan) * size);
			}
			span = &spans[(*n)++];
			span->kind = scan.kinds->kind[found->kind].name;
			span->start = start;
			span->length = length;
			span->confidence = found->confidence;
		}
	}

	if (scan.found != NULL)
		pfree(scan.found);
	if (wanted != NULL)
		pfree(wanted);
	return spans;
}
