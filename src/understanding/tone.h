/*-------------------------------------------------------------------------
 *
 * tone.h
 *		How a document sounds, in numbers: what the files of sentiment, emotion
 *		and irony share.
 *
 * The words of the lexicon are read with what stands around them (negation,
 * intensifiers, "but", capitals, marks) into a row of numbers that mean the same
 * in every language (StTone).  These numbers, cut into steps, and the words
 * themselves are the features of the reader "tone", which the models of
 * sentiment, emotion and irony are made of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_TONE_H
#define ST_TONE_H

#include "model/model.h"
#include "understanding/understanding.h"

#define ST_FEATURES_TONE	"tone"

/* What is counted or summed of a document. */
typedef enum StToneValue
{
	ST_TONE_COMPOUND,			/* all that is good less all that is bad,
								 * -1..1 */
	ST_TONE_SHARP,				/* the same, sooner at its ends */
	ST_TONE_GOOD,				/* sums of the lexicon's weights */
	ST_TONE_BAD,
	ST_TONE_BEST,				/* the strongest of each */
	ST_TONE_WORST,
	ST_TONE_MEAN,				/* of a word that says something */
	ST_TONE_FIRST,				/* sum of the first and last sentence */
	ST_TONE_LAST,
	ST_TONE_BEFORE_BUT,
	ST_TONE_AFTER_BUT,
	ST_TONE_NOT_GOOD,			/* sums of what was negated */
	ST_TONE_NOT_BAD,
	ST_TONE_EMOJI,				/* sum of emoji and emoticons */
	ST_TONE_COURTESY,			/* good words that are only polite */
	ST_TONE_EXCLAMATIONS,
	ST_TONE_QUESTIONS,
	ST_TONE_ELONGATED,			/* "sooo" */
	ST_TONE_CAPITALS,			/* words in capitals */
	ST_TONE_SHOUTS,				/* most words are */
	ST_TONE_LENGTH,				/* ln (1 + tokens) */
	ST_TONE_NEGATIONS,
	ST_TONE_BUTS,
	ST_TONE_LINKS,
	ST_TONE_MENTIONS,
	ST_TONE_HASHTAGS,
	ST_TONE_POLITE,				/* words of courtesy */
	ST_TONE_DOTS,				/* "..." */
	ST_TONE_QUOTED,				/* quotation marks */
	ST_TONE_CLASHES,			/* sentences with both good and bad */
	ST_TONE_HYPERBOLE,			/* intensified good words */
	ST_TONE_ANGER,				/* sums of the lexicon's weights */
	ST_TONE_JOY,
	ST_TONE_OPTIMISM,
	ST_TONE_SADNESS
} StToneValue;

#define ST_NUM_TONE_VALUES	(ST_TONE_SADNESS + 1)

/* Marks of a token. */
#define ST_MARK_CAPITALS	1	/* written in capitals */
#define ST_MARK_ELONGATED	2	/* three of a letter in a row */
#define ST_MARK_SKIPPED		4	/* of a link or a name: no word of the text's */
#define ST_MARK_NEGATED		8	/* in the scope of a negation */
#define ST_MARK_NEGATION	16
#define ST_MARK_CONTRAST	32
#define ST_MARK_COURTESY	64	/* within a phrase of courtesy */
#define ST_MARK_PHRASE		128 /* within a sentiment phrase of many words */
#define ST_MARK_FORMULA		256 /* within a phrase of courtesy of three words
								 * or more */

/* Languages whose words are read; any other is read by what all share. */
#define ST_TONE_OTHER		(-1)

typedef struct StTone
{
	float		values[ST_NUM_TONE_VALUES];
	const uint16 *marks;		/* of each token; valid until the next reading */
	int			language;		/* index for st_tone_language_name, or
								 * ST_TONE_OTHER */
	bool		guessed;		/* the language is a guess of the words */
	int			nsigns;			/* sentiment words that were found */
} StTone;

/* ---- tone_marks.c ---- */

/* What is seen of the writing itself, before words are understood. */
typedef struct StToneMarks
{
	uint16	   *marks;			/* ntokens */
	int			nelongated;
	int			ncapitals;
	int			nalphabetic;
	int			nlinks;
	int			nmentions;
	int			nhashtags;
	int			ndots;
	int			nquotes;
	float		emoticons;		/* of those that are no tokens */
} StToneMarks;

extern void st_tone_marks(StReading *reading, StToneMarks *out);

/* ---- tone_hits.c ---- */

/* One sign of the lexicon, of the languages that are read. */
typedef struct StToneSign
{
	int32		first;			/* tokens it covers */
	int32		last;
	float		weight;
} StToneSign;

typedef struct StToneHits
{
	const StPhraseHit *hits;	/* also of words that are elongated */
	int			nhits;
	StToneSign *signs;			/* of sentiment: one a place, in order */
	int			nsigns;
} StToneHits;

extern void st_tone_hits(StReading *reading, const StToneMarks *marks, StToneHits *out);
extern void st_tone_signs(StToneHits *out, int language, const uint16 *marks);
extern int	st_tone_guess(const StToneHits *hits);
extern int	st_tone_language(const char *code);
extern const char *st_tone_language_name(int language);
extern bool st_tone_reads(const StPhraseHit *hit, int language);

/* ---- tone.c ---- */

extern void st_tone(StReading *reading, const char *language, StTone *out);

/* ---- tone_features.c ---- */

extern void st_tone_init(void) pg_attribute_cold;
extern const StFeatures *st_tone_features(const StReading *reading, const StTone *tone,
										  bool origins, bool twice);

/* ---- tone_models.c ---- */

/* A document's tone and its features, made once for all models of them. */
typedef struct StToneReading
{
	char		language[8];	/* as asked for */
	StTone		tone;
	const StFeatures *features;
} StToneReading;

extern const StToneReading *st_tone_reading(StReading *reading, const char *language);
extern void st_tone_find_language(StReading *reading, StLanguage *out);
extern StModel *st_tone_model(const char *name, StReading *reading, const char *language,
							  const float **probs);

#endif							/* ST_TONE_H */
