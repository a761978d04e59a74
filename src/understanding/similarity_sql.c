/*-------------------------------------------------------------------------
 *
 * similarity_sql.c
 *		triage.signature, triage.signature_similarity and triage.similarity.
 *
 * A signature is a bigint[] of 16 elements with four lanes of the sketch each.
 * So one type serves both: the elements are the bands of an index (GIN finds
 * those that share an element with &&), and all lanes are there to estimate the
 * likeness of what it finds.
 *
 * These functions are immutable, so that they may be indexed: they read a fixed
 * number of bytes, whatever support_triage.max_document_bytes says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/compat.h"
#include "understanding/understanding.h"

/* Bytes that are read of a document. */
#define MAX_BYTES	65536

PG_FUNCTION_INFO_V1(st_signature_sql);
PG_FUNCTION_INFO_V1(st_signature_similarity_sql);
PG_FUNCTION_INFO_V1(st_similarity_sql);

/*
 * st_signature_datum
 *		Returns a signature as bigint[], palloc'd; empty when there is nothing
 *		to compare, so that no search finds it.
 */
Datum
st_signature_datum(const StSignature *signature)
{
	Datum		words[ST_SIGNATURE_WORDS];
	bool		empty = true;

	for (int i = 0; i < ST_SIGNATURE_WORDS; i++)
	{
		uint64		word = 0;

		for (int j = 0; j < 4; j++)
			word = word << 16 | signature->lane[4 * i + j];
		words[i] = Int64GetDatum((int64) word);
		empty = empty && word == 0;
	}
	if (empty)
		return PointerGetDatum(construct_empty_array(INT8OID));
	return PointerGetDatum(construct_array(words, ST_SIGNATURE_WORDS, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * st_signature_from_datum
 *		Reads what st_signature_datum made; false for any other array.
 */
bool
st_signature_from_datum(Datum value, StSignature *out)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	const int64 *words;

	memset(out, 0, sizeof(*out));
	if (ARR_NDIM(array) == 0)
		return true;
	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != ST_SIGNATURE_WORDS || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != INT8OID)
		return false;
	words = (const int64 *) ARR_DATA_PTR(array);
	for (int i = 0; i < ST_SIGNATURE_WORDS; i++)
	{
		uint64		word = (uint64) words[i];

		for (int j = 3; j >= 0; j--)
		{
			out->lane[4 * i + j] = (uint16) word;
			word >>= 16;
		}
	}
	return true;
}

static void
read_document(text *t, StDocument *doc)
{
	st_document_read_upto(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t), MAX_BYTES, doc);
}

/* triage.signature(document) */
Datum
st_signature_sql(PG_FUNCTION_ARGS)
{
	StDocument	doc;
	StReading	reading;
	StSignature signature;

	read_document(PG_GETARG_TEXT_PP(0), &doc);
	st_reading_begin(&reading, &doc);
	st_signature(&reading, &signature);
	PG_RETURN_DATUM(st_signature_datum(&signature));
}

/* triage.signature_similarity(a, b) */
Datum
st_signature_similarity_sql(PG_FUNCTION_ARGS)
{
	StSignature a;
	StSignature b;

	if (!st_signature_from_datum(PG_GETARG_DATUM(0), &a) ||
		!st_signature_from_datum(PG_GETARG_DATUM(1), &b))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not a signature"),
				 errdetail("A signature has %d elements that are not null, or none.", ST_SIGNATURE_WORDS),
				 errhint("Signatures are made by triage.signature.")));
	PG_RETURN_FLOAT4(st_signature_similarity(&a, &b));
}

/* triage.similarity(a, b) */
Datum
st_similarity_sql(PG_FUNCTION_ARGS)
{
	StDocument	a;
	StDocument	b;

	read_document(PG_GETARG_TEXT_PP(0), &a);
	read_document(PG_GETARG_TEXT_PP(1), &b);
	PG_RETURN_FLOAT4(st_similarity(&a, &b));
}
