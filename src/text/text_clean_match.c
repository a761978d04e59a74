/*-------------------------------------------------------------------------
 *
 * text_clean_match.c
 *		Lines of a document, folded, and the known phrases in them.
 *
 * Folding makes what people and mail programs write differently the same:
 * case, accents, kinds of spaces, dashes, quotes and colons, and drops marks
 * of direction.  All lines are folded into one buffer, joined by single
 * spaces, so that a phrase is found where a mail program has wrapped it; the
 * buffer is searched once, for all phrases, by a hash of the first four bytes
 * at the start of each word.
 *
 * The folded phrases are made once a process and never change.
 *
 *-------------------------------------------------------------------------
 */
#include "text_clean.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf8.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#define FOLD_TABLE_SIZE	0x600	/* Latin to Hebrew */
#define BUCKETS			2048
#define LABEL_BUCKETS	512
#define MAX_FOLDED_PHRASE 256

typedef struct FoldedPhrase
{
	char	   *text;
	int			length;
	int			next;			/* in the bucket, -1 ends */
} FoldedPhrase;

static bool ready = false;
static uint16 fold_table[FOLD_TABLE_SIZE];	/* 0 drops */
static FoldedPhrase *phrases;
static int16 phrase_buckets[BUCKETS];
static FoldedPhrase *labels;
static int16 label_buckets[LABEL_BUCKETS];
static FoldedPhrase *starters;
static FoldedPhrase *images;

/* Folds one character the slow way; 0 drops it. */
static UChar32
fold_slowly(UChar32 c)
{
	if ((c >= 0x2000 && c <= 0x200A) || c == 0xA0 || c == 0x202F || c == 0x205F || c == 0x3000 || c < 0x20)
		return ' ';
	if ((c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
		c == 0xFEFF || c == 0xAD || c == 0x7F || c == 0xFFFC)
		return 0;
	if ((c >= 0x2018 && c <= 0x201B) || c == 0x2BC || c == 0x2032 || c == 0xB4 || c == '`')
		return '\'';
	if ((c >= 0x201C && c <= 0x201F) || c == 0xAB || c == 0xBB)
		return '"';
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x5BE)
		return '-';
	if (c >= 0xFF01 && c <= 0xFF5E)
		c -= 0xFEE0;
	if (c == 0x3001 || c == 0x60C)
		return ',';
	if (c == 0x3002)
		return '.';
	if (c < 0x80)
		return (c >= 'A' && c <= 'Z') ? c + 32 : c;
	/* scripts without case and accents */
	if (c >= 0x3040 && c <= 0xD7A3)
		return c;

	for (;;)
	{
		UErrorCode	status = U_ZERO_ERROR;
		const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
		UChar		parts[32];
		UChar32		base;
		int			length;

		c = u_foldCase(c, U_FOLD_CASE_DEFAULT);
		if (U_FAILURE(status))
			break;
		length = unorm2_getRawDecomposition(nfd, c, parts, lengthof(parts), &status);
		if (U_FAILURE(status) || length <= 0)
			break;
		U16_GET(parts, 0, 0, length, base);
		if (base == c)
			break;
		c = base;
	}
	if (u_charType(c) == U_NON_SPACING_MARK)
		return 0;
	return c;
}

/*
 * st_clean_fold
 *		Folds [s, end) to a buffer of at least 2 * (end - s) + 4 bytes: no
 *		space at the start or end, never two together.  Returns the length.
 *		Bytes that are no UTF-8 are copied.
 */
int
st_clean_fold(const char *s, const char *end, char *to)
{
	char	   *out = to;
	int			length = (int) (end - s);
	int			i = 0;
	bool		space = false;

	while (i < length)
	{
		unsigned char byte = (unsigned char) s[i];
		UChar32		c;

		if (byte < 0x80)
		{
			c = fold_table[byte];
			i++;
		}
		else
		{
			int			start = i;

			U8_NEXT(s, i, length, c);
			if (c < 0)
			{
				if (space && out > to)
					*out++ = ' ';
				space = false;
				memcpy(out, s + start, i - start);
				out += i - start;
				continue;
			}
			if (c < FOLD_TABLE_SIZE)
				c = fold_table[c];
			else if (!(c >= 0x3041 && c <= 0xD7A3))
				c = fold_slowly(c);
		}
		if (c == 0)
			continue;
		if (c == ' ')
		{
			space = true;
			continue;
		}
		if (space && out > to)
			*out++ = ' ';
		space = false;
		if (c < 0x80)
			*out++ = (char) c;
		else
		{
			int			n = 0;

			U8_APPEND_UNSAFE(out, n, c);
			out += n;
		}
	}
	return (int) (out - to);
}

/* Folds a constant into long-lived memory. */
static void
fold_constant(const char *text, FoldedPhrase *phrase)
{
	int			length = strlen(text);
	char		buffer[2 * MAX_FOLDED_PHRASE + 4];

	Assert(length <= MAX_FOLDED_PHRASE);
	phrase->length = st_clean_fold(text, text + length, buffer);
	phrase->text = MemoryContextAlloc(TopMemoryContext, phrase->length + 1);
	memcpy(phrase->text, buffer, phrase->length);
	phrase->text[phrase->length] = '\0';
	phrase->next = -1;
}

