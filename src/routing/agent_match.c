/*-------------------------------------------------------------------------
 *
 * agent_match.c
 *		Which agent may take which ticket.
 *
 * A skill that is to be dropped after some waiting, and a language where the
 * queue lets go of it, no longer count from then on.  What no active agent
 * could ever take, however long it waits and whoever is there, is told at once:
 * it becomes an alert when it begins to wait.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "routing/assignment_inner.h"

/* Whether anybody could, by a hash of what is needed. */
typedef struct Could
{
	uint64		hash;
	bool		could;
	TransactionId raised_in;	/* told in this transaction */
} Could;

static HTAB *could_table = NULL;
static uint64 could_generation = 0;

/* What a row needs, in a form that is quick to compare; points into the row. */
void
st_needs_read(StNeeds *needs, const StWaiting *row)
{
	Datum	   *skills;
	Datum	   *levels;
	Datum	   *drops;
	bool	   *skill_nulls;
	bool	   *level_nulls;
	bool	   *drop_nulls;
	int			nskills;
	int			nlevels;
	int			ndrops;

	needs->nskills = 0;
	if (likely(row->skills == 0))
		return;

	deconstruct_array(DatumGetArrayTypeP(row->skills), TEXTOID, -1, false, TYPALIGN_INT,
					  &skills, &skill_nulls, &nskills);
	nlevels = ndrops = 0;
	if (row->skill_levels != 0)
		deconstruct_array(DatumGetArrayTypeP(row->skill_levels), INT2OID, 2, true, TYPALIGN_SHORT,
						  &levels, &level_nulls, &nlevels);
	if (row->skill_drop_after != 0)
		deconstruct_array(DatumGetArrayTypeP(row->skill_drop_after), INTERVALOID, sizeof(Interval), false,
						  TYPALIGN_DOUBLE, &drops, &drop_nulls, &ndrops);

	for (int i = 0; i < Min(nskills, ST_MAX_SKILLS); i++)
	{
		const text *skill;

		if (skill_nulls[i])
			continue;
		skill = DatumGetTextPP(skills[i]);
		needs->skills[needs->nskills].skill = VARDATA_ANY(skill);
		needs->skills[needs->nskills].length = VARSIZE_ANY_EXHDR(skill);
		needs->skills[needs->nskills].level = i < nlevels && !level_nulls[i] ?
			DatumGetInt16(levels[i]) : ST_SKILL_LEVEL_MIN;
		needs->skills[needs->nskills].drop_after = -1;
		if (i < ndrops && !drop_nulls[i])
		{
			const Interval *after = DatumGetIntervalP(drops[i]);

			needs->skills[needs->nskills].drop_after = after->time +
				((int64) after->month * DAYS_PER_MONTH + after->day) * USECS_PER_DAY;
		}
		needs->nskills++;
	}
}

/* The length of the part of a language tag that counts: de of de-AT. */
static int
primary_length(const char *tag, int length)
{
	int			n = 0;

	while (n < length && tag[n] != '-' && tag[n] != '_')
		n++;
	return n;
}

static bool
writes_language(const StAgent *agent, const text *language)
{
	const char *tag;
	int			length;

	if (language == NULL || agent->nlanguages < 0)
		return true;
	tag = VARDATA_ANY(language);
	length = primary_length(tag, VARSIZE_ANY_EXHDR(language));
	if (length == 0 || (length == 3 && pg_strncasecmp(tag, "und", 3) == 0))
		return true;
	for (int i = 0; i < agent->nlanguages; i++)
	{
		const char *other = agent->languages[i];

		if (primary_length(other, strlen(other)) == length && pg_strncasecmp(tag, other, length) == 0)
			return true;
	}
	return false;
}

