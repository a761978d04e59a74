/*-------------------------------------------------------------------------
 *
 * lexicon_match.c
 *		Finding the lexicon's phrases in a reading.
 *
 * Tokens are read as units: a word, a symbol, or each character of a script
 * without spaces, so that what a dictionary takes for a word does not matter
 * there.  From each unit the nodes of the lexicon are followed as far as some
 * phrase may continue.  A unit may be followed in several ways: as it is,
 * without its accents, with '#' for its digits, by a stem, as one of a class, as
 * any word.  Units lie in a ring that reaches as far ahead as phrases are long:
 * memory does not grow with the document, and time grows linearly with it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "core/compat.h"
#include "understanding/lexicon_inner.h"

#define RING			64		/* units, more than ST_LEX_MAX_UNITS */
#define MAX_STARTS		72		/* nodes that one unit can begin at */
#define MAX_CLASSES		16
#define MAX_PATHS		64		/* open at once */
#define MAX_STEPS		512		/* nodes that are followed from one unit */

/* For StPhraseHit.topic: a phrase that is no sign took the hit away. */
#define BLOCKED			PG_INT16_MIN

/* Scratch above this many hits is not kept for the next document. */
#define KEEP_HITS		(64 * 1024)

typedef struct Unit
{
	int32		token;
	int32		first;			/* its code points */
	int32		npoints;
	uint32		exact;			/* hashes */
	uint32		folded;			/* without accents */
	uint32		shape;			/* with '#' for digits; only of has_digits */
	bool		has_digits;
	bool		digit_first;
	bool		is_word;		/* no symbol */
	bool		is_broken;		/* a sentence ends before it */
	uint8		nstarts;
	uint8		nclasses;
	uint16		classes[MAX_CLASSES];
	const StLexNode *starts[MAX_STARTS];
} Unit;

typedef struct Matcher
{
	const StLexSet *set;
	const StTokens *tokens;
	const uint8 *breaks;
	int			token;			/* next to be made units of */
	int			point;			/* in it */
	int			nunits;			/* made so far */
	bool		is_user;
	Unit		ring[RING];
} Matcher;

typedef struct Path
{
	const StLexNode *node;
	int			depth;			/* units up to it */
} Path;

static Matcher matcher;
static MemoryContext hits_context;
static StPhraseHit *hits;
static int	nhits;
static int	hits_size;
static bool has_blocks;

/* The shipped tables as a set. */
static const StLexSet *
shipped_set(void)
{
	static StLexSet set;

	if (set.nodes == NULL)
	{
		set.mask = st_lex_mask;
		set.entries = st_lex_entries;
		set.nentries = st_lex_nentries;
		set.text = st_lex_text;
		set.stems = st_lex_root_stems;
		set.children = st_lex_root_children;
		set.sieve = st_lex_sieve;
		set.nodes = st_lex_nodes;
	}
	return &set;
}

/*
 * word_matches
 *		Whether a word of a phrase, which ends at a blank, at length or before a
 *		script without spaces, is the unit; *at moves behind it.
 */
static bool
word_matches(const char *text, int length, int *at, bool folds,
			 const Unit *unit, const uint32 *points)
{
	int			i = 0;
	int			n = unit->npoints;
	bool		matches = true;
	bool		is_stem = false;
	bool		begun = false;

	while (*at < length)
	{
		uint32		p;
		int			next = st_lex_next_point(text, *at, length, &p);

		if (p == ' ' || (begun && st_lex_is_complex(p)))
			break;
		*at = next;
		begun = true;
		if (!matches)
			continue;
		if (p == '*' && unit->is_word)
			is_stem = true;
		else if (p == '#' && unit->is_word)
		{
			matches = i < n && st_lex_is_digit(points[i]);
			while (i < n && st_lex_is_digit(points[i]))
				i++;
		}
		else
		{
			uint32		folded = st_lex_fold(p);

			/* marks that one of both lacks */
			while (folds && i < n && points[i] != p && st_lex_fold(points[i]) == 0)
				i++;
			if (i < n && points[i] == p)
				i++;
			else if (folds && folded == 0)
				continue;
			else if (folds && i < n &&
					 (points[i] == folded ||
					  (p >= 0x600 && p < 0x700 && st_lex_fold(points[i]) == folded)))
				i++;
			else
				matches = false;
		}
		if (st_lex_is_complex(p))
			break;
	}
	while (folds && i < n && st_lex_fold(points[i]) == 0)
		i++;
	return matches && (is_stem || i == n);
}

