/*-------------------------------------------------------------------------
 *
 * model_train.h
 *		What the files of training share.
 *
 * Private to model/.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_TRAIN_H
#define ST_MODEL_TRAIN_H

#include "postgres.h"

#include "common/pg_prng.h"
#include "storage/buffile.h"

#include "model/model_file.h"
#include "model/model_inner.h"

typedef enum StKind
{
	ST_KIND_AUTO,				/* whichever does better on held-out examples */
	ST_KIND_LINEAR,
	ST_KIND_HIDDEN,
	ST_KIND_COUNTS				/* see model_counts.h */
} StKind;

struct StTrainOptions
{
	StKind		kind;
	int			hidden;			/* units of the hidden layer */
	double		cost;			/* of the linear model; 0: what does better */
	int			epochs;			/* of the hidden layer; 0: by the number of
								 * examples */
	int			min_documents;	/* a feature of fewer is left out; 0: by the
								 * number of examples */
	int			max_kilobytes;	/* of the stored weights */
	double		reject;			/* share of in-scope text that "I don't know"
								 * may cost */
	int			seed;
	char		features[ST_FEATURES_NAME]; /* name of their reader */
};

/*
 * Examples as rows of a sparse matrix, in an order that depends on their
 * content alone.
 */
typedef struct StExamples
{
	int			n;
	int			nlabels;
	int			nfeatures;		/* those of most documents come first */
	int		   *labels;
	uint64	   *prints;			/* a hash of each document */
	Size	   *starts;			/* n + 1 */
	uint32	   *ids;
	float	   *values;			/* of length 1 in each row */
	uint32	   *hashes;			/* of the features */
	float	   *feature_values;
	float	   *known;			/* share of each row's features that others
								 * have */
	float	   *known_to_first; /* the same for st_examples_first */
} StExamples;

/* A trained model in floats. */
typedef struct StNetwork
{
	int			hidden;			/* 0: linear */
	int			width;
	float	   *matrix;			/* nfeatures × width */
	float	   *bias;			/* width */
	float	   *output;			/* nlabels × width, NULL: linear */
	float	   *output_bias;	/* nlabels, padded */
} StNetwork;

/* Whoever trains tells how far it is. */
typedef struct StTeller
{
	StProgress	progress;
	void	   *arg;
	const char *phase;
} StTeller;

/* Options of one attempt. */
typedef struct StAttempt
{
	bool		hidden;
	double		cost;			/* linear: what an error costs against the
								 * weights' size */
} StAttempt;

/* model_corpus.c */
extern StExamples *st_corpus_examples(StCorpus *c, int nlabels, int nfirst,
									  const StTrainOptions *options);
extern int	st_most_features(int nlabels, int hidden, const StTrainOptions *options);
extern struct StCountsCorpus *st_corpus_counts(StCorpus *c, const int **new_label);
extern StExamples *st_examples_first(StExamples *e, int nfeatures);
extern void st_rewind_examples(BufFile *file);

/* model_linear.c, model_hidden.c: train on the given rows */
extern StNetwork *st_linear_train(const StExamples *e, const int *rows, int nrows,
								  double cost, const StTrainOptions *options,
								  const StTeller *teller);
extern StNetwork *st_hidden_train(const StExamples *e, const int *rows, int nrows,
								  const StTrainOptions *options, const StTeller *teller);

/* logits of one row; scratch has ST_PAD of the larger of width and nlabels */
extern void st_network_logits(const StNetwork *net, const StExamples *e, int row,
							  float *inner, float *logits);

/* model_calibrate.c */
extern int	st_most_probable(const float *probs, int nlabels);
extern double st_temperature(const float *logits, const int *labels, int n, int nlabels);
extern double st_known_threshold(const float *known, int n, double reject);
extern double st_entropy_threshold(const float *probs, const float *known, int n,
								   int nlabels, double least_known, double reject);
extern void st_metrics(const float *probs, const float *known, const int *labels,
					   int n, int nlabels, double entropy_threshold,
					   double known_threshold, StMetrics *metrics);

extern void *st_train_alloc(Size size);
extern float *st_train_floats(Size n);
extern void st_shuffle(int *rows, int n, pg_prng_state *random);

#endif							/* ST_MODEL_TRAIN_H */
