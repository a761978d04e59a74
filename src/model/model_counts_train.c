/*-------------------------------------------------------------------------
 *
 * model_counts_train.c
 *		Training of models of the kind "counts".
 *
 * The words of each label go to a temporary file of its own; a twentieth of the
 * documents is held out.  Then label by label: count its words, count their
 * sequences of letters, make probabilities of the counts, each order smoothed
 * by the shorter one, keep the sequences that change most of what the shorter
 * one said, and give what the others had back to it (as n-gram language models
 * are pruned and renormalised).  So the memory is that of the largest label.
 *
 * A label whose letters no other label uses is known by them and needs few
 * sequences.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "model/model_counts.h"
#include "model/model_kernel.h"

/* One of so many documents is held out; so many are looked at. */
#define HELD_OF			20
#define MOST_HELD		20000

/*
 * The logarithm of the probability that a letter has which the label never met,
 * and how many letters it weighs; what a shorter sequence weighs against what was
 * counted, for a label of a million letters, and how that grows.
 */
#define UNSEEN			(-14.0)
#define UNSEEN_WEIGHT	10.0
#define SHORTER_WEIGHT	60.0
#define SHORTER_GROWS	0.3
#define SHORTER_LEAST	2.0

/* Bytes of the stored model for a weight, measured; sequences come on top. */
#define BYTES_PER_WEIGHT 4.2

/* Labels that share less than this with all others are known by their letters. */
#define ALONE			0.1
#define ALONE_SHARE		0.1

/* Kinds of letters, by eights of code points, that labels are compared by. */
#define KINDS			4096
#define KIND_OF(c)		((c) >> 3 & (KINDS - 1))

#define MOST_WORD_BYTES (ST_LETTERS_WORD * 4)

typedef struct LabelWords
{
	BufFile    *file;			/* length, bytes, length, bytes... */
	int64		nwords;
	uint32	   *kinds;
} LabelWords;

struct StCountsCorpus
{
	MemoryContext context;
	LabelWords *labels;
	int			nlabels;
	int			size;
	BufFile    *held;			/* label, number of words, words */
	int64		nheld;
	int64		nexamples;
};

/* A distinct word of the label at hand. */
typedef struct Word
{
	const char *bytes;			/* its length, then UTF-8 */
	uint32		hash;
	char		status;
	uint32		count;
} Word;

static inline bool
same_word(const char *a, const char *b)
{
	return memcmp(a, b, (uint8) a[0] + 1) == 0;
}

#define SH_PREFIX words
#define SH_ELEMENT_TYPE Word
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

/* A sequence of letters of the label at hand. */
typedef struct Gram
{
	uint32		hash;
	int32		before;			/* less its last letter, or -1 */
	int32		shorter;		/* less its first, or -1 */
	bool		kept;
	bool		needed;			/* to find a longer one */
	float		log_p;
	float		benefit;
	double		count;
	double		kept_p;			/* of what follows, kept sequences */
	double		kept_shorter_p; /* the same as the shorter one has it */
	double		log_back;		/* what the rest is worth to the shorter one */
} Gram;