/*
 * entry_matches
 *		Whether the entry stands at unit number start: keys may collide, and
 *		accents that the text has must be those of the phrase.
 */
static bool
entry_matches(const Matcher *m, const StLexEntry *entry, int start)
{
	const char *text = m->set->text + entry->text;
	int			length = entry->length;
	bool		folds = (entry->flags & ST_LEX_FOLDS) != 0;
	int			at = 0;

	for (int u = start; at < length; u++)
	{
		const Unit *unit = &m->ring[u % RING];

		while (at < length && text[at] == ' ')
			at++;
		if (u >= m->nunits)
			return false;
		if ((text[at] == '@' || text[at] == '_') && unit->is_word)
		{
			while (at < length && (text[at] == '@' || text[at] == '_' || isalnum((unsigned char) text[at])))
				at++;
		}
		else if (!word_matches(text, length, &at, folds, unit,
							   &m->tokens->points[unit->first]))
			return false;
	}
	return true;
}

/*
 * add_start
 *		Notes that phrases begin with the unit by this hash, and of which
 *		classes the unit is.
 */
static inline void
add_start(Matcher *m, Unit *unit, int number, uint32 h, uint32 how)
{
	const StLexNode *node;

	if (likely(!st_lex_begins(m->set, h, how)))
		return;
	node = st_lex_find(m->set, st_lex_key(ST_LEX_ROOT, h, how));
	if (node == NULL || unit->nstarts >= MAX_STARTS)
		return;
	unit->starts[unit->nstarts++] = node;
	if (node->entry == 0)
		return;
	for (const StLexEntry *entry = &m->set->entries[node->entry - 1];; entry++)
	{
		if (!m->is_user && st_lex_groups[entry->group].kind == ST_LEX_KIND_CLASS &&
			unit->nclasses < MAX_CLASSES && entry_matches(m, entry, number))
			unit->classes[unit->nclasses++] = st_lex_groups[entry->group].topic;
		if (entry->flags & ST_LEX_LAST)
			break;
	}
}

/*
 * begin_unit
 *		Hashes the unit and finds the nodes that begin with it.
 */
