/*-------------------------------------------------------------------------
 *
 * routing_rule_reason.c
 *		Reasons: why a rule matched, or nearly did, with the values compared.
 *
 * Reasons are stored with the decision and read by people and programs; they
 * are ASCII around names of the user's, because the database's encoding may
 * know no other sign.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/routing_inner.h"

/* Bytes of a text in a reason. */
#define MAX_VALUE_BYTES	60

/*
 * Writes a probability with so many digits after the point, rounded down: a
 * confidence below a threshold never reads as if it had reached it.  Returns
 * the end; buf needs 10 bytes.
 */
static char *
write_probability(char *buf, float4 value, int digits)
{
	int			scale = 1;
	int			n;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	n = (int) (value * (double) scale + 1e-4);
	n = Max(0, Min(n, scale));
	*buf++ = '0' + n / scale;
	*buf++ = '.';
	n %= scale;
	for (int i = digits - 1; i >= 0; i--)
	{
		buf[i] = '0' + n % 10;
		n /= 10;
	}
	buf += digits;
	*buf = '\0';
	return buf;
}

static inline char *
put(char *to, const char *from, Size len)
{
	memcpy(to, from, len);
	return to + len;
}

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

/* "rule refunds matched: intent refund_request, confidence 0.93 >= 0.80" */
static char *
simple_reason(const StRule *rule, const StFacts *facts, bool matched)
{
	Size		name_len = strlen(rule->name);
	Size		intent_len = facts->intent == NULL ? 0 : VARSIZE_ANY_EXHDR(facts->intent);
	Size		threshold_len = rule->threshold == NULL ? 0 : strlen(rule->threshold);
	char	   *reason = palloc(name_len + intent_len + threshold_len + 128);
	char	   *p = reason;

	p = PUT(p, "rule ");
	p = put(p, rule->name, name_len);
	p = matched ? PUT(p, " matched") : PUT(p, " not matched");
	if (facts->intent != NULL && (rule->intent != NULL || rule->min_confidence >= 0))
	{
		p = PUT(p, ": intent ");
		p = put(p, VARDATA_ANY(facts->intent), intent_len);
		p = PUT(p, ", confidence ");
		p = write_probability(p, facts->intent_confidence, rule->digits);
		if (rule->threshold != NULL)
		{
			p = matched ? PUT(p, " >= ") : PUT(p, " < ");
			p = put(p, rule->threshold, threshold_len);
		}
	}
	*p = '\0';
	return reason;
}

/* A number from 0 to 1 with two digits after the point, palloc'd. */
char *
st_routing_probability(float4 value)
{
	char	   *buf = palloc(10);

	write_probability(buf, value, 2);
	return buf;
}

/* "intent not in scope: nearest is refund_request, confidence 0.31" */
char *
st_scope_reason(const StFacts *facts)
{
	char		probability[16];

	if (facts->intent == NULL)
		return pstrdup("the ticket has no text");
	write_probability(probability, facts->intent_confidence, 2);
	return psprintf("intent not in scope: nearest is %.*s, confidence %s",
					(int) VARSIZE_ANY_EXHDR(facts->intent), VARDATA_ANY(facts->intent),
					probability);
}

/* Facts that say who it is, or too much: a reason names them without their value. */
static bool
is_private(const char *fact)
{
	return strcmp(fact, "customer") == 0 || strcmp(fact, "entities") == 0 ||
		strcmp(fact, "ticket_key") == 0 || strcmp(fact, "duplicate_of") == 0;
}

static void
put_value(StringInfo out, Oid type, Datum value)
{
	char		buf[FLOAT_SHORTEST_DECIMAL_LEN];

	switch (type)
	{
		case TEXTOID:
			{
				const char *data = VARDATA_ANY(DatumGetPointer(value));
				int			len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
				int			shown = len <= MAX_VALUE_BYTES ? len : pg_mbcliplen(data, len, MAX_VALUE_BYTES);

				appendBinaryStringInfo(out, data, shown);
				if (shown < len)
					appendStringInfoString(out, "...");
				break;
			}
		case FLOAT4OID:
			float_to_shortest_decimal_buf(DatumGetFloat4(value), buf);
			appendStringInfoString(out, buf);
			break;
		case INT4OID:
			appendStringInfo(out, "%d", DatumGetInt32(value));
			break;
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			break;
		case TIMESTAMPTZOID:
			appendStringInfoString(out, timestamptz_to_str(DatumGetTimestampTz(value)));
			break;
		default:
			{
				Oid			output;
				bool		varlena;

				getTypeOutputInfo(type, &output, &varlena);
				appendStringInfoString(out, OidOutputFunctionCall(output, value));
			}
	}
}

/*
 * st_rule_reason
 *		Why a rule matched, or did not for its confidence, palloc'd: with the
 *		facts that its condition read, which are in the trial's slot.
 */
char *
st_rule_reason(StTrial *trial, const StRule *rule, bool matched)
{
	const TupleTableSlot *slot = trial->routing->slot;
	char	   *simple = simple_reason(rule, trial->facts, matched);
	bool		has_intent = trial->facts->intent != NULL && (rule->intent != NULL || rule->min_confidence >= 0);
	const char *separator = has_intent ? ", " : ": ";
	StringInfoData out;

	if (rule->test == NULL || rule->test->nfacts == 0)
		return simple;

	initStringInfo(&out);
	appendStringInfoString(&out, simple);
	for (int i = 0; i < rule->test->nfacts; i++)
	{
		int			at = rule->test->facts[i] - 1;
		Form_pg_attribute attr = TupleDescAttr(slot->tts_tupleDescriptor, at);
		const char *name = NameStr(attr->attname);

		if (has_intent && (strcmp(name, "intent") == 0 || strcmp(name, "intent_confidence") == 0))
			continue;
		appendStringInfo(&out, "%s%s", separator, name);
		separator = ", ";
		if (slot->tts_isnull[at])
			appendStringInfoString(&out, " null");
		else if (!is_private(name))
		{
			appendStringInfoChar(&out, ' ');
			put_value(&out, attr->atttypid, slot->tts_values[at]);
		}
	}
	return out.data;
}
