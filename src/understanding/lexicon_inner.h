/*-------------------------------------------------------------------------
 *
 * lexicon_inner.h
 *		What the files of the lexicon share, and the form of its tables.
 *
 * tools/lexicon.pl writes the shipped tables (lexicon_table.c) from
 * src/understanding/lexicon; lexicon_build.c makes the same in memory of what
 * users add.  Both compute keys by the functions below: a change here is a
 * change there.
 *
 * A phrase is a row of units: words, symbols, single characters of scripts
 * without spaces.  Phrases are an automaton: an edge leads from one state to
 * another by a unit, and is found by a hash of both.  Several edges may fit: as
 * the unit is, with '#' for its digits, by a stem, by any word, and where phrases
 * with alternatives begin alike.  Of a key 40 bits are compared beside those that
 * choose the slot; that an edge is followed by mistake is a matter of one in
 * billions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_LEXICON_INNER_H
#define ST_LEXICON_INNER_H

#include "mb/pg_wchar.h"

#include "understanding/understanding.h"

/* Units of a phrase; words are at most ST_LEX_MAX_WORDS. */
#define ST_LEX_MAX_UNITS	32
#define ST_LEX_MAX_WORDS	12

/* A stem before '*' has at least 1 and at most this many characters. */
#define ST_LEX_MAX_STEM		31


#define ST_LEX_ROOT			0	/* the state in which every phrase begins */

/* How a unit fits an edge. */
#define ST_LEX_WORD			0	/* the unit itself */
#define ST_LEX_STEM			1	/* a word that begins so */
#define ST_LEX_ANY			2	/* any word: "_" */

/* Which edges leave a state; stems are in its mask. */
#define ST_LEX_HAS_WORDS	1
#define ST_LEX_HAS_ANY		2
#define ST_LEX_FOLLOWS		3	/* any of these */

/*
 * An edge: the upper half of its key, 24 bits for the state that it leads to, the
 * lowest 8 bits of the key.  0 is an empty slot: none leads to the root.
 */
typedef uint64 StLexEdge;

#define ST_LEX_EDGE(key, target) \
	(((key) >> 32 << 32) | (uint64) (target) << 8 | ((key) & 0xFF))
#define ST_LEX_EDGE_TARGET(edge)	((uint32) (edge) >> 8)

/* Whether the edge has that key, as far as it remembers. */
#define ST_LEX_EDGE_IS(edge, key) \
	((((edge) ^ (key)) & UINT64CONST(0xFFFFFFFF000000FF)) == 0)

/* The slot of a state's where a key's edge is looked for first. */
#define ST_LEX_SLOT(key, nslots) \
	((uint32) (((key) & 0xFFFFFFFF) * (nslots) >> 32))

#define ST_LEX_MAX_STATES	(1 << 24)

typedef struct StLexState
{
	uint32		ends;			/* ST_LEX_HAS_*, and 4 times (1 + the first of
								 * the entries that end here), 0: none */
	uint32		stems;			/* bit n: a stem of n characters may follow */
	uint32		first;			/* the slots of its edges */
	uint32		nslots;
} StLexState;

#define ST_LEX_ACCEPTS(state) ((state)->ends >> 2)

/* In a list of the entries that end at a state: the last. */
#define ST_LEX_LAST			0x80000000

/* In an entry's group: no sign at all, it removes what it overlaps. */
#define ST_LEX_BLOCKS		0x8000

typedef struct StLexEntry
{
	uint32		text;			/* offset of its phrase, UTF-8 */
	float		weight;
	uint16		length;			/* bytes of the phrase */
	uint16		group;			/* and ST_LEX_BLOCKS */
} StLexEntry;

#define ST_LEX_GROUP(entry) ((entry)->group & ~ST_LEX_BLOCKS)

/* Entries that compete: the longest of a group counts. */
typedef struct StLexGroup
{
	int16		kind;			/* StPhraseKind, or ST_LEX_KIND_CLASS */
	int16		topic;			/* of a topic or class: its index, else -1 */
	char		language[4];
} StLexGroup;

/* An entry that no text fits: it tells the words of a class. */
#define ST_LEX_KIND_CLASS	ST_NUM_PHRASE_KINDS

/* Bits of the sieve before the edges that begin a phrase, as a power of 2. */
#define ST_LEX_SIEVE_BITS	18

typedef struct StLexSet
{
	const StLexEdge *edges;
	const StLexState *states;
	const uint32 *accepts;
	const StLexEntry *entries;
	int			nentries;
	const char *text;
	const uint32 *sieve;
} StLexSet;

/* ---- lexicon_table.c, generated ---- */

#define ST_LEX_NAME_SIZE	24

/* Tables as bytes: a compiler reads a string sooner than a million numbers. */
extern const char st_lex_edge_bytes[];
extern const char st_lex_state_bytes[];
extern const char st_lex_accept_bytes[];
extern const char st_lex_entry_bytes[];

#define st_lex_edges	((const StLexEdge *) st_lex_edge_bytes)
#define st_lex_states	((const StLexState *) st_lex_state_bytes)
#define st_lex_accepts	((const uint32 *) st_lex_accept_bytes)
#define st_lex_entries	((const StLexEntry *) st_lex_entry_bytes)