static void
begin_unit(Matcher *m, Unit *unit, int number)
{
	const uint32 *points = &m->tokens->points[unit->first];
	uint32		stems = m->set->stems;
	uint32		exact = ST_LEX_WORD_SEED;
	uint32		folded = ST_LEX_WORD_SEED;
	uint32		shape = ST_LEX_WORD_SEED;
	bool		is_simple = true;	/* letters of ASCII */
	bool		is_plain = true;	/* without accents */
	bool		in_digits = false;
	int			nfolded = 0;

	unit->nstarts = 0;
	unit->nclasses = 0;
	unit->has_digits = false;
	unit->digit_first = unit->is_word && st_lex_is_digit(points[0]);
	for (int i = 0; i < unit->npoints; i++)
	{
		uint32		c = points[i];

		/* letters of ASCII, as long as there was nothing else */
		if (likely(c - 'a' < 26 && is_simple))
		{
			exact = st_lex_hash(exact, c);
			nfolded++;
		}
		else
		{
			uint32		f = st_lex_fold(c);

			if (is_simple)
				folded = shape = exact;
			is_simple = false;
			exact = st_lex_hash(exact, c);
			is_plain = is_plain && c == f;
			if (f != 0)
			{
				folded = st_lex_hash(folded, f);
				nfolded++;
			}
			if (st_lex_is_digit(c))
			{
				unit->has_digits = true;
				if (!in_digits)
					shape = st_lex_hash(shape, '#');
				in_digits = true;
			}
			else if (f != 0)
			{
				shape = st_lex_hash(shape, f);
				in_digits = false;
			}
			if (!is_plain && f != 0 && unit->is_word &&
				nfolded <= ST_LEX_MAX_STEM && (stems >> nfolded) & 1)
				add_start(m, unit, number, folded, ST_LEX_STEM);
		}
		if (i < ST_LEX_MAX_STEM && (stems >> (i + 1)) & 1 && unit->is_word)
			add_start(m, unit, number, exact, ST_LEX_STEM);
	}
	if (is_simple)
		folded = exact;
	unit->exact = exact;
	unit->folded = folded;
	unit->shape = shape;
	add_start(m, unit, number, exact, ST_LEX_WORD);
	if (folded != exact)
		add_start(m, unit, number, folded, ST_LEX_WORD);
	if (unit->has_digits && unit->is_word)
	{
		add_start(m, unit, number, shape, ST_LEX_WORD);
		if (unit->digit_first && (stems & 2) != 0)
			add_start(m, unit, number, st_lex_hash(ST_LEX_WORD_SEED, '#'), ST_LEX_STEM);
	}
	if (m->set->children & ST_LEX_HAS_CLASSES)
	{
		for (int i = 0; i < unit->nclasses; i++)
			add_start(m, unit, number, unit->classes[i], ST_LEX_CLASS);
	}
	if ((m->set->children & ST_LEX_HAS_ANY) && unit->is_word)
		add_start(m, unit, number, 0, ST_LEX_ANY);
}

/*
 * make_unit
 *		Makes the next unit; returns false at the end.
 */
static inline bool
make_unit(Matcher *m)
{
	const StToken *token;
	Unit	   *unit = &m->ring[m->nunits % RING];
	int			number = m->nunits;

	if (m->token >= m->tokens->ntokens)
		return false;
	token = &m->tokens->tokens[m->token];
	unit->token = m->token;
	unit->first = token->first + m->point;
	unit->is_word = token->kind == ST_TOKEN_WORD;
	unit->is_broken = m->point == 0 && m->breaks[m->token] == ST_BREAK_SENTENCE;
	if (unit->is_word && unlikely(st_lex_is_complex(m->tokens->points[token->first])))
	{
		unit->npoints = 1;
		m->point++;
	}
	else
	{
		unit->npoints = token->length;
		m->point = token->length;
	}
	if (m->point >= token->length)
	{
		m->token++;
		m->point = 0;
	}
	m->nunits++;
	begin_unit(m, unit, number);
	return true;
}

/*
 * add_hit
 *		Records that the entry covers units start to end.
 */
static void
add_hit(const Matcher *m, const StLexEntry *entry, int start, int end)
{
	const StTokens *tokens = m->tokens;
	const Unit *first = &m->ring[start % RING];
	const Unit *last = &m->ring[end % RING];
	const StToken *last_token = &tokens->tokens[last->token];
	const StLexGroup *group;
	int			last_end;
	StPhraseHit *hit;

	if (unlikely(nhits >= hits_size))
	{
		int			size = hits_size ? hits_size * 2 : 256;

		if (hits_context == NULL)
			hits_context = AllocSetContextCreate(TopMemoryContext, "support_triage hits",
												 ALLOCSET_DEFAULT_SIZES);
		if (hits == NULL)
			hits = MemoryContextAllocHuge(hits_context, sizeof(StPhraseHit) * (Size) size);
		else
			hits = repalloc_huge(hits, sizeof(StPhraseHit) * (Size) size);
		hits_size = size;
	}

	if (last->first + last->npoints == last_token->first + last_token->length)
		last_end = last_token->start + last_token->source_length;
	else
		last_end = tokens->sources[last->first + last->npoints];

	group = m->is_user ? &st_lexicon_user()->groups[entry->group] : &st_lex_groups[entry->group];
	hit = &hits[nhits++];
	hit->first = first->token;
	hit->last = last->token;
	hit->start = tokens->sources[first->first];
	hit->length = last_end - hit->start;
	hit->kind = (StPhraseKind) group->kind;
	hit->topic = group->topic;
	hit->group = entry->group;
	hit->entry = (int32) (entry - m->set->entries);
	if (m->is_user)
		hit->entry = -1 - hit->entry;
	hit->weight = entry->weight;
	memcpy(hit->language, group->language, sizeof(hit->language));
	if (entry->flags & ST_LEX_BLOCKS)
	{
		/* told apart from a weight until they have done their work */
		hit->weight = get_float4_nan();
		has_blocks = true;
	}
}