typedef struct Grams
{
	Gram	   *grams;
	int			n;
	int			size;
	int32	   *places;			/* hash table: 1 + index */
	uint32		nplaces;
	double		letters;		/* counted at all places */
} Grams;

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
static LabelWords *
label_words(StCountsCorpus *c, int label)
{
	MemoryContext old;
	LabelWords *words;

	if (label >= ST_COUNTS_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model of kind \"counts\" can have at most %d labels",
						ST_COUNTS_LABELS)));
	old = MemoryContextSwitchTo(c->context);
	if (label >= c->size)
	{
		c->labels = c->labels
			? repalloc(c->labels, sizeof(LabelWords) * ST_COUNTS_LABELS)
			: palloc(sizeof(LabelWords) * ST_COUNTS_LABELS);
		memset(c->labels, 0, sizeof(LabelWords) * ST_COUNTS_LABELS);
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
	LabelWords *words = label_words(c, label);
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

/* The features of a word; see st_letters_word. */
static int
word_features(const char *bytes, uint32 *hashes)
{
	uint32		points[ST_LETTERS_WORD];
	const unsigned char *p = (const unsigned char *) bytes + 1;
	const unsigned char *end = p + (uint8) bytes[0];
	int			n = 0;

	for (; p < end; p += pg_utf_mblen(p))
		points[n++] = utf8_to_unicode(p);
	return st_letters_word(points, n, hashes);
}

static int
by_bytes(const void *a, const void *b)
{
	const Word *x = *(Word *const *) a;
	const Word *y = *(Word *const *) b;
	int			lx = (uint8) x->bytes[0];
	int			ly = (uint8) y->bytes[0];
	int			order = memcmp(x->bytes + 1, y->bytes + 1, Min(lx, ly));

	return order != 0 ? order : lx - ly;
}

/*
 * distinct_words
 *		Returns the label's words, each once with its count, in an order that
 *		depends on them alone.
 */
static Word **
distinct_words(LabelWords *label, int *n)
{
	words_hash *table = words_create(CurrentMemoryContext, 4096, NULL);
	words_iterator i;
	Word	  **list;
	Word	   *word;
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
	list = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Word *) * (table->members + 1));
	words_start_iterate(table, &i);
	while ((word = words_iterate(table, &i)) != NULL)
		list[(*n)++] = word;
	qsort(list, *n, sizeof(Word *), by_bytes);
	return list;
}

/*
 * gram_of
 *		Returns the index of a sequence, which is added when it is new.
 */
