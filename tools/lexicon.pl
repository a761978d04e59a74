#!/usr/bin/env perl
# tools/lexicon.pl FILE... : prints C source with the shipped lexicon as constant
# tables. FILE is LANGUAGE.PART.tsv (or LANGUAGE.tsv), LANGUAGE a code of ISO 639-1,
# or "all" for phrases of every language.
#
# Lines are
#     # a comment
#     @name<TAB>word word stem*        a class: words that may stand for each other
#     kind<TAB>phrase<TAB>weight       what the phrase means, and how strongly
# A kind is a name of StPhraseKind in lower case, or topic.NAME. A weight of "-" says
# that the phrase is no sign of this kind: it removes signs that it overlaps, but for
# longer ones that contain it. Phrases are normalised here as documents are.
#
# In a phrase, words are separated by blanks, and
#     stem*      any word that begins so
#     @name      any word of the class
#     _          any word at all
#     #          stands in a word for digits: "#pm"
#     (a|b c|)   one of these; alternatives may have words, brackets and nothing in them
#     l'word     one word, "lword", or two: texts are read both ways
#     word?      the word or nothing; so may a class and a bracket be marked
#
# What comes out is an automaton: states, and edges from state to state by a word,
# found by a hash. Its tables are written in the byte order of this machine.
#
# The parts are in tools/lexicon: LexSource.pm reads the files, with LexWords.pm and
# LexPhrases.pm for what is in a phrase, LexStates.pm makes the automaton, LexTables.pm
# writes it.
use strict;
use warnings;

use FindBin;
use POSIX qw(_exit);
use lib "$FindBin::Bin/lexicon";

use LexSource;
use LexStates;
use LexTables;

binmode STDOUT, ':utf8';
binmode STDERR, ':utf8';

my $lexicon = read_lexicon(@ARGV);
write_tables($lexicon, make_states());

# Perl would free all that was made, piece by piece.
close STDOUT or die "cannot write: $!\n";
_exit(0);
