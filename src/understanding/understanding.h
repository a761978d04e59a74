/*-------------------------------------------------------------------------
 *
 * understanding.h
 *		What a good support lead would notice when reading a ticket.
 *
 * A document is read once (StReading: tokens, features) and every signal is
 * computed from that reading.  All of this is usable alone on any text, and in
 * the pipeline through st_understand.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_UNDERSTANDING_H
#define ST_UNDERSTANDING_H

#include "postgres.h"

#include "text/text.h"
#include "text/text_tokens.h"

extern void st_understanding_init(void) pg_attribute_cold;

/* ---- a document, read once (understanding_reading.c) ---- */

typedef struct StPhraseHit StPhraseHit;

typedef struct StReading
{
	StDocument	doc;			/* cleaned */
	StTokens   *tokens;
	StFeatures *features;		/* of the reader "text"; made on first use */
	const StPhraseHit *hits;	/* of the lexicon; made on first use */
	int			nhits;
	const uint8 *breaks;		/* what is before each token; made on first
								 * use */
	struct StToneReading *tone; /* made on first use, see tone.h */
} StReading;

/* All of a reading is palloc'd in the current context.  Never throws but for memory and cancel. */
extern void st_reading_begin(StReading *reading, const StDocument *doc);
extern const StFeatures *st_reading_features(StReading *reading);

/*
 * What stands between a token and the one before it, by strength; '!' and '?'
 * are tokens themselves.  The array has an element for each token and is valid
 * as long as the tokens.
 */
#define ST_BREAK_NONE		0	/* blanks, hyphens, quotation marks */
#define ST_BREAK_LINE		1	/* one line end, perhaps only wrapped */
#define ST_BREAK_CLAUSE		2	/* comma, colon, bracket, dash */
#define ST_BREAK_SENTENCE	3	/* full stop, blank line, item of a list */

extern const uint8 *st_reading_breaks(StReading *reading);

/* ---- language (language*.c) ---- */

#define ST_LANGUAGE_UNKNOWN	"und"

typedef struct StLanguage
{
	char		code[8];		/* ISO 639-1, else 639-3; "und" when unsure */
	float		confidence;		/* 0..1, calibrated */
	char		script[8];		/* ISO 15924: "Latn"; "Zyyy" without letters */
	bool		mixed;			/* parts in another language or script */
} StLanguage;

/* What is known before the text is read: the requester's earlier tickets. */
typedef struct StLanguagePrior
{
	const char *code;
	int			count;			/* tickets in this language */
} StLanguagePrior;

extern void st_language_init(void) pg_attribute_cold;

/* Throws only for cancel and lack of memory. priors may be NULL. */
extern void st_language(StReading *reading, const StLanguagePrior *priors, int npriors,
						StLanguage *out);

/* ---- the lexicon: words and phrases that mean something (lexicon*.c) ---- */

typedef enum StPhraseKind
{
	ST_PHRASE_SENTIMENT,		/* weight -4..4 */
	ST_PHRASE_INTENSIFIER,		/* weight -1..1: dampens or strengthens the
								 * next */
	ST_PHRASE_NEGATION,			/* weight 1 */
	ST_PHRASE_CONTRAST,			/* "but": what follows counts more */
	ST_PHRASE_POLITE,			/* courtesy: no praise; weight 0 */
	ST_PHRASE_ANGER,			/* emotions: weight 0..1 */
	ST_PHRASE_JOY,
	ST_PHRASE_OPTIMISM,
	ST_PHRASE_SADNESS,
	ST_PHRASE_DEADLINE,			/* urgency that is stated: weight 0..1 */
	ST_PHRASE_OUTAGE,
	ST_PHRASE_MONEY,
	ST_PHRASE_SAFETY,
	ST_PHRASE_SOON,				/* "asap" */
	ST_PHRASE_HUMAN,			/* asks for a person */
	ST_PHRASE_TOPIC,			/* a sensitive topic, see StPhraseHit.topic */
	ST_PHRASE_REQUEST			/* starts a request of its own ("could you") */
} StPhraseKind;

#define ST_NUM_PHRASE_KINDS (ST_PHRASE_REQUEST + 1)

