/*-------------------------------------------------------------------------
 *
 * model_inner.h
 *		What the files of model/ share: the weights as a blob, training, rows of
 *		triage.model, the shared mapping, the backend's cache.  Other rooms
 *		include model.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_MODEL_INNER_H
#define ST_MODEL_INNER_H

#include "postgres.h"

#include "access/htup.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "storage/fd.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"

#include "model/model.h"

/* Limits that users meet */
#define ST_MAX_LABELS		10000
#define ST_MAX_LABEL_BYTES	1000
#define ST_MAX_NAME_BYTES	63

/*
 * What a version is asked for by: a number from 1, or one of these.  The
 * version that came with the extension has the number 0.
 */
#define ST_ACTIVE			0
#define ST_SHIPPED			(-1)

static inline int
st_number_of(int version)
{
	return version == ST_SHIPPED ? 0 : version;
}

/* ---- weights as a blob (model_file.c, model_score.c): pure C, no catalog access ---- */

typedef struct StWeights StWeights; /* parsed view into a blob; small; holds
									 * no copy of the weights */

/*
 * Checks structure (magic, version, sizes, offsets; not the checksum) and
 * returns a view palloc'd in CurrentMemoryContext, or NULL and *why (a
 * constant sentence).  data must stay mapped, 64-byte aligned.
 */
extern StWeights *st_weights_open(const void *data, Size size, const char **why);
extern int	st_weights_nlabels(const StWeights *w);
extern const char *st_weights_label(const StWeights *w, int label); /* UTF-8 */

/* name of the reader of its features; the reader; what divides the logits */
extern const char *st_weights_features(const StWeights *w);
extern StFeatureReader st_weights_reader(const StWeights *w);
extern float st_weights_temperature(const StWeights *w);

/* of a "counts" model how many numbers its sums have, padding included; else 0 */
extern uint32 st_weights_counts_width(const StWeights *w);

/* e.g. "ICU 72.1, Unicode 15.0": what the model was trained with */
extern const char *st_weights_unicode(const StWeights *w);

/* the same of this server */
extern const char *st_unicode_now(void);

/*
 * scores of all labels and their softmax, the calibrated probabilities; both
 * have nlabels floats
 */
extern const float *st_weights_sums(const StWeights *w, const StFeatures *features);
extern void st_weights_score(const StWeights *w, const StTokens *tokens,
							 const StFeatures *features, float *scores, float *probs,
							 bool *in_scope);

/* Of one label: see st_model_explain. */
extern StContribution *st_weights_explain(const StWeights *w, const StDocument *doc,
										  int label, int *n, double *score);

/* ---- readers of features (model_features.c) ---- */

extern void st_features_init(void) pg_attribute_cold;
extern StFeatureReader st_features_find(const char *name);
extern char *st_features_names(void);

/* ---- training (model_train.c): pure C apart from palloc, CHECK_FOR_INTERRUPTS and BufFile ---- */

typedef struct StTrainOptions StTrainOptions;

/* throws for unknown or bad options */
extern StTrainOptions *st_train_options(Jsonb *options);

typedef struct StCorpus StCorpus;

/*
 * The corpus lives in the context that is current at st_corpus_begin;
 * st_corpus_add is called in one that is reset after each example.  label is a
 * dense index from 0 in order of first appearance; before st_train the caller
 * gives the final order once: the examples of label i become those of
 * new_label[i].
 */
extern StCorpus *st_corpus_begin(const StTrainOptions *options);
extern void st_corpus_add(StCorpus *c, const StDocument *doc, int label);
extern void st_corpus_relabel(StCorpus *c, const int *new_label, int nlabels);

/* fraction of the phase that is done, 0..1, or less than 0 when unknown */
typedef void (*StProgress) (void *arg, const char *phase, double fraction);

typedef struct StMetrics
{
	int64		n;				/* examples held out */
	double		accuracy;
	double		macro_f1;
	double		log_loss;
	double		calibration_error;
	double		coverage;
	double		accuracy_in_scope;
	double		out_of_scope_threshold;
} StMetrics;

typedef struct StTrained
{
	void	   *blob;			/* palloc'd */
	Size		size;
	StMetrics	metrics;
	int64		examples_used;
} StTrained;

extern void st_train(StCorpus *c, char **labels_utf8, int nlabels,
					 const StTrainOptions *options, StProgress progress, void *arg,
					 StTrained *out);

/* ---- rows of triage.model (model_store.c) ---- */

#define ST_CHECKSUM_BYTES	32	/* SHA-256 */

/* Which weights: as trained, and as stored */
typedef struct StMapKey
{
	Oid			value_id;		/* their TOAST value, InvalidOid when inline */
	uint8		checksum[ST_CHECKSUM_BYTES];
} StMapKey;

typedef struct StModelRow
{
	int			version;
	bool		active;
	bool		key_valid;		/* false: the row's checksum is malformed */
	StMapKey	key;
	int			nlabels;
	Datum	   *labels;			/* text, database encoding */
	Datum		weights;		/* bytea as stored: fetch with
								 * st_store_weights */
	char	   *file;			/* of a shipped model, which has no key,
								 * labels and weights here; else NULL */
} StModelRow;

/* Someone else's identity, worn while rows are written: see st_store_as_owner */
typedef struct StOwner
{
	Oid			userid;
	int			sec_context;
	int			guc_level;
} StOwner;

