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

extern void st_model_init(void);

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

/* Never throws for any document. Allocates nothing that outlives the call. */
extern void st_model_predict(StModel *model, const StDocument *doc, StPrediction *out);

#endif							/* ST_MODEL_H */
