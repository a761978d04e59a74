/*-------------------------------------------------------------------------
 *
 * model.h
 *		Text models as the higher rooms use them: open the active version of a
 *		name, predict.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_H
#define ST_MODEL_H

#include "postgres.h"

#include "text/text.h"
#include "text/text_tokens.h"

typedef struct StModel StModel;

typedef struct StPrediction
{
	int			label;			/* index into the model's labels */
	const char *label_text;		/* database encoding; lives as long as the
								 * model */
	float		confidence;		/* calibrated probability of the label, 0..1 */
	float		margin;			/* confidence less that of the second label */
	bool		in_scope;		/* false: "I don't know" */
} StPrediction;

extern void st_model_init(void) pg_attribute_cold;

/* ---- what features a model is made of (model_features.c) ---- */

#define ST_FEATURES_TEXT	"text"	/* words, pairs, characters: st_features */
#define ST_FEATURES_LETTERS	"letters"	/* sequences of letters: st_letters */

/* The longest name of a reader, with its terminator */
#define ST_FEATURES_NAME	24

/*
 * One reading of a document.  Who asks gives doc, and may give what is made
 * already: tokens (of st_tokenize) and features (of the reader "text", without
 * origins); the reader leaves those that the model scores.
 *
 * features->hashes: in order of appearance, repeated as they repeat.  A hash's
 * low two bits are its kind (ST_FEATURE_...): the kind's weight is the same for
 * all readers, and the share of known features that "I don't know" looks at is
 * of those for which ST_FEATURE_IS_SINGLE holds, so a reader needs some.
 *
 * tokens: what origins refer to and where each was in the document; a document
 * without one of kind ST_TOKEN_WORD is never in scope.  A reader that divides
 * documents otherwise may leave tokens of its own, or none unless origins are
 * asked for: then a document with features counts as one with words.
 *
 * With origins, features->tokens[i] and partners[i] are the two tokens
 * (indexes, or the same one twice) that share what feature i contributes; -1
 * for the document as a whole.
 */
typedef struct StFeatureReading
{
	const StDocument *doc;
	bool		origins;		/* wanted; then features are not given */
	const StTokens *tokens;		/* NULL: not made yet */
	const StFeatures *features; /* NULL: not made yet */
} StFeatureReading;

/*
 * Throws only for cancel and lack of memory, for any document.  Like st_features
 * it may leave scratch that is valid until its next call; it leaves features
 * that it was given as they are.
 */
typedef void (*StFeatureReader) (StFeatureReading *reading);

/*
 * Makes a reader known, once, from _PG_init.  A model keeps the name with its
 * weights: what the reader gives must not change while such models are used.
 */
extern void st_register_features(const char *name, StFeatureReader reader);

/* ---- using models ---- */

/*
 * What training reads of a document, set by a higher room; NULL: all of it.
 * Memory is that of the current context, which is reset after the example.
 */
typedef void (*StExamplesFilter) (const StDocument *in, StDocument *out);
extern StExamplesFilter st_examples_filter;

/*
 * st_model_get
 *		Returns the active version of a model (version = 0) or the given one,
 *		or NULL with *why set to a palloc'd sentence when there is none or it
 *		cannot be read.  Throws only for cancel and lack of memory.  The result
 *		is valid until the next st_model_get or the end of the transaction.
 */
extern StModel *st_model_get(const char *name, int version, char **why);
extern const char *st_model_name(const StModel *model);
extern int	st_model_version(const StModel *model);
extern const char *st_model_features(const StModel *model); /* its reader's name */

/* Labels are numbered from 0, in the order of their UTF-8. */
extern int	st_model_nlabels(const StModel *model);
extern const char *st_model_label_text(const StModel *model, int label);	/* like StPrediction's */
extern Datum st_model_label(const StModel *model, int label);	/* text */
extern int	st_model_find_label(const StModel *model, const char *label, int length);

/* Never throws for any document. Allocates nothing that outlives the call. */
extern void st_model_predict(StModel *model, const StDocument *doc, StPrediction *out);

/*
 * The same for features that were made already, by the model's own reader
 * (st_model_features): several models of one reader can read a document once.
 * tokens may be NULL where the reader leaves none.
 */
extern void st_model_predict_features(StModel *model, const StTokens *tokens,
									  const StFeatures *features, StPrediction *out);

/* The features of a document as the model's reader makes them. */
extern void st_model_read(const StModel *model, StFeatureReading *reading);

/*
 * Calibrated probabilities of all labels; they sum to 1.  Overwritten by the
 * model's next document.
 */
extern const float *st_model_score(StModel *model, const StDocument *doc, bool *in_scope);
extern const float *st_model_score_features(StModel *model, const StTokens *tokens,
											const StFeatures *features, bool *in_scope);

/*
 * For a model of the reader "letters", and a document that is read by pieces.
 * st_model_add_word adds a word to those since st_model_begin_words and returns
 * whether it is one (of digits or points alone it is none); st_model_words_sums
 * returns the logits of all labels, not divided by the temperature, NULL when
 * there are no words.  They are overwritten by the next document of any model.
 */
extern void st_model_begin_words(StModel *model);
extern bool st_model_add_word(StModel *model, const uint32 *points, int npoints);
extern const float *st_model_words_sums(StModel *model);

/*
 * Of the last document: the same probabilities; the scores whose softmax they
 * are (logits divided by the temperature: what triage.explain's contributions
 * sum to); and the temperature that divided them.
 */
extern const float *st_model_probs(const StModel *model);
extern const float *st_model_scores(const StModel *model);
extern float st_model_temperature(const StModel *model);

/*
 * What each token gave to a label's score: contributions that sum (with the bias
 * row, start = 0, length = 0) to *score; palloc'd.  Throws only for cancel and
 * lack of memory.
 */
typedef struct StContribution
{
	int			start;			/* characters of the document, 1-based */
	int			length;
	double		contribution;
} StContribution;

extern StContribution *st_model_explain(const StModel *model, const StDocument *doc,
										int label, int *n, double *score);

#endif							/* ST_MODEL_H */