/* Records what ends at the node. */
static inline void
take_node(const Matcher *m, const StLexNode *node, int start, int end)
{
	if (node->entry == 0)
		return;
	for (const StLexEntry *entry = &m->set->entries[node->entry - 1];; entry++)
	{
		if ((m->is_user || st_lex_groups[entry->group].kind != ST_LEX_KIND_CLASS) &&
			entry_matches(m, entry, start))
			add_hit(m, entry, start, end);
		if (entry->flags & ST_LEX_LAST)
			break;
	}
}

/* Opens the path to the child of that key, if there is one. */
static inline void
follow(const Matcher *m, Path *paths, int *npaths, uint32 key, int depth)
{
	const StLexNode *child = st_lex_find(m->set, key);

	if (child != NULL && *npaths < MAX_PATHS)
	{
		paths[*npaths].node = child;
		paths[(*npaths)++].depth = depth;
	}
}

/* Opens the paths to the stems with which the unit begins. */
static void
follow_stems(const Matcher *m, Path *paths, int *npaths, const StLexNode *node,
			 const Unit *unit, int depth)
{
	const uint32 *points = &m->tokens->points[unit->first];
	uint32		exact = ST_LEX_WORD_SEED;
	uint32		folded = ST_LEX_WORD_SEED;
	bool		is_plain = true;
	int			nfolded = 0;

	for (int i = 0; i < Min(unit->npoints, ST_LEX_MAX_STEM); i++)
	{
		uint32		f = st_lex_fold(points[i]);

		exact = st_lex_hash(exact, points[i]);
		if (f != points[i])
			is_plain = false;
		if (f != 0)
		{
			folded = st_lex_hash(folded, f);
			nfolded++;
		}
		if ((node->stems >> (i + 1)) & 1)
			follow(m, paths, npaths, st_lex_key(node->key, exact, ST_LEX_STEM), depth);
		if (!is_plain && f != 0 && (node->stems >> nfolded) & 1)
			follow(m, paths, npaths, st_lex_key(node->key, folded, ST_LEX_STEM), depth);
	}
	if (unit->digit_first && (node->stems & 2) != 0)
		follow(m, paths, npaths,
			   st_lex_key(node->key, st_lex_hash(ST_LEX_WORD_SEED, '#'), ST_LEX_STEM), depth);
}

/*
 * match_from
 *		Records all entries that begin at the unit of that number.
 */
