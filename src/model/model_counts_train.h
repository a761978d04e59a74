/*-------------------------------------------------------------------------
 *
 * model_counts_train.h
 *		What the files of training models of the kind "counts" share.
 *
 * Private to model/.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_COUNTS_TRAIN_H
#define ST_MODEL_COUNTS_TRAIN_H

#include "postgres.h"

#include "storage/buffile.h"

#include "model/model_counts.h"

/* ---- model_counts_corpus.c ---- */

/* The words of a label, those of documents held out left out. */
typedef struct StLabelWords
{
	BufFile    *file;			/* length, bytes, length, bytes...; NULL: no
								 * example has the label */
	int64		nwords;
	uint32	   *kinds;			/* how often there are letters of each kind */
} StLabelWords;

struct StCountsCorpus
{
	MemoryContext context;
	StLabelWords *labels;
	int			nlabels;
	int			size;			/* room in labels */
	BufFile    *held;			/* label, number of words, words */
	int64		nheld;
	int64		nexamples;
};

/* A distinct word of a label. */
typedef struct StCountsWord
{
	const char *bytes;			/* its length, then UTF-8 */
	uint32		hash;
	char		status;
	uint32		count;
} StCountsWord;

/* The hashes of a document's features, growing. */
typedef struct StCountsHashes
{
	uint32	   *list;
	int			n;
	int			size;
} StCountsHashes;

extern StCountsWord **st_counts_words(StLabelWords *label, int *n);
extern int	st_counts_word_features(const char *bytes, uint32 *hashes);
extern double st_counts_share(const StCountsCorpus *c, int label);
extern int	st_counts_next_held(StCountsCorpus *c, StCountsHashes *hashes);
extern void st_counts_end(StCountsCorpus *c);

/* ---- model_counts_grams.c ---- */

/* A sequence of letters of a label. */
typedef struct StGram
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
} StGram;

/* All sequences of a label; what one refers to has a smaller index. */
typedef struct StGrams
{
	StGram	   *grams;
	int			n;
	int			size;
	int32	   *places;			/* hash table: 1 + index */
	uint32		nplaces;
	double		letters;		/* counted at all places */
} StGrams;

extern void st_grams_make(StGrams *g, StCountsWord **words, int nwords, int most);
extern double st_gram_weight(const StGrams *g, int i);

#endif							/* ST_MODEL_COUNTS_TRAIN_H */
