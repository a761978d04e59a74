/*-------------------------------------------------------------------------
 *
 * urgency.c
 *		What a text states: how urgent it is, that it wants a person, and which
 *		sensitive topics it touches.
 *
 * All of it comes from hits of the lexicon, so that it can be shown
 * (triage.lexicon_hits) and changed (triage.lexicon).  Urgency is what the
 * writer says; what a service level agreement says is another matter.
 *
 * Signs of one kind are combined as independent ones (1 less the product of
 * what each leaves open); hits that overlap are one sign.  A wish for speed alone
 * never reaches what an outage, a danger or a deadline within a day does.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/compat.h"
#include "understanding/understanding.h"

/* The most that signs of a kind can say together. */
#define MOST_SOON		0.7f
#define MOST_DEADLINE	0.95f
#define MOST_OUTAGE		0.97f
#define MOST_MONEY		0.9f
#define MOST_SAFETY		0.98f

/* A hit for a person or a topic counts from here on alone. */
#define ENOUGH			0.5f

/* In a message of so few words a weak sign is enough: "Agent!" */
#define FEW_WORDS		2

/* A negation reaches so many words ahead within its clause. */
#define NEGATION_REACH	3

/* The signs of one kind, as they are read. */
typedef struct Evidence
{
	float		open;			/* what the signs so far leave open */
	float		last;			/* the sign that may still be overlapped */
	int			last_end;		/* its end, in characters */
	float		against;		/* the strongest sign of the contrary */
} Evidence;

static inline void
begin_evidence(Evidence *e)
{
	e->open = 1;
	e->last = 0;
	e->last_end = -1;
	e->against = 0;
}

/*
 * take_sign
 *		Adds a hit.  Of overlapping hits the strongest counts, but one that says
 *		the contrary ("not urgent") counts before all.
 */
static inline void
take_sign(Evidence *e, const StPhraseHit *hit)
{
	if (hit->start < e->last_end)
	{
		if (hit->weight < 0 || (e->last >= 0 && hit->weight > e->last))
			e->last = hit->weight;
		e->last_end = Max(e->last_end, hit->start + hit->length);
		return;
	}
	if (e->last < 0)
		e->against = Max(e->against, -e->last);
	else
		e->open *= 1 - e->last;
	e->last = hit->weight;
	e->last_end = hit->start + hit->length;
}

/* What the signs say together, 0..1. */
static inline float
end_evidence(Evidence *e, float most)
{
	if (e->last < 0)
		e->against = Max(e->against, -e->last);
	else
		e->open *= 1 - e->last;
	e->last = 0;
	return Min(1 - e->open, most);
}

/*
 * is_of_language
 *		Whether the hit counts in a document of this language: a single word of
 *		another language may mean something else here, a phrase hardly.
 */
static inline bool
is_of_language(const StPhraseHit *hit, const char *language)
{
	return hit->first < hit->last || st_hit_is_of(hit, language);
}

/*
 * is_negated
 *		Whether a negation stands before hit number i, in its clause and reach.
 */
static bool
is_negated(const StPhraseHit *hits, int i, const uint8 *breaks, const char *language)
{
	const StPhraseHit *hit = &hits[i];

	for (int j = i - 1; j >= 0 && hits[j].first >= hit->first - NEGATION_REACH - 8; j--)
	{
		bool		same_clause = true;

		if (hits[j].kind != ST_PHRASE_NEGATION || hits[j].last >= hit->first ||
			hits[j].last < hit->first - NEGATION_REACH || !st_hit_is_of(&hits[j], language))
			continue;
		/* a hit and a negation of different languages do not belong together */
		if (hits[j].language[0] != '\0' && hit->language[0] != '\0' &&
			strcmp(hits[j].language, hit->language) != 0)
			continue;
		for (int t = hits[j].last + 1; t <= hit->first; t++)
			same_clause = same_clause && breaks[t] < ST_BREAK_CLAUSE;
		if (same_clause)
			return true;
	}
	return false;
}

/* Whether the document has few words. */
static bool
is_short(const StTokens *tokens)
{
	int			words = 0;

	for (int t = 0; t < tokens->ntokens && words <= FEW_WORDS; t++)
		words += tokens->tokens[t].kind == ST_TOKEN_WORD;
	return words <= FEW_WORDS;
}

/* See understanding.h. */
void
st_signals(StReading *reading, const char *language, StSignals *out)
{
	const uint8 *breaks = st_reading_breaks(reading);
	const StPhraseHit *hits;
	int			nhits;
	Evidence	kinds[ST_NUM_PHRASE_KINDS];
	float		topics[ST_MAX_TOPICS];
	float		human = 0;
	float		soon;
	float		calm;
	float		urgent;

	memset(out, 0, sizeof(*out));
	hits = st_reading_hits(reading, &nhits);
	if (nhits == 0)
		return;
	for (int kind = 0; kind < ST_NUM_PHRASE_KINDS; kind++)
		begin_evidence(&kinds[kind]);
	for (int t = 0; t < ST_MAX_TOPICS; t++)
		topics[t] = 1;

	for (int i = 0; i < nhits; i++)
	{
		const StPhraseHit *hit = &hits[i];

		switch (hit->kind)
		{
			case ST_PHRASE_DEADLINE:
			case ST_PHRASE_OUTAGE:
			case ST_PHRASE_MONEY:
			case ST_PHRASE_SAFETY:
			case ST_PHRASE_SOON:
				if (is_of_language(hit, language) &&
					(hit->weight < 0 || !is_negated(hits, i, breaks, language)))
					take_sign(&kinds[hit->kind], hit);
				break;
			case ST_PHRASE_HUMAN:
				if (is_of_language(hit, language))
					human = Max(human, hit->weight);
				break;
			case ST_PHRASE_TOPIC:
				if (hit->topic >= 0 && hit->topic < ST_MAX_TOPICS && is_of_language(hit, language))
					topics[hit->topic] *= 1 - hit->weight;
				break;
			default:
				break;
		}
	}

	/*
	 * "no rush" takes from wishes and dates, less from an outage, not from
	 * danger
	 */
	soon = end_evidence(&kinds[ST_PHRASE_SOON], MOST_SOON);
	calm = 1 - kinds[ST_PHRASE_SOON].against;
	urgent = 1 - (1 - soon) * (1 - end_evidence(&kinds[ST_PHRASE_DEADLINE], MOST_DEADLINE)) *
		(1 - end_evidence(&kinds[ST_PHRASE_MONEY], MOST_MONEY));
	urgent = 1 - (1 - urgent * calm) *
		(1 - end_evidence(&kinds[ST_PHRASE_OUTAGE], MOST_OUTAGE) * (1 + calm) / 2) *
		(1 - end_evidence(&kinds[ST_PHRASE_SAFETY], MOST_SAFETY));
	out->urgency = Min(Max(urgent, 0), 1);

	out->wants_human = human >= ENOUGH || (human > 0 && is_short(reading->tokens));
	for (int t = 0; t < ST_MAX_TOPICS; t++)
	{
		if (1 - topics[t] >= ENOUGH - 0.001f)
			out->topics |= UINT64CONST(1) << t;
	}
}
