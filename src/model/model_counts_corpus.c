/*-------------------------------------------------------------------------
 *
 * model_counts_corpus.c
 *		The words that models of the kind "counts" are trained from.
 *
 * The words of each label go to a temporary file of its own; a twentieth of the
 * documents is held out and goes to another.  So the memory is that of the
 * distinct words of one label.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/buffile.h"

#include "core/compat.h"
#include "model/model_counts_train.h"

/* One of so many documents is held out. */
#define HELD_OF			20

/* Labels that share less than this with all others are known by their letters. */
#define ALONE			0.1
#define ALONE_SHARE		0.1

/* Kinds of letters, by eights of code points, that labels are compared by. */
#define KINDS			4096
#define KIND_OF(c)		((c) >> 3 & (KINDS - 1))

#define MOST_WORD_BYTES (ST_LETTERS_WORD * 4)

/* Whether words are the same, as word_bytes leaves them. */
static inline bool
same_word(const char *a, const char *b)
{
	return memcmp(a, b, (uint8) a[0] + 1) == 0;
}

#define SH_PREFIX words
#define SH_ELEMENT_TYPE StCountsWord
#define SH_KEY_TYPE const char *
#define SH_KEY bytes
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), (uint8) (key)[0] + 1)
#define SH_EQUAL(tb, a, b) same_word(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * st_counts_begin
 *		Returns an empty corpus in the current context.
 */
StCountsCorpus *
st_counts_begin(void)
{
	StCountsCorpus *c = palloc0(sizeof(StCountsCorpus));

	c->context = CurrentMemoryContext;
	c->held = BufFileCreateTemp(false);
	return c;
}

/*
 * label_words
 *		Returns what there is of a label; throws when there are too many.
 */
static StLabelWords *
label_words(StCountsCorpus *c, int label)
{
	MemoryContext old;
	StLabelWords *words;

	if (label >= ST_COUNTS_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model of kind \"counts\" can have at most %d labels",
						ST_COUNTS_LABELS)));
	old = MemoryContextSwitchTo(c->context);
	if (label >= c->size)
	{
		c->labels = c->labels
			? repalloc(c->labels, sizeof(StLabelWords) * ST_COUNTS_LABELS)
			: palloc(sizeof(StLabelWords) * ST_COUNTS_LABELS);
		memset(c->labels, 0, sizeof(StLabelWords) * ST_COUNTS_LABELS);
		c->size = ST_COUNTS_LABELS;
	}
	words = &c->labels[label];
	if (words->file == NULL)
	{
		words->file = BufFileCreateTemp(false);
		words->kinds = palloc0(sizeof(uint32) * KINDS);
	}
	c->nlabels = Max(c->nlabels, label + 1);
	MemoryContextSwitchTo(old);
	return words;
}

/*
 * word_bytes
 *		Fills bytes with the length and the UTF-8 of a token; false when it is
 *		no word.
 */
static bool
word_bytes(const StTokens *tokens, const StToken *token, char *bytes)
{
	uint32		hashes[ST_LETTERS_MOST];
	int			length = 0;

	if (token->kind != ST_TOKEN_WORD ||
		st_letters_word(tokens->points + token->first, token->length, hashes) == 0)
		return false;
	for (int i = 0; i < Min(token->length, ST_LETTERS_WORD); i++)
	{
		unicode_to_utf8(tokens->points[token->first + i], (unsigned char *) bytes + 1 + length);
		length += pg_utf_mblen((unsigned char *) bytes + 1 + length);
	}
	bytes[0] = (char) length;
	return true;
}

/*
 * st_counts_add
 *		Adds an example.  Throws for cancel, lack of memory, too many labels and
 *		when a temporary file cannot be written.
 */
void
st_counts_add(StCountsCorpus *c, const StTokens *tokens, int label)
{
	char		bytes[1 + MOST_WORD_BYTES];
	StLabelWords *words = label_words(c, label);
	BufFile    *file = words->file;
	int32		head[2] = {label, 0};
	uint64		print = 0;

	for (int t = 0; t < tokens->ntokens; t++)
		if (word_bytes(tokens, &tokens->tokens[t], bytes))
		{
			head[1]++;
			print = hash_combine64(print, hash_bytes_extended((unsigned char *) bytes,
															  (uint8) bytes[0] + 1, 0));
		}
	c->nexamples++;
	if (print % HELD_OF == 0)
	{
		file = c->held;
		BufFileWrite(file, head, sizeof(head));
		c->nheld++;
	}
	for (int t = 0; t < tokens->ntokens; t++)
	{
		const StToken *token = &tokens->tokens[t];

		if (!word_bytes(tokens, token, bytes))
			continue;
		BufFileWrite(file, bytes, (uint8) bytes[0] + 1);
		if (file == c->held)
			continue;
		words->nwords++;
		for (int i = 0; i < token->length; i++)
			words->kinds[KIND_OF(tokens->points[token->first + i])]++;
	}
}