static int
gram_of(Grams *g, uint32 hash, int before, int shorter)
{
	uint32		p = murmurhash32(hash) & (g->nplaces - 1);
	Gram	   *gram;

	while (g->places[p] != 0)
	{
		if (g->grams[g->places[p] - 1].hash == hash)
			return g->places[p] - 1;
		p = (p + 1) & (g->nplaces - 1);
	}
	if (g->n == g->size)
	{
		g->size *= 2;
		g->grams = repalloc_huge(g->grams, sizeof(Gram) * (Size) g->size);
	}
	gram = &g->grams[g->n];
	memset(gram, 0, sizeof(Gram));
	gram->hash = hash;
	gram->before = before;
	gram->shorter = shorter;
	g->places[p] = ++g->n;
	if ((uint32) g->n * 2 > g->nplaces)
	{
		pfree(g->places);
		g->nplaces *= 2;
		g->places = MemoryContextAllocExtended(CurrentMemoryContext,
											   sizeof(int32) * (Size) g->nplaces,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		for (int i = 0; i < g->n; i++)
		{
			p = murmurhash32(g->grams[i].hash) & (g->nplaces - 1);
			while (g->places[p] != 0)
				p = (p + 1) & (g->nplaces - 1);
			g->places[p] = i + 1;
		}
	}
	return g->n - 1;
}

/*
 * count_grams
 *		Counts the sequences of all words.  What a sequence refers to has a
 *		smaller index.
 */
static void
count_grams(Grams *g, Word **words, int nwords)
{
	uint32		hashes[ST_LETTERS_MOST];

	g->size = 64 * 1024;
	g->n = 0;
	g->letters = 0;
	g->grams = palloc_extended(sizeof(Gram) * (Size) g->size, MCXT_ALLOC_HUGE);
	g->nplaces = 128 * 1024;
	g->places = palloc0(sizeof(int32) * (Size) g->nplaces);

	for (int w = 0; w < nwords; w++)
	{
		int			n = word_features(words[w]->bytes, hashes);
		int			last[ST_LETTERS_ORDER + 1] = {0};	/* of the place before */
		int			here[ST_LETTERS_ORDER + 1] = {0};

		for (int i = 0; i < n; i++)
		{
			int			k = ST_LETTERS_ORDER_OF(hashes[i]);
			int			at;

			if (k == 1)
				memcpy(last, here, sizeof(here));
			at = gram_of(g, hashes[i], k > 1 ? last[k - 1] : -1, k > 1 ? here[k - 1] : -1);
			g->grams[at].count += words[w]->count;
			here[k == 0 ? 1 : k] = at;
			if (k == 1)
				g->letters += words[w]->count;
		}
		if ((w & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

static int
descending(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return x > y ? -1 : x < y;
}

/*
 * make_probabilities
 *		Gives each sequence the probability of its last letter after the others,
 *		and says which are kept.
 */
static void
make_probabilities(Grams *g, int most)
{
	double		weight = Max(SHORTER_LEAST,
							 SHORTER_WEIGHT * pow(g->letters / 1e6, SHORTER_GROWS));
	float	   *benefits = palloc_extended(sizeof(float) * (Size) Max(g->n, 1), MCXT_ALLOC_HUGE);
	float		least = 0;
	int			n = 0;

	for (int i = 0; i < g->n; i++)
	{
		Gram	   *gram = &g->grams[i];
		int			order = ST_LETTERS_ORDER_OF(gram->hash);

		if (order == 1)
		{
			gram->log_p = log((gram->count + UNSEEN_WEIGHT * exp(UNSEEN)) /
							  (g->letters + UNSEEN_WEIGHT));
			gram->kept = true;
		}
		else if (order > 1)
		{
			const Gram *shorter = &g->grams[gram->shorter];

			gram->log_p = log((gram->count + weight * exp(shorter->log_p)) /
							  (g->grams[gram->before].count + weight));
			gram->benefit = gram->count / g->letters * fabs(gram->log_p - shorter->log_p);
			benefits[n++] = gram->benefit;
		}
	}
	if (n > most)
	{
		qsort(benefits, n, sizeof(float), descending);
		least = benefits[most];
	}
	for (int i = 0; i < g->n; i++)
		if (ST_LETTERS_ORDER_OF(g->grams[i].hash) > 1)
			g->grams[i].kept = g->grams[i].benefit > least;
	pfree(benefits);
}

/* The logarithm of a sequence's probability as the kept ones make it. */
static double
kept_log_p(const Grams *g, int i)
{
	double		sum = 0;

	while (!g->grams[i].kept)
	{
		sum += g->grams[g->grams[i].before].log_back;
		i = g->grams[i].shorter;
	}
	return sum + g->grams[i].log_p;
}

/*
 * share_rest
 *		Lets the probabilities of each order, kept and not, sum to 1.
 */
static void
share_rest(Grams *g)
{
	for (int order = 2; order <= ST_LETTERS_ORDER; order++)
	{
		for (int i = 0; i < g->n; i++)
		{
			const Gram *gram = &g->grams[i];

			if (ST_LETTERS_ORDER_OF(gram->hash) != order || !gram->kept)
				continue;
			g->grams[gram->before].kept_p += exp(gram->log_p);
			g->grams[gram->before].kept_shorter_p += exp(kept_log_p(g, gram->shorter));
		}
		for (int i = 0; i < g->n; i++)
		{
			Gram	   *gram = &g->grams[i];
			int			length = Max(ST_LETTERS_ORDER_OF(gram->hash), 1);

			if (length == order - 1 && gram->kept_p > 0)
				gram->log_back = log(Max(1e-4, 1 - gram->kept_p) /
									 Max(1e-4, 1 - gram->kept_shorter_p));
		}
	}
}

/* A sequence of two letters, and its second alone. */
typedef struct Two
{
	uint32		both;
	uint32		second;
} Two;

/* Weights of all labels, and sequences of two letters, growing. */
typedef struct Weights
{
	StCountsWeight *list;
	Size		n;
	Size		size;
	Two		   *twos;
	Size		ntwos;
	Size		twos_size;
} Weights;

static void
add_weight(Weights *weights, uint32 hash, int label, double weight)
{
	StCountsWeight *one;

	if (weights->n == weights->size)
	{
		weights->size *= 2;
		weights->list = repalloc_huge(weights->list, sizeof(StCountsWeight) * weights->size);
	}
	one = &weights->list[weights->n++];
	one->hash = hash;
	one->label = label;
	one->weight = weight;
}

static void
add_two(Weights *weights, uint32 both, uint32 second)
{
	if (weights->ntwos == weights->twos_size)
	{
		weights->twos_size *= 2;
		weights->twos = repalloc_huge(weights->twos, sizeof(Two) * weights->twos_size);
	}
	weights->twos[weights->ntwos].both = both;
	weights->twos[weights->ntwos++].second = second;
}

static int
by_second(const void *a, const void *b)
{
	const Two  *x = a;
	const Two  *y = b;

	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return x->both < y->both ? -1 : x->both > y->both;
}

static int
by_hash(const void *a, const void *b)
{
	const StCountsWeight *x = a;
	const StCountsWeight *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->label - y->label;
}

/*
 * include_seconds
 *		Adds to the weights of sequences of two letters those of the second
 *		alone.
 */
static void
include_seconds(Weights *weights)
{
	Size		n = weights->n;
	Size		from = 0;

	qsort(weights->twos, weights->ntwos, sizeof(Two), by_second);
	qsort(weights->list, n, sizeof(StCountsWeight), by_hash);
	for (Size i = 0; i < weights->ntwos; i++)
	{
		const Two  *two = &weights->twos[i];

		if (i > 0 && by_second(two, two - 1) == 0)
			continue;
		while (from < n && weights->list[from].hash < two->second)
			from++;
		for (Size j = from; j < n && weights->list[j].hash == two->second; j++)
			add_weight(weights, two->both, weights->list[j].label, weights->list[j].weight);
		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * add_weights
 *		Adds what each sequence of a label weighs: what it corrects of the
 *		shorter one, and what it says of letters after it.
 */
static void
add_weights(Weights *weights, Grams *g, int label)
{
	for (int i = g->n - 1; i >= 0; i--)
	{
		const Gram *gram = &g->grams[i];
		int			order = ST_LETTERS_ORDER_OF(gram->hash);
		double		weight = gram->log_back;

		if (order == 1)
			weight += gram->log_p - UNSEEN;
		else if (order > 1 && gram->kept)
			weight += gram->log_p - g->grams[gram->before].log_back -
				kept_log_p(g, gram->shorter);
		if (gram->kept || gram->log_back != 0 || gram->needed)
		{
			add_weight(weights, gram->hash, label, weight);
			if (gram->shorter >= 0)
				g->grams[gram->shorter].needed = true;
			if (order == 2)
				add_two(weights, gram->hash, g->grams[gram->shorter].hash);
		}
	}
}

/*
 * share_of
 *		What a label needs of the sequences: little when its letters are its
 *		own.
 */
static double
share_of(const StCountsCorpus *c, int label)
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
 * judge
 *		Finds the temperature and the figures by the documents held out.
 */
static void
judge(StCountsCorpus *c, const int *new_label, const void *blob, Size size, int nlabels,
	  const StTrainOptions *options, double *temperature, StMetrics *metrics)
{
	const char *why;
	StWeights  *w = st_weights_open(blob, size, &why);
	int			most = Min(c->nheld, MOST_HELD);
	float	   *scores = st_train_floats((Size) Max(most, 1) * nlabels);
	float	   *known = st_train_floats(Max(most, 1));
	int		   *labels = st_train_alloc(sizeof(int) * Max(most, 1));
	uint32	   *hashes = NULL;
	int			room = 0;
	int			n = 0;
	double		threshold;

	if (w == NULL)
		elog(ERROR, "trained weights cannot be opened: %s", why);
	st_rewind_examples(c->held);
	while (n < most)
	{
		int32		head[2];
		char		bytes[1 + MOST_WORD_BYTES];
		int			nhashes = 0;

		st_buffile_read_exact(c->held, head, sizeof(head));
		for (int i = 0; i < head[1]; i++)
		{
			if (nhashes + ST_LETTERS_MOST > room)
			{
				room = Max(room * 2, 64 * 1024);
				hashes = hashes ? repalloc_huge(hashes, sizeof(uint32) * (Size) room)
					: palloc(sizeof(uint32) * (Size) room);
			}
			read_word(c->held, bytes);
			nhashes += word_features(bytes, hashes + nhashes);
		}
		labels[n] = new_label[head[0]];
		known[n] = st_counts_sums(w, hashes, nhashes, scores + (Size) n * nlabels) > 0;
		n++;
		CHECK_FOR_INTERRUPTS();
	}
	*temperature = st_temperature(scores, labels, n, nlabels);
	for (int i = 0; i < n; i++)
	{
		float	   *row = scores + (Size) i * nlabels;

		for (int k = 0; k < nlabels; k++)
			row[k] /= (float) *temperature;
		st_softmax(row, nlabels);
	}
	threshold = st_entropy_threshold(scores, known, n, nlabels, 0, options->reject);
	st_metrics(scores, known, labels, n, nlabels, threshold, 0, metrics);
}

/*
 * st_counts_train
 *		Trains on a corpus.  out->blob is palloc'd in the current context.
 *		Throws for cancel, lack of memory and temporary files.
 */
void
st_counts_train(StCountsCorpus *c, const int *new_label, char **labels, int nlabels,
				const StTrainOptions *options, const StTeller *teller, StTrained *out)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "support_triage training",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext label_context;
	StWeightsSource source = {0};
	StWeightsHeader *head;
	Weights		weights = {0};
	double		budget = options->max_kilobytes * 1024.0 / BYTES_PER_WEIGHT;
	double		shares = 0;
	double	   *share;
	double		temperature = 1;

	MemoryContextSwitchTo(context);
	label_context = AllocSetContextCreate(context, "support_triage training label",
										  ALLOCSET_DEFAULT_SIZES);
	weights.size = 1024 * 1024;
	weights.list = palloc_extended(sizeof(StCountsWeight) * weights.size, MCXT_ALLOC_HUGE);
	weights.twos_size = 64 * 1024;
	weights.twos = palloc_extended(sizeof(Two) * weights.twos_size, MCXT_ALLOC_HUGE);
	share = palloc0(sizeof(double) * Max(c->nlabels, 1));
	for (int i = 0; i < c->nlabels; i++)
		if (c->labels[i].file != NULL)
			shares += share[i] = share_of(c, i);

	for (int i = 0; i < c->nlabels; i++)
	{
		Grams		g;
		Word	  **words;
		int			nwords;

		if (c->labels[i].file == NULL)
			continue;
		teller->progress(teller->arg, "training", (double) i / c->nlabels);
		MemoryContextSwitchTo(label_context);
		words = distinct_words(&c->labels[i], &nwords);
		count_grams(&g, words, nwords);
		make_probabilities(&g, (int) Min(budget * share[i] / shares, 1e9));
		share_rest(&g);
		MemoryContextSwitchTo(context);
		add_weights(&weights, &g, new_label[i]);
		MemoryContextReset(label_context);
		CHECK_FOR_INTERRUPTS();
	}

	include_seconds(&weights);

	source.reader = options->features;
	source.nlabels = nlabels;
	source.labels = labels;
	source.width = ST_PAD(nlabels);
	source.bias = st_train_floats(source.width);
	source.temperature = 1;
	source.scope_threshold = 1e6;

	MemoryContextSwitchTo(result_context);
	out->blob = st_counts_build(&source, weights.list, weights.n, &out->size);
	MemoryContextSwitchTo(context);
	judge(c, new_label, out->blob, out->size, nlabels, options, &temperature, &out->metrics);
	head = out->blob;
	head->temperature = temperature;
	head->scope_threshold = out->metrics.out_of_scope_threshold;
	out->examples_used = c->nexamples;
	for (int i = 0; i < c->nlabels; i++)
		if (c->labels[i].file != NULL)
			BufFileClose(c->labels[i].file);
	BufFileClose(c->held);
	MemoryContextSwitchTo(result_context);
	MemoryContextDelete(context);
}