static void
match_from(const Matcher *m, int start)
{
	const Unit *first = &m->ring[start % RING];
	Path		paths[MAX_PATHS];
	int			npaths = 0;
	int			steps = 0;

	for (int i = 0; i < first->nstarts && npaths < MAX_PATHS; i++)
	{
		paths[npaths].node = first->starts[i];
		paths[npaths++].depth = 1;
	}
	while (npaths > 0 && steps++ < MAX_STEPS)
	{
		Path		path = paths[--npaths];
		const StLexNode *node = path.node;
		const Unit *unit;
		int			depth = path.depth + 1;

		take_node(m, node, start, start + path.depth - 1);
		if ((node->children == 0 && node->stems == 0) ||
			path.depth >= ST_LEX_MAX_UNITS || start + path.depth >= m->nunits)
			continue;
		unit = &m->ring[(start + path.depth) % RING];
		if (unit->is_broken)
			continue;
		if (node->children & ST_LEX_HAS_WORDS)
		{
			follow(m, paths, &npaths, st_lex_key(node->key, unit->exact, ST_LEX_WORD), depth);
			if (unit->folded != unit->exact)
				follow(m, paths, &npaths, st_lex_key(node->key, unit->folded, ST_LEX_WORD), depth);
			if (unit->has_digits && unit->is_word)
				follow(m, paths, &npaths, st_lex_key(node->key, unit->shape, ST_LEX_WORD), depth);
		}
		if (node->stems != 0 && unit->is_word)
			follow_stems(m, paths, &npaths, node, unit, depth);
		if (node->children & ST_LEX_HAS_CLASSES)
		{
			for (int i = 0; i < unit->nclasses; i++)
				follow(m, paths, &npaths, st_lex_key(node->key, unit->classes[i], ST_LEX_CLASS), depth);
		}
		if ((node->children & ST_LEX_HAS_ANY) && unit->is_word)
			follow(m, paths, &npaths, st_lex_key(node->key, 0, ST_LEX_ANY), depth);
	}
}