static bool
has_skill(const StAgent *agent, const char *skill, int length, int16 level)
{
	for (int i = 0; i < agent->nskills; i++)
	{
		if (agent->skills[i].level >= level && strlen(agent->skills[i].skill) == length &&
			memcmp(agent->skills[i].skill, skill, length) == 0)
			return true;
	}
	return false;
}

/*
 * st_agent_match
 *		Whether an agent is one for a ticket, whatever they have at the moment.
 *		now is the present, or DT_NOEND: when all that can be dropped is.  *met,
 *		when given, counts the needs that the agent meets, also those that no
 *		longer count; *lacks is the skill that is missing, palloc'd.
 */
StMatch
st_agent_match(const StAgent *agent, const StWaiting *row, const StNeeds *needs, const StQueueWait *queue,
			   TimestampTz now, int *met, const char **lacks)
{
	int64		waited = now == DT_NOEND ? PG_INT64_MAX : now - row->since;
	bool		language;
	int			n = 0;

	if (!st_agent_serves(agent, row->queue_id))
		return ST_MATCH_NOT_QUEUE;
	if (row->units > agent->capacity)
		return ST_MATCH_NOT_CAPACITY;
	language = writes_language(agent, row->language);
	if (!language && (queue == NULL || queue->language_after < 0 || waited < queue->language_after))
		return ST_MATCH_NOT_LANGUAGE;
	n += language;
	for (int i = 0; i < needs->nskills; i++)
	{
		if (has_skill(agent, needs->skills[i].skill, needs->skills[i].length, needs->skills[i].level))
			n++;
		else if (needs->skills[i].drop_after < 0 || waited < needs->skills[i].drop_after)
		{
			if (lacks != NULL)
				*lacks = psprintf("%s of level %d", pnstrdup(needs->skills[i].skill, needs->skills[i].length),
								  needs->skills[i].level);
			return ST_MATCH_NOT_SKILL;
		}
	}
	if (met != NULL)
		*met = n;
	return ST_MATCH;
}

/* ---- what nobody can take ---- */

static bool
could_take(const StAgent *agent, const StWaiting *row, const StNeeds *needs, const StQueueWait *queue)
{
	int			channel = st_agent_channel(agent, row->channel);

	return agent->active && (channel < 0 || agent->channels[channel].max_tickets > 0) &&
		st_agent_match(agent, row, needs, queue, DT_NOEND, NULL, NULL) == ST_MATCH;
}

static uint64
hash_text(const text *value, uint64 seed)
{
	return value == NULL ? seed * 31 + 7 :
		hash_bytes_extended((const unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), seed);
}

/* A hash of what a ticket needs of an agent. */
uint64
st_needs_hash(const StWaiting *row)
{
	uint64		hash = (uint64) (uint32) row->queue_id << 16 | (uint16) row->units;

	hash = hash_text(row->channel, hash);
	hash = hash_text(row->language, hash);
	if (row->skills != 0)
	{
		hash = hash_text((text *) PG_DETOAST_DATUM(row->skills), hash);
		hash = hash_text(row->skill_levels == 0 ? NULL : (text *) PG_DETOAST_DATUM(row->skill_levels), hash);
		hash = hash_text(row->skill_drop_after == 0 ? NULL : (text *) PG_DETOAST_DATUM(row->skill_drop_after), hash);
	}
	return hash;
}