extern Oid	st_store_relid(bool missing_ok);
extern bool st_store_row_key(Relation rel, HeapTuple tuple, StMapKey *key);
extern bool st_store_find(const char *name, int version, StModelRow *row);
extern bytea *st_store_weights(const StModelRow *row);
extern int	st_store_last_version(const char *name);
extern char *st_store_models(void);
extern char *st_store_versions(const char *name);
extern List *st_store_files_in_use(void);
extern char *st_store_missing(const char *name, int version);
extern void st_store_throw_missing(const char *name, int version);
extern char *st_store_check_name(const text *name);
extern int	st_store_check_version(int version);
extern void st_store_lock_name(const char *name);
extern void st_store_as_owner(StOwner *saved);
extern void st_store_as_caller(const StOwner *saved);
extern uint64 st_store_execute(const char *sql, int nargs, Oid *types, Datum *values,
							   const char *nulls);
extern void st_checksum(const void *data, Size size, uint8 *digest);
extern char *st_checksum_hex(const uint8 *digest);

/* ---- one copy a server (model_map.c) ---- */

extern void st_map_init(void) pg_attribute_cold;
extern const void *st_map_open(const StMapKey *key, Size *size);
extern bool st_map_write(const StMapKey *key, const void *data, Size size);
extern void st_map_forget_at_commit(const StMapKey *key);
extern void st_map_forget_all_at_commit(void);
extern const char *st_map_directory(bool create);

/* A file that is mapped as long as a memory context lives */
typedef struct StMapping
{
	MemoryContextCallback callback;
	void	   *base;
	Size		size;
} StMapping;

extern StMapping *st_map_file(int fd, Size size);
extern void st_unmap(StMapping *mapping);

/* ---- files that came with the extension (model_shipped.c) ---- */

#define ST_SHIPPED_PREFIX	"support_triage."
#define ST_SHIPPED_SUFFIX	".stm"

/* Which file was opened: another one, or the same after a change, differs */
typedef struct StFileMark
{
	uint64		device;
	uint64		inode;
	int64		size;
	int64		changed_seconds;
	int64		changed_nanoseconds;
} StFileMark;

extern char *st_shipped_directory(void);
extern const void *st_shipped_open(const char *file, Size *size, uint8 *checksum,
								   StFileMark *mark, bool *missing, char **why);
extern bool st_shipped_is(const char *file, const StFileMark *mark);
extern bool st_shipped_is_stale(const char *name);
extern bytea *st_shipped_make(const bytea *weights);
extern char *st_shipped_label(const StWeights *weights, int i);

/* ---- an opened version (model_open.c, model_words.c) ---- */

typedef struct StWordSums StWordSums;

struct StModel
{
	MemoryContext context;
	char	   *name;
	int			version;
	StMapKey	key;
	bool		shipped;		/* from a file: */
	StFileMark	mark;
	int			slots;			/* of the cache that refer to it */
	StModel    *next_dead;		/* the cache closes it with the transaction */

	StWeights  *weights;
	int			nlabels;
	Datum	   *label_datums;	/* text */
	const char **labels;		/* C strings */
	StFeatureReader reader;
	float	   *probs;			/* of the last document */
	float	   *scores;			/* likewise */
	StWordSums *words;			/* NULL: none were added yet */
};

extern StModel *st_model_load(const char *name, const StModelRow *row,
							  MemoryContext parent, bool *missing, char **why);
extern bool st_model_is(const StModel *model, const StModelRow *row);
extern void st_model_close(StModel *model);
extern const StWeights *st_model_weights(const StModel *model);

/* ---- the backend's cache (model_cache.c) ---- */

/*
 * Changes whenever anything that was handed out may be out of date: who keeps
 * an StModel beyond a call (in fn_extra) keeps the epoch with it and asks
 * again when it differs.
 */
extern uint64 st_model_epoch;

/* like st_model_get, but throws, undefined_object for what is not there */
extern StModel *st_model_open(const char *name, int version);

/* ---- reading examples (model_examples.c) ---- */

typedef struct StExampleCounts
{
	int64		rows;
	int64		used;
	int64		without_document;	/* NULL or blank */
	int64		without_label;	/* document, but label NULL or blank */
} StExampleCounts;

typedef void (*StExampleConsumer) (void *arg, const StDocument *doc,
								   const char *label, int label_length);

extern void st_examples_read(const char *query, StExampleConsumer consumer, void *arg,
							 StExampleCounts *counts);

/* Labels by first appearance: text in database encoding <-> dense index */
typedef struct StLabels StLabels;

extern StLabels *st_labels_create(void);
extern int	st_labels_find(StLabels *labels, const char *text, int length, bool add);
extern int	st_labels_count(const StLabels *labels);
extern const char *st_labels_text(const StLabels *labels, int label);

/* ---- progress of training, for other sessions (model_progress.c) ---- */

extern void st_progress_init(void) pg_attribute_cold;
extern void st_progress_begin(const char *model);
extern void st_progress_report(const char *phase, double fraction, int64 examples);
extern void st_progress_end(void);
extern bool st_progress_is_stale(const char *path);

/* ---- SQL functions (model_sql*.c) ---- */

extern void st_need_arguments(FunctionCallInfo fcinfo, int n);
extern const char *st_read_argument(Datum value, StDocument *document);

#endif							/* ST_MODEL_INNER_H */