extern const StLexGroup st_lex_groups[];
extern const char st_lex_text[];
extern const uint32 st_lex_sieve[];
extern const char st_lex_topics[][ST_LEX_NAME_SIZE];
extern const char st_lex_classes[][ST_LEX_NAME_SIZE];
extern const char st_lex_unfolded[][4]; /* languages whose accents tell words
										 * apart */
extern const uint16 st_lex_same_low[];	/* of 0x300 to 0x6FF */
extern const int st_lex_nentries;
extern const int st_lex_ngroups;
extern const int st_lex_ntopics;
extern const int st_lex_nunfolded;

/* ---- keys ---- */

#define ST_LEX_HASH_SEED	UINT64CONST(0x4BF29CE484222325)

static inline uint64
st_lex_hash(uint64 h, uint32 point)
{
	return (h ^ point) * UINT64CONST(0x100000001B3);
}

static inline uint64
st_lex_key(uint32 state, uint64 h, uint32 how)
{
	uint64		x = h + state * UINT64CONST(0x1E3779B97F4A7C15) + how * UINT64CONST(0x42E1FBE4DA5B7A39);

	x ^= x >> 32;
	x *= UINT64CONST(0x3F58476D1CE4E5B9);
	x ^= x >> 32;
	x *= UINT64CONST(0x14D049BB133111EB);
	x ^= x >> 32;
	return x;
}

static inline uint32
st_lex_sieve_bit(uint64 key)
{
	return (uint32) (key >> 32) >> (32 - ST_LEX_SIEVE_BITS);
}

/*
 * The letter that stands for all ways to write it (alef with and without hamza);
 * 0: a mark that is dropped.
 */
static inline uint32
st_lex_same(uint32 point)
{
	if (point < 0x300)
		return point;
	if (point < 0x700)
		return st_lex_same_low[point - 0x300];
	switch (point)
	{
		case 0x93C:				/* nukta */
			return 0;
		case 0x901:				/* chandrabindu, anusvara */
			return 0x902;
		default:
			return point;
	}
}

static inline bool
st_lex_is_digit(uint32 point)
{
	return (point >= '0' && point <= '9') ||
		(point >= 0x660 && point <= 0x669) || (point >= 0x6F0 && point <= 0x6F9) ||
		(point >= 0x966 && point <= 0x96F);
}

/* Scripts whose words have no spaces between them: a character is a unit. */
static inline bool
st_lex_is_complex(uint32 point)
{
	if (point < 0xE00)
		return false;
	return point < 0xF00 || (point >= 0x1000 && point < 0x10A0) ||
		(point >= 0x1780 && point < 0x1800) || (point >= 0x2E80 && point < 0x3000) ||
		(point >= 0x3005 && point <= 0x3007) || (point >= 0x3041 && point < 0x3100) ||
		(point >= 0x31F0 && point < 0x3200) || (point >= 0x3400 && point < 0xA000) ||
		(point >= 0xF900 && point < 0xFB00) || (point >= 0x1B000 && point < 0x1B170) ||
		(point >= 0x20000 && point < 0x32000);
}

/*
 * Sets the code point at text[at], which must be valid UTF-8, and returns where
 * the next one begins.
 */
static inline int
st_lex_next_point(const char *text, int at, int length, uint32 *point)
{
	const unsigned char *p = (const unsigned char *) text + at;
	int			size = pg_utf_mblen(p);

	if (at + size > length)
	{
		*point = 0xFFFD;
		return length;
	}
	*point = utf8_to_unicode(p);
	return at + size;
}

/* ---- lexicon_match.c, lexicon_hits.c ---- */

/*
 * A hit of what is no sign has a weight of NaN until it has done its work. A new
 * hit is valid until the next is asked for.
 */
extern void st_lex_match(const StLexSet *set, bool is_user, const StReading *reading,
						 const uint8 *breaks);
extern StPhraseHit *st_lex_new_hit(void);

/* ---- lexicon_phrase.c: phrases as people write them ---- */

typedef struct StLexUnit
{
	uint8		how;			/* ST_LEX_WORD or ST_LEX_STEM */
	uint8		npoints;
	uint64		hash;
	uint64		plain;			/* without accents; the same where there are
								 * none */
} StLexUnit;

extern int	st_lex_units(const char *phrase, int length, bool folds, StLexUnit *units);
extern bool st_lex_language_folds(const char *language);
extern char *st_lex_normalize(const char *phrase, const char **complaint);

/* ---- lexicon_rows.c: what users add ---- */

typedef struct StLexUser
{
	StLexSet	set;			/* nentries 0: there are no rows */
	StLexGroup *groups;			/* the shipped ones first */
	int			ngroups;
	char	  **topics;			/* names, the shipped ones first */
	int			ntopics;
} StLexUser;

/* As of the last st_lexicon_prepare; NULL: nothing was read yet. */
extern const StLexUser *st_lexicon_user(void);
extern const char *const st_lex_kind_names[ST_NUM_PHRASE_KINDS];
extern int	st_lex_kind_of(const char *name, const char **topic);

/* ---- lexicon_build.c ---- */

typedef struct StLexRow
{
	char	   *phrase;			/* normalised UTF-8 */
	char		language[4];
	int			kind;
	int			topic;			/* -1: none */
	bool		blocks;
	float		weight;
} StLexRow;

extern void st_lex_build(StLexUser *user, const StLexRow *rows, int nrows);

#endif							/* ST_LEXICON_INNER_H */