struct StPhraseHit
{
	int32		first;			/* tokens it covers */
	int32		last;
	int32		start;			/* characters of the document before it */
	int32		length;			/* in characters of the document */
	StPhraseKind kind;
	int16		topic;			/* of ST_PHRASE_TOPIC: index of its name, else
								 * -1 */
	uint16		group;			/* of the lexicon's own: kind, topic, language */
	int32		entry;			/* for st_hit_phrase */
	float		weight;
	char		language[4];	/* of the entry; "" is every language */
};

/*
 * Hits in order of first token; where one hit lies within a longer one of the
 * same kind (and topic) and language only the longer one is there.  Entries of
 * all languages are found: who reads them asks for those of a language, or of
 * all.  Valid until the next document is read.
 *
 * The user's own entries are read when the first hits of a backend are asked
 * for and after they changed, which may throw as any read of a table; where
 * nothing may throw, st_lexicon_prepare has been called before.
 */
extern const StPhraseHit *st_reading_hits(StReading *reading, int *n);
extern void st_lexicon_prepare(void);

/* Whether the hit counts in a document of that language; all do in "und" or NULL. */
extern bool st_hit_is_of(const StPhraseHit *hit, const char *language);

/* The entry as it was written, UTF-8, palloc'd. */
extern char *st_hit_phrase(const StPhraseHit *hit);

/* "sentiment", "topic.press": UTF-8, valid until the end of the transaction. */
extern const char *st_hit_kind_name(const StPhraseHit *hit);

/* Topics by index; names are UTF-8 and valid until the end of the transaction. */
extern const char *st_topic_name(int16 topic);
extern int	st_topic_count(void);

extern void st_lexicon_init(void) pg_attribute_cold;

/* ---- sentiment, emotion, irony (sentiment*.c, emotion.c) ---- */

typedef enum StSentimentLabel
{
	ST_VERY_NEGATIVE,
	ST_NEGATIVE,
	ST_NEUTRAL,
	ST_POSITIVE,
	ST_VERY_POSITIVE
} StSentimentLabel;

typedef struct StSentiment
{
	float		score;			/* -1..1 */
	StSentimentLabel label;
	float		confidence;		/* 0..1 */
} StSentiment;

typedef enum StEmotionLabel
{
	ST_ANGER,
	ST_JOY,
	ST_OPTIMISM,
	ST_SADNESS,
	ST_CALM						/* "neutral" */
} StEmotionLabel;

typedef struct StEmotion
{
	StEmotionLabel label;
	float		confidence;
} StEmotion;

extern const char *const st_sentiment_names[];
extern const char *const st_emotion_names[];

/*
 * language: a code, or "und" or NULL for a guess by the words.  They throw what
 * st_reading_hits throws.
 */
extern void st_sentiment(StReading *reading, const char *language, StSentiment *out);
extern void st_emotion(StReading *reading, const char *language, StEmotion *out);
extern float st_irony(StReading *reading, const char *language);

/* ---- what the text asks and threatens (urgency.c, complexity.c) ---- */

#define ST_MAX_TOPICS	64

typedef struct StSignals
{
	float		urgency;		/* 0..1, as stated */
	bool		wants_human;
	uint64		topics;			/* bit i: topic of that index */
} StSignals;

/* language may be NULL or "und"; may throw as st_reading_hits. */
extern void st_signals(StReading *reading, const char *language, StSignals *out);

typedef struct StComplexity
{
	float		score;			/* 0..1 */
	int16		questions;		/* sentences that ask */
	int16		requests;		/* sentences that want something done */
	int16		asks;			/* sentences that do either */
	int16		items;			/* of lists, steps */
	int16		codes;			/* words that mix letters and digits */
	int32		words;
	bool		has_log;		/* log excerpt or stack trace */
} StComplexity;

/* Of the text alone; may throw as st_reading_hits. */
extern void st_complexity(StReading *reading, StComplexity *out);

/*
 * The complexity of a text together with what tickets of its intent were like:
 * history is 0..1 (how their handle time and reopening rank among all intents),
 * seen in so many tickets.  The middle leaves it as it is.
 */
extern float st_complexity_with_history(float text, float history, int64 tickets);

/* ---- personal data (pii*.c) ---- */

