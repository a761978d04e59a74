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
 * without spaces.  Every beginning of a phrase is a node, found by a hash of
 * the node before and the unit, so that matching is one look-up a unit as long
 * as some phrase may still follow.  Keys may collide: a node then stands for two
 * beginnings, and what ends there is compared with the text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ST_LEXICON_INNER_H
#define ST_LEXICON_INNER_H

#include "understanding/understanding.h"

/* Units of a phrase; words are at most ST_LEX_MAX_WORDS. */
#define ST_LEX_MAX_UNITS	32
#define ST_LEX_MAX_WORDS	12

/* A stem before '*' has at least 1 and at most this many characters. */
#define ST_LEX_MAX_STEM		31

#define ST_LEX_ROOT			0x5EED0001

/* How a unit follows. */
#define ST_LEX_WORD			0	/* the unit itself */
#define ST_LEX_STEM			1	/* a word that begins so */
#define ST_LEX_CLASS		2	/* a word of a class: "@speak" */
#define ST_LEX_ANY			3	/* any word: "_" */

/* Which children a node has; its stems are in its mask. */
#define ST_LEX_HAS_WORDS	1
#define ST_LEX_HAS_CLASSES	2
#define ST_LEX_HAS_ANY		4

typedef struct StLexNode
{
	uint32		key;			/* 0: an empty slot */
	uint32		entry;			/* 1 + the first entry that ends here, 0: none */
	uint32		stems;			/* bit n: a stem of n characters may follow */
	uint32		children;		/* ST_LEX_HAS_* */
} StLexNode;

#define ST_LEX_LAST			1	/* no further entry ends at this node */
#define ST_LEX_FOLDS		2	/* accents may be missing in the text */
#define ST_LEX_BLOCKS		4	/* no sign at all: removes what it overlaps */

typedef struct StLexEntry
{
	uint32 text;				/* offset of its phrase, UTF-8 */
	float		weight;
	uint16		length;			/* bytes of the phrase */
	uint16		group;
	uint32		flags;			/* ST_LEX_* */
} StLexEntry;

/* Entries that compete: the longest of a group counts. */
typedef struct StLexGroup
{
	int16		kind;			/* StPhraseKind, or ST_LEX_KIND_CLASS */
	int16		topic;			/* of a topic or class: its index, else -1 */
	char		language[4];
} StLexGroup;

#define ST_LEX_KIND_CLASS	ST_NUM_PHRASE_KINDS

/* The sieve before the nodes that begin a phrase has 2 to the power of so many bits. */
#define ST_LEX_SIEVE_BITS	18

typedef struct StLexSet
{
	const StLexNode *nodes;
	uint32		mask;			/* slots - 1 */
	const StLexEntry *entries;
	int			nentries;
	const char *text;
	uint32		stems;			/* of the root */
	uint32		children;
	const uint32 *sieve;
} StLexSet;

/* ---- lexicon_table.c, generated ---- */

#define ST_LEX_NAME_SIZE	24

extern const StLexNode st_lex_nodes[];
extern const StLexEntry st_lex_entries[];
extern const StLexGroup st_lex_groups[];
extern const char st_lex_text[];
extern const uint32 st_lex_sieve[];
extern const char st_lex_topics[][ST_LEX_NAME_SIZE];
extern const char st_lex_classes[][ST_LEX_NAME_SIZE];
extern const char st_lex_unfolded[][4]; /* languages whose accents tell words
										 * apart */
extern const uint16 st_lex_fold_low[];	/* of 0xC0 to 0x6FF */
extern const uint16 st_lex_fold_high[]; /* of 0x1E00 to 0x1FFF */
extern const uint32 st_lex_mask;
extern const uint32 st_lex_root_stems;
extern const uint32 st_lex_root_children;
extern const int st_lex_nentries;
extern const int st_lex_ngroups;
extern const int st_lex_ntopics;
extern const int st_lex_nclasses;
extern const int st_lex_nunfolded;

/* ---- keys ---- */

#define ST_LEX_WORD_SEED	0x811C9DC5

static inline uint32
st_lex_hash(uint32 h, uint32 point)
{
	return (h ^ point) * 0x01000193;
}

static inline uint32
st_lex_key(uint32 parent, uint32 h, uint32 how)
{
	uint32		x = (parent * 0x9E3779B1) ^ (h + how * 0x85EBCA6B);

	x ^= x >> 16;
	x *= 0x7FEB352D;
	x ^= x >> 15;
	x *= 0x846CA68B;
	x ^= x >> 16;
	return x ? x : 1;
}

/* The letter without its accents; 0: a mark that is dropped. */
static inline uint32
st_lex_fold(uint32 point)
{
	if (point < 0xC0)
		return point;
	if (point < 0x700)
		return st_lex_fold_low[point - 0xC0];
	if (point >= 0x1E00 && point < 0x2000)
		return st_lex_fold_high[point - 0x1E00];
	return point == 0x93C ? 0 : point;
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

/* The node of a key, or NULL. */
static inline const StLexNode *
st_lex_find(const StLexSet *set, uint32 key)
{
	uint32		slot = key & set->mask;

	while (set->nodes[slot].key != 0)
	{
		if (set->nodes[slot].key == key)
			return &set->nodes[slot];
		slot = (slot + 1) & set->mask;
	}
	return NULL;
}

/* The bit of the sieve for a unit that begins a phrase. */
static inline uint32
st_lex_sieve_bit(uint32 h, uint32 how)
{
	return (h * 0x9E3779B1 + how * 0x85EBCA6B) >> (32 - ST_LEX_SIEVE_BITS);
}

static inline bool
st_lex_begins(const StLexSet *set, uint32 h, uint32 how)
{
	uint32		bit = st_lex_sieve_bit(h, how);

	return (set->sieve[bit / 32] >> (bit % 32)) & 1;
}

/*
 * Sets the code point at text[at], which must be valid UTF-8, and returns where
 * the next one begins.
 */
static inline int
st_lex_next_point(const char *text, int at, int length, uint32 *point)
{
	const unsigned char *p = (const unsigned char *) text +at;

	if (likely(p[0] < 0x80))
	{
		*point = p[0];
		return at + 1;
	}
	if (p[0] < 0xE0 && at + 2 <= length)
	{
		*point = (uint32) (p[0] & 0x1F) << 6 | (p[1] & 0x3F);
		return at + 2;
	}
	if (p[0] < 0xF0 && at + 3 <= length)
	{
		*point = (uint32) (p[0] & 0x0F) << 12 | (uint32) (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
		return at + 3;
	}
	if (at + 4 <= length)
	{
		*point = (uint32) (p[0] & 0x07) << 18 | (uint32) (p[1] & 0x3F) << 12 |
			(uint32) (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
		return at + 4;
	}
	*point = 0xFFFD;
	return length;
}

/* ---- lexicon_phrase.c: phrases as people write them ---- */

typedef struct StLexUnit
{
	uint8		how;			/* ST_LEX_WORD, _STEM, _CLASS or _ANY */
	uint8		npoints;		/* of a stem */
	uint32		hash;
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