static inline uint32
phrase_hash(const char *s)
{
	uint32		word;

	memcpy(&word, s, 4);
	return (word * 2654435761u) >> 21;
}

static uint32
label_hash(const char *s, int length)
{
	uint32		hash = 2166136261u;
	int			i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) s[i]) * 16777619u;
	return hash % LABEL_BUCKETS;
}

/*
 * get_ready
 *		Folds the tables, once a process.  Throws only for lack of memory, and
 *		then begins again the next time.
 */
static void
get_ready(void)
{
	int			i;

	if (ready)
		return;

	for (i = 0; i < FOLD_TABLE_SIZE; i++)
		fold_table[i] = (uint16) fold_slowly(i);
	fold_table[0] = ' ';

	phrases = MemoryContextAlloc(TopMemoryContext, st_clean_phrase_count * sizeof(FoldedPhrase));
	memset(phrase_buckets, -1, sizeof(phrase_buckets));
	for (i = 0; i < st_clean_phrase_count; i++)
	{
		uint32		bucket;

		fold_constant(st_clean_phrases[i].text, &phrases[i]);
		Assert(phrases[i].length >= 4);
		bucket = phrase_hash(phrases[i].text);
		phrases[i].next = phrase_buckets[bucket];
		phrase_buckets[bucket] = (int16) i;
	}

	labels = MemoryContextAlloc(TopMemoryContext, st_clean_label_count * sizeof(FoldedPhrase));
	memset(label_buckets, -1, sizeof(label_buckets));
	for (i = 0; i < st_clean_label_count; i++)
	{
		uint32		bucket;

		fold_constant(st_clean_labels[i].text, &labels[i]);
		bucket = label_hash(labels[i].text, labels[i].length);
		labels[i].next = label_buckets[bucket];
		label_buckets[bucket] = (int16) i;
	}

	starters = MemoryContextAlloc(TopMemoryContext, st_clean_starter_count * sizeof(FoldedPhrase));
	for (i = 0; i < st_clean_starter_count; i++)
		fold_constant(st_clean_starters[i], &starters[i]);

	images = MemoryContextAlloc(TopMemoryContext, st_clean_image_word_count * sizeof(FoldedPhrase));
	for (i = 0; i < st_clean_image_word_count; i++)
		fold_constant(st_clean_image_words[i], &images[i]);

	ready = true;
}

/*
 * st_clean_label
 *		Returns what label of a mail header a folded line begins with ("from:",
 *		"*sent*:"), or LABEL_NONE.
 */
int
st_clean_label(const char *folded, int length)
{
	char		key[40];
	int			key_length = 0;
	int			found = LABEL_NONE;
	int			i;

	for (i = 0; i < length && folded[i] != ':'; i++)
	{
		if (folded[i] == '*')
			continue;
		if (key_length == lengthof(key))
			return LABEL_NONE;
		key[key_length++] = folded[i];
	}
	if (i >= length)
		return LABEL_NONE;
	while (key_length > 0 && key[key_length - 1] == ' ')
		key_length--;
	if (key_length == 0)
		return LABEL_NONE;
	for (i = label_buckets[label_hash(key, key_length)]; i >= 0; i = labels[i].next)
		if (labels[i].length == key_length && memcmp(labels[i].text, key, key_length) == 0)
			found |= st_clean_labels[i].label;
	return found;
}

/*
 * st_clean_starts
 *		Returns whether a folded line begins like an attribution: "on ", "am ".
 */
bool
st_clean_starts(const char *folded, int length)
{
	int			i;

	while (length > 0 && (*folded == '-' || *folded == ' ' || *folded == '*' || *folded == '>'))
	{
		folded++;
		length--;
	}
	for (i = 0; i < st_clean_starter_count; i++)
	{
		int			n = starters[i].length;

		if (length > n && memcmp(folded, starters[i].text, n) == 0 &&
			(folded[n] == ' ' || folded[n] == ',' || starters[i].text[n - 1] == '-' ||
			 (unsigned char) starters[i].text[0] >= 0xD7))
			return true;
	}
	return false;
}

static inline bool
is_word_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* Finds all phrases in the folded text. */
static void
find_hits(CleanDocument *doc)
{
	const char *folded = doc->folded;
	int			length = doc->folded_length;
	int			p;

	for (p = 0; p + 4 <= length; p++)
	{
		unsigned char c = (unsigned char) folded[p];
		int			i;

		/* only where a word begins; scripts without spaces: anywhere */
		if (c == '[' ? false : (!is_word_byte(c) || (c >= 0x80 && c < 0xC0)))
			continue;
		if (p > 0 && c < 0xE3)
		{
			unsigned char before = (unsigned char) folded[p - 1];

			if (is_word_byte(before) && (c >= 0x80 || before < 0x80))
				continue;
		}
		for (i = phrase_buckets[phrase_hash(folded + p)]; i >= 0; i = phrases[i].next)
		{
			int			n = phrases[i].length;
			CleanHit   *hit;

			if (p + n > length || memcmp(folded + p, phrases[i].text, n) != 0)
				continue;
			if (p + n < length && st_clean_phrases[i].kind != PHRASE_DEVICE &&
				folded[p + n] >= 'a' && folded[p + n] <= 'z' &&
				folded[p + n - 1] >= 'a' && folded[p + n - 1] <= 'z')
				continue;
			doc->hits = st_clean_grow(doc->hits, doc->nhits, &doc->maxhits, sizeof(CleanHit));
			hit = &doc->hits[doc->nhits++];
			hit->position = p;
			hit->phrase = i;
			hit->length = n;
		}
	}
}