typedef struct StPiiSpan
{
	const char *kind;			/* "EMAIL", ...; lives as long as the
								 * transaction */
	int32		start;			/* bytes of the document, 0-based */
	int32		length;
	float		confidence;		/* 0..1 */
} StPiiSpan;

/* Spans are disjoint and in order; palloc'd. kinds NULL: all. Time is linear in the document. */
extern StPiiSpan *st_find_pii(const StDocument *doc, const char *const *kinds, int nkinds, int *n);
extern char *st_redact(const StDocument *doc, const char *const *kinds, int nkinds, int *length);

/* support_triage.redact_stored_text, and the form of a text that may be stored */
extern bool st_redact_stored_text;
extern char *st_text_to_store(const StDocument *doc, int *length);

extern void st_pii_init(void) pg_attribute_cold;

/* ---- entities: things in the user's own tables (entities.c, entity_kind.c) ---- */

typedef struct StEntity
{
	const char *kind;			/* name of triage.entity_kind; lives as long
								 * as the transaction */
	int32		start;			/* bytes of the document, 0-based */
	int32		length;
	text	   *value;			/* in the form of the user's column, in the
								 * database encoding */
} StEntity;

/*
 * st_entities
 *		Returns what of the user's tables the document names, by place, palloc'd,
 *		and how many there are.  Tables are read as run_as, InvalidOid: as the
 *		current user.  requester (database encoding) NULL: only kinds that belong
 *		to nobody.  *failures is NULL, or says which kinds could not be looked up
 *		and why, a line each.  Each kind with candidates costs two subtransactions
 *		and a query.  Throws for lack of memory and cancel, and what reading
 *		triage.entity_kind throws; not in parallel mode.
 */
extern StEntity *st_entities(const StDocument *doc, const char *requester, Oid run_as,
							 int *n, char **failures);
extern bool st_entities_wanted(void);
extern void st_entities_init(void) pg_attribute_cold;

/* ---- likeness (similarity.c) ---- */

#define ST_SIGNATURE_LANES	64

/* MinHash of a document's word pairs; all lanes 0: nothing to compare. */
typedef struct StSignature
{
	uint16		lane[ST_SIGNATURE_LANES];
} StSignature;

/* As triage.signature gives it: bigint[], four lanes each, in order. */
#define ST_SIGNATURE_WORDS	(ST_SIGNATURE_LANES / 4)

/* Returns how many words the document has; of none nothing can be compared. */
extern int	st_signature(StReading *reading, StSignature *out);
extern float st_signature_similarity(const StSignature *a, const StSignature *b);

/* Counted, not estimated. */
extern float st_similarity(const StDocument *a, const StDocument *b);

/* bigint[], and back; false for what is no signature. */
extern Datum st_signature_datum(const StSignature *signature);
extern bool st_signature_from_datum(Datum value, StSignature *out);

/* ---- all of it (understanding_facts.c) ---- */

/* What is wanted, and what was computed: a set of these. */
#define ST_SIGNAL_LANGUAGE		0x01
#define ST_SIGNAL_SENTIMENT		0x02
#define ST_SIGNAL_EMOTION		0x04
#define ST_SIGNAL_IRONY			0x08
#define ST_SIGNAL_COMPLEXITY	0x10
#define ST_SIGNAL_PII			0x20
#define ST_SIGNAL_STATED		0x40	/* StSignals */
#define ST_SIGNALS_ALL			0x7F

typedef struct StUnderstanding
{
	uint32		known;			/* of the rest, what these say was computed */
	char		read_as[8];		/* language by which lexicons were asked */
	StLanguage	language;
	StSentiment sentiment;
	StEmotion	emotion;
	float		irony;
	StSignals	signals;
	int			ntopics;		/* of signals.topics, by name and sorted */
	const char **topics;		/* database encoding */
	StComplexity complexity;
	int			npii_kinds;		/* each kind that was found once, sorted */
	const char **pii_kinds;		/* database encoding */
} StUnderstanding;

extern void st_understand_prepare(void);
extern void st_understand(StReading *reading, uint32 wanted, const char *language,
						  const StLanguagePrior *priors, int npriors, StUnderstanding *out);

#endif							/* ST_UNDERSTANDING_H */