/* Records all entries of the set, in order of their first unit. */
static void
match_set(const StLexSet *set, bool is_user, const StTokens *tokens, const uint8 *breaks)
{
	Matcher    *m = &matcher;

	m->set = set;
	m->is_user = is_user;
	m->tokens = tokens;
	m->breaks = breaks;
	m->token = 0;
	m->point = 0;
	m->nunits = 0;
	for (int start = 0;; start++)
	{
		while (m->nunits < start + ST_LEX_MAX_UNITS && make_unit(m))
			;
		if (start >= m->nunits)
			break;
		if (m->ring[start % RING].nstarts > 0)
			match_from(m, start);
		if ((start & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/* By first character, the longer first, the user's before ours, then by group. */
static int
compare_hits(const void *a, const void *b)
{
	const StPhraseHit *ha = a;
	const StPhraseHit *hb = b;

	if (ha->start != hb->start)
		return ha->start < hb->start ? -1 : 1;
	if (ha->length != hb->length)
		return ha->length > hb->length ? -1 : 1;
	if (ha->group != hb->group)
		return ha->group < hb->group ? -1 : 1;
	if (ha->entry != hb->entry)
		return ha->entry < hb->entry ? -1 : 1;
	return 0;
}

/* Sorts what is nearly sorted; hits of one start are few. */
static void
sort_hits(void)
{
	for (int i = 1; i < nhits; i++)
	{
		StPhraseHit hit;
		int			j = i - 1;

		if (compare_hits(&hits[j], &hits[i]) <= 0)
			continue;
		hit = hits[i];
		while (j >= 0 && compare_hits(&hits[j], &hit) > 0)
		{
			hits[j + 1] = hits[j];
			j--;
		}
		hits[j + 1] = hit;
	}
}

/*
 * keep_longest
 *		Drops hits within others of their group.
 */
static void
keep_longest(int ngroups)
{
	static int32 *ends = NULL;	/* where the last hit of each group ends */
	static uint32 *stamps = NULL;
	static int	size = 0;
	static uint32 stamp = 0;
	int			kept = 0;

	if (ngroups > size)
	{
		if (ends != NULL)
			pfree(ends);
		if (stamps != NULL)
			pfree(stamps);
		size = 0;
		ends = NULL;
		stamps = NULL;
		ends = MemoryContextAllocZero(TopMemoryContext, sizeof(int32) * ngroups);
		stamps = MemoryContextAllocZero(TopMemoryContext, sizeof(uint32) * ngroups);
		size = ngroups;
		stamp = 0;
	}
	if (++stamp == 0)
	{
		memset(stamps, 0, sizeof(uint32) * size);
		stamp = 1;
	}
	for (int i = 0; i < nhits; i++)
	{
		int			group = hits[i].group;
		int			end = hits[i].start + hits[i].length;

		if (stamps[group] == stamp && ends[group] >= end)
			continue;
		stamps[group] = stamp;
		ends[group] = end;
		hits[kept++] = hits[i];
	}
	nhits = kept;
}

/*
 * is_blocked
 *		Whether a phrase that is no sign takes the hit away: they overlap, and
 *		the hit is not the longer one around it.
 */
static inline bool
is_blocked(const StPhraseHit *hit, const StPhraseHit *block)
{
	int			hit_end = hit->start + hit->length;
	int			block_end = block->start + block->length;

	if (hit->kind != block->kind || hit->topic != block->topic || isnan(hit->weight) ||
		hit_end <= block->start || hit->start >= block_end)
		return false;
	if (block->language[0] != '\0' && strcmp(hit->language, block->language) != 0)
		return false;
	return hit->start > block->start || hit_end < block_end || hit->length <= block->length;
}

/*
 * apply_blocks
 *		Removes hits that overlap a phrase that is no sign of their kind, and
 *		those phrases.
 */
static void
apply_blocks(void)
{
	int			kept = 0;

	for (int b = 0; b < nhits; b++)
	{
		const StPhraseHit *block = &hits[b];

		if (!isnan(block->weight))
			continue;
		for (int i = b - 1; i >= 0 && hits[i].first > block->first - ST_LEX_MAX_UNITS; i--)
		{
			if (is_blocked(&hits[i], block))
				hits[i].topic = BLOCKED;
		}
		for (int i = b + 1; i < nhits && hits[i].start < block->start + block->length; i++)
		{
			if (is_blocked(&hits[i], block))
				hits[i].topic = BLOCKED;
		}
	}
	for (int i = 0; i < nhits; i++)
	{
		if (!isnan(hits[i].weight) && hits[i].topic != BLOCKED)
			hits[kept++] = hits[i];
	}
	nhits = kept;
}

/* See understanding.h. */
const StPhraseHit *
st_reading_hits(StReading *reading, int *n)
{
	if (reading->hits == NULL)
	{
		const StLexUser *user;
		const uint8 *breaks = st_reading_breaks(reading);
		int			nshipped;

		st_lexicon_prepare();
		user = st_lexicon_user();
		if (hits_size > KEEP_HITS)
		{
			pfree(hits);
			hits = NULL;
			hits_size = 0;
		}
		nhits = 0;
		has_blocks = false;
		match_set(shipped_set(), false, reading->tokens, breaks);
		nshipped = nhits;
		if (user->set.nentries > 0)
			match_set(&user->set, true, reading->tokens, breaks);
		if (nhits > nshipped && nshipped > 0)
			qsort(hits, nhits, sizeof(StPhraseHit), compare_hits);
		else
			sort_hits();
		keep_longest(user->ngroups);
		if (has_blocks)
			apply_blocks();
		reading->hits = hits != NULL ? hits : (const StPhraseHit *) "";
		reading->nhits = nhits;
	}
	*n = reading->nhits;
	return reading->hits;
}

/* See understanding.h. */
bool
st_hit_is_of(const StPhraseHit *hit, const char *language)
{
	return hit->language[0] == '\0' || language == NULL ||
		strcmp(language, ST_LANGUAGE_UNKNOWN) == 0 || strcmp(hit->language, language) == 0;
}

/* See understanding.h. */
char *
st_hit_phrase(const StPhraseHit *hit)
{
	const StLexSet *set = hit->entry >= 0 ? shipped_set() : &st_lexicon_user()->set;
	const StLexEntry *entry = &set->entries[hit->entry >= 0 ? hit->entry : -1 - hit->entry];

	return pnstrdup(set->text + entry->text, entry->length);
}