/* Makes room for more folded bytes. */
static void
reserve_folded(CleanDocument *doc, Size more)
{
	Size		needed = (Size) doc->folded_length + more;
	Size		size = Max((Size) doc->folded_size * 2, 1024);

	if (needed <= (Size) doc->folded_size)
		return;
	if (size < needed || size > MaxAllocSize)
		size = needed;
	if (doc->folded == NULL)
		doc->folded = palloc(size);
	else
		doc->folded = repalloc(doc->folded, size);
	doc->folded_size = (int) size;
}

/* Number of '>' that a line begins with, after at most three spaces. */
static int
quote_depth(const char *s, const char *end)
{
	int			spaces = 0;
	int			depth = 0;

	while (s < end && *s == ' ' && spaces < 3)
	{
		s++;
		spaces++;
	}
	while (s < end && *s == '>' && depth < 100)
	{
		depth++;
		s++;
		if (s + 1 < end && *s == ' ' && s[1] == '>')
			s++;
	}
	return depth;
}

/*
 * st_clean_read_lines
 *		Splits the text into its lines, folds them and finds the phrases.
 */
void
st_clean_read_lines(CleanDocument *doc)
{
	const char *text = doc->text;
	const char *end = text + doc->length;
	const char *s = text;
	bool		blank = false;
	int			i;
	int			hit = 0;

	get_ready();
	if (doc->length >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
		s += 3;
	while (s < end)
	{
		const char *line_end = s;
		const char *next;
		CleanLine  *line;
		int			folded;
		int			separator;

		while (line_end < end && *line_end != '\n' && *line_end != '\r')
			line_end++;
		next = line_end;
		if (next < end)
			next += (*next == '\r' && next + 1 < end && next[1] == '\n') ? 2 : 1;
		while (line_end > s && (line_end[-1] == ' ' || line_end[-1] == '\t'))
			line_end--;

		reserve_folded(doc, (Size) (line_end - s) * 2 + 8);
		separator = doc->folded_length > 0 ? 1 : 0;
		folded = st_clean_fold(s, line_end, doc->folded + doc->folded_length + separator);
		if (folded == 0)
		{
			blank = true;
			s = next;
			continue;
		}
		if (separator)
			doc->folded[doc->folded_length++] = ' ';

		doc->lines = st_clean_grow(doc->lines, doc->nlines + 1, &doc->maxlines, sizeof(CleanLine));
		line = &doc->lines[doc->nlines++];
		memset(line, 0, sizeof(CleanLine));
		line->start = (int) (s - text);
		line->end = (int) (line_end - text);
		line->fold_start = doc->folded_length;
		doc->folded_length += folded;
		line->fold_end = doc->folded_length;
		line->blank_before = blank;
		line->depth = (uint8) quote_depth(s, line_end);
		line->label = (uint8) st_clean_label(doc->folded + line->fold_start, Min(folded, 60));
		blank = false;
		s = next;
		if (doc->nlines % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (doc->nlines == 0)
		return;

	find_hits(doc);
	for (i = 0; i < doc->nlines; i++)
	{
		while (hit < doc->nhits && doc->hits[hit].position < doc->lines[i].fold_start)
			hit++;
		doc->lines[i].first_hit = hit;
	}
	memset(&doc->lines[i], 0, sizeof(CleanLine));
	doc->lines[i].first_hit = doc->nhits;
	doc->lines[i].start = doc->lines[i].end = doc->length;
	doc->lines[i].fold_start = doc->lines[i].fold_end = doc->folded_length;
	doc->lines[i].blank_before = true;
}

/*
 * st_clean_placeholder
 *		At a '[': returns the length of "[cid:...]" or "[image: ...]", 0 when it
 *		is something else.
 */
int
st_clean_placeholder(const char *s, const char *end)
{
	const char *limit = s + Min(end - s, 300);
	const char *closing;
	char		folded[2 * 300 + 4];
	int			length;
	int			i;

	closing = memchr(s, ']', limit - s);
	if (closing == NULL || memchr(s + 1, '[', closing - s - 1) != NULL)
		return 0;
	get_ready();
	length = st_clean_fold(s + 1, closing, folded);
	for (i = 0; i < st_clean_image_word_count; i++)
	{
		int			n = images[i].length;

		if (length >= n && memcmp(folded, images[i].text, n) == 0 &&
			(length == n || images[i].text[n - 1] == ':'))
			return (int) (closing + 1 - s);
	}
	return 0;
}