static Could *
look_up(const StWaiting *row)
{
	uint64		generation = st_staff_generation();
	uint64		hash = st_needs_hash(row);
	const StStaff *staff = st_staff();
	Could	   *could;
	StNeeds		needs;
	const StQueueWait *queue;
	bool		found;

	if (could_table != NULL &&
		(could_generation != generation || hash_get_num_entries(could_table) > 10000))
	{
		hash_destroy(could_table);
		could_table = NULL;
	}
	if (could_table == NULL)
	{
		HASHCTL		ctl = {.keysize = sizeof(uint64),.entrysize = sizeof(Could),.hcxt = TopMemoryContext};

		could_table = hash_create("support_triage who could take what", 64, &ctl,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		could_generation = generation;
	}
	could = hash_search(could_table, &hash, HASH_FIND, NULL);
	if (could != NULL)
		return could;

	st_needs_read(&needs, row);
	queue = st_queue_wait(row->queue_id);
	found = staff->n == 0;
	for (int i = 0; i < staff->n && !found; i++)
		found = could_take(&staff->agents[i], row, &needs, queue);

	could = hash_search(could_table, &hash, HASH_ENTER, NULL);
	could->could = found;
	could->raised_in = InvalidTransactionId;
	return could;
}

/*
 * st_anybody_could
 *		Whether there is an active agent, on shift or off, who could take a
 *		ticket if it only waited long enough.  Where no agents are entered at
 *		all the answer is true: the team does not work with them.
 */
bool
st_anybody_could(const StWaiting *row)
{
	return look_up(row)->could;
}

/* What a ticket needs in words, palloc'd: the subject of an alert. */
char *
st_needs_words(const StWaiting *row)
{
	const StQueueWait *queue = st_queue_wait(row->queue_id);
	StNeeds		needs;
	StringInfoData out;

	st_needs_read(&needs, row);
	initStringInfo(&out);
	appendStringInfo(&out, "queue \"%s\"", queue == NULL ? "?" : queue->name);
	if (row->channel != NULL)
		appendStringInfo(&out, ", channel %s", text_to_cstring(row->channel));
	if (row->language != NULL)
		appendStringInfo(&out, ", language %s", text_to_cstring(row->language));
	for (int i = 0; i < needs.nskills; i++)
		appendStringInfo(&out, ", %.*s of level %d", needs.skills[i].length, needs.skills[i].skill,
						 needs.skills[i].level);
	if (row->units != 1)
		appendStringInfo(&out, ", %d units", row->units);
	return out.data;
}

/* Why nobody could, for people: the first thing that no agent of the queue has. */
const char *
st_why_nobody(const StWaiting *row)
{
	const StStaff *staff = st_staff();
	const StQueueWait *queue = st_queue_wait(row->queue_id);
	StNeeds		needs;
	bool		serves = false;
	bool		capacity = false;
	bool		language = false;

	st_needs_read(&needs, row);
	for (int i = 0; i < staff->n; i++)
	{
		const StAgent *agent = &staff->agents[i];

		if (!agent->active || !st_agent_serves(agent, row->queue_id))
			continue;
		serves = true;
		capacity |= agent->capacity >= row->units;
		language |= writes_language(agent, row->language);
	}
	if (!serves)
		return "No active agent serves the queue.";
	if (!capacity)
		return "No active agent of the queue has so much capacity.";
	if (!language && (queue == NULL || queue->language_after < 0))
		return "No active agent of the queue writes the language.";
	for (int s = 0; s < needs.nskills; s++)
	{
		bool		skill = needs.skills[s].drop_after >= 0;

		for (int i = 0; i < staff->n && !skill; i++)
			skill = staff->agents[i].active && st_agent_serves(&staff->agents[i], row->queue_id) &&
				has_skill(&staff->agents[i], needs.skills[s].skill, needs.skills[s].length, needs.skills[s].level);
		if (!skill)
			return psprintf("No active agent of the queue has the skill %.*s of level %d.", needs.skills[s].length,
							needs.skills[s].skill, needs.skills[s].level);
	}
	return "No active agent of the queue has all of it.";
}

/* Raises an alert when nobody could ever take a ticket that begins to wait. */
void
st_alert_unless_somebody_could(const StWaiting *row)
{
	Could	   *could = look_up(row);

	if (likely(could->could) || could->raised_in == GetTopTransactionId())
		return;
	st_alert_raise("nobody_can_take", st_needs_words(row), st_why_nobody(row));

	/* raising may have read the settings anew */
	look_up(row)->raised_in = GetTopTransactionId();
}