/*
 * read_word
 *		Reads a word as word_bytes leaves it.
 */
static void
read_word(BufFile *file, char *bytes)
{
	st_buffile_read_exact(file, bytes, 1);
	st_buffile_read_exact(file, bytes + 1, (uint8) bytes[0]);
}

/*
 * st_counts_word_features
 *		Fills hashes with the features of a word as word_bytes leaves it, and
 *		returns how many; see st_letters_word.
 */
int
st_counts_word_features(const char *bytes, uint32 *hashes)
{
	uint32		points[ST_LETTERS_WORD];
	const unsigned char *p = (const unsigned char *) bytes + 1;
	const unsigned char *end = p + (uint8) bytes[0];
	int			n = 0;

	for (; p < end; p += pg_utf_mblen(p))
		points[n++] = utf8_to_unicode(p);
	return st_letters_word(points, n, hashes);
}

/* Orders words by their bytes. */
static int
by_bytes(const void *a, const void *b)
{
	const StCountsWord *x = *(StCountsWord *const *) a;
	const StCountsWord *y = *(StCountsWord *const *) b;
	int			lx = (uint8) x->bytes[0];
	int			ly = (uint8) y->bytes[0];
	int			order = memcmp(x->bytes + 1, y->bytes + 1, Min(lx, ly));

	return order != 0 ? order : lx - ly;
}

/*
 * st_counts_words
 *		Returns the label's words, each once with its count, in an order that
 *		depends on them alone.
 */
StCountsWord **
st_counts_words(StLabelWords *label, int *n)
{
	words_hash *table = words_create(CurrentMemoryContext, 4096, NULL);
	words_iterator i;
	StCountsWord **list;
	StCountsWord *word;
	char		bytes[1 + MOST_WORD_BYTES];

	st_rewind_examples(label->file);
	for (int64 k = 0; k < label->nwords; k++)
	{
		bool		found;

		read_word(label->file, bytes);
		word = words_insert(table, bytes, &found);
		if (!found)
		{
			char	   *copy = palloc((uint8) bytes[0] + 1);

			memcpy(copy, bytes, (uint8) bytes[0] + 1);
			word->bytes = copy;
			word->count = 0;
		}
		word->count++;
		if ((k & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	*n = 0;
	list = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(StCountsWord *) * (table->members + 1));
	words_start_iterate(table, &i);
	while ((word = words_iterate(table, &i)) != NULL)
		list[(*n)++] = word;
	qsort(list, *n, sizeof(StCountsWord *), by_bytes);
	return list;
}

/*
 * st_counts_share
 *		What a label needs of the sequences: little when its letters are its
 *		own.
 */
double
st_counts_share(const StCountsCorpus *c, int label)
{
	double		most = 0;
	double		total = 0;

	for (int j = 0; j < KINDS; j++)
		total += c->labels[label].kinds[j];
	for (int k = 0; k < c->nlabels; k++)
	{
		double		other = 0;
		double		shared = 0;

		if (k == label || c->labels[k].kinds == NULL)
			continue;
		for (int j = 0; j < KINDS; j++)
			other += c->labels[k].kinds[j];
		for (int j = 0; j < KINDS; j++)
			shared += Min(c->labels[label].kinds[j] / Max(total, 1),
						  c->labels[k].kinds[j] / Max(other, 1));
		most = Max(most, shared);
	}
	return most < ALONE ? ALONE_SHARE : 1;
}

/*
 * st_counts_next_held
 *		Reads the next of the documents held out, after st_rewind_examples:
 *		returns its label, and leaves its features in hashes, whose list grows
 *		in the current context.
 */
int
st_counts_next_held(StCountsCorpus *c, StCountsHashes *hashes)
{
	int32		head[2];
	char		bytes[1 + MOST_WORD_BYTES];

	hashes->n = 0;
	st_buffile_read_exact(c->held, head, sizeof(head));
	for (int i = 0; i < head[1]; i++)
	{
		if (hashes->n + ST_LETTERS_MOST > hashes->size)
		{
			hashes->size = Max(hashes->size * 2, 64 * 1024);
			hashes->list = hashes->list
				? repalloc_huge(hashes->list, sizeof(uint32) * (Size) hashes->size)
				: palloc(sizeof(uint32) * (Size) hashes->size);
		}
		read_word(c->held, bytes);
		hashes->n += st_counts_word_features(bytes, hashes->list + hashes->n);
	}
	return head[0];
}

/*
 * st_counts_end
 *		Closes the temporary files, which are removed thereby.
 */
void
st_counts_end(StCountsCorpus *c)
{
	for (int i = 0; i < c->nlabels; i++)
		if (c->labels[i].file != NULL)
			BufFileClose(c->labels[i].file);
	BufFileClose(c->held);
}
