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
use strict;
use warnings;
no warnings qw(portable);
use utf8;
use feature qw(fc);
use Unicode::Normalize qw(NFD NFC NFKC);
use File::Basename;

binmode STDOUT, ':utf8';
binmode STDERR, ':utf8';

my @KINDS = qw(sentiment intensifier negation contrast polite anger joy optimism sadness
    deadline outage money safety soon human topic request);
my %KIND = map { $KINDS[$_] => $_ } 0 .. $#KINDS;
my $CLASS = @KINDS;    # the kind of what only tells the words of a class
my %RANGE = (sentiment => [ -4, 4 ], intensifier => [ -1, 1 ], soon => [ -1, 1 ]);

# Topics that are always there, in this order.
my @TOPICS = qw(legal_threat self_harm medical minors fraud press data_protection discrimination violence);

# Languages whose writers do not leave accents out: there they tell words apart.
my @UNFOLDED = qw(de sv da nb no nn fi et is);
my %unfolded = map { $_ => 1 } @UNFOLDED;

my ($MAX_UNITS, $MAX_STEM, $SIEVE_BITS, $NAME_SIZE) = (32, 31, 18, 24);
my ($WORD, $STEM, $ANY) = (0 .. 2);

my $where = '';
my $errors = 0;

sub complain
{
    my ($message) = @_;
    print STDERR "$where: $message\n";
    $errors++;
}

# --- characters ---

# Always the same letter, however it is written; 0: a mark that is dropped.
my %SAME = (0x623 => 0x627, 0x625 => 0x627, 0x622 => 0x627, 0x671 => 0x627, 0x649 => 0x64A, 0x6CC => 0x64A,
    0x629 => 0x647, 0x6A9 => 0x643, 0x640 => 0, 0x670 => 0, 0x93C => 0, 0x901 => 0x902);

sub same_point
{
    my ($c) = @_;
    return $SAME{$c} if exists $SAME{$c};
    return 0 if ($c >= 0x300 && $c < 0x370) || ($c >= 0x64B && $c <= 0x65F)
        || ($c >= 0x591 && $c <= 0x5C7 && chr($c) =~ /\p{Mn}/);
    return $c;
}

# A word without its accents.
my %plain_of;

sub plain_letter
{
    my ($letter) = @_;
    my ($base, @marks) = split //, NFD($letter);
    return @marks && $base =~ /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/ && !grep({ !/\p{Mn}/ } @marks)
        ? $base : $letter;
}

sub plain
{
    my ($word) = @_;
    $word =~ tr/ıłđø/ildo/;
    $word =~ s/([^\x00-\x7F])/$plain_of{$1} \/\/= plain_letter($1)/ge;
    return $word;
}

# A word in the letters that stand for all ways to write it.
my %same_of;

sub same
{
    my ($word) = @_;
    $word =~ s/([^\x00-\x{2FF}])/$same_of{$1} \/\/= same_point(ord $1) ? chr same_point(ord $1) : ''/ge;
    return $word;
}

# As st_lex_is_complex.
my $COMPLEX = qr/[\x{E00}-\x{EFF}\x{1000}-\x{109F}\x{1780}-\x{17FF}\x{2E80}-\x{2FFF}\x{3005}-\x{3007}\x{3041}-\x{30FF}\x{31F0}-\x{31FF}\x{3400}-\x{9FFF}\x{F900}-\x{FAFF}\x{1B000}-\x{1B16F}\x{20000}-\x{31FFF}]/;

# NFKC case folding (Unicode Standard Annex 15).
sub normalize
{
    my ($s) = @_;
    $s = NFKC(fc(NFKC(fc(NFD($s)))));
    $s =~ s/\p{Default_Ignorable_Code_Point}//g;
    return NFC($s);
}

my $EMOTICON = qr/[!?]|[:;=]-?[)(DdPp|*\/\\]|<-?3/;

# Emoji of a newer Unicode than Perl's count, colours of skin do not.
my $SYMBOL = qr/(?![\x{1F3FB}-\x{1F3FF}])[\p{So}\x{1F000}-\x{1FAFF}]/;

# A word as people write it, as units: [how, text]. Nothing when it is wrong.
my %units_of;

sub units
{
    my ($word) = @_;
    $units_of{$word} ||= [ make_units($word) ];
    return @{ $units_of{$word} };
}

sub make_units
{
    my ($word) = @_;
    if ($word =~ /^([a-z]+)(\*?)$/ && length $1 <= $MAX_STEM) { return [ $2 ? $STEM : $WORD, $1 ]; }
    return [ $WORD, $word =~ tr/d/D/r ] if $word =~ /^$EMOTICON$/;
    return [ $ANY, '_' ] if $word eq '_';
    my $stem = $word =~ s/\*$//;
    $word =~ s/(?<=[\p{L}\p{M}\p{N}])['\x{2019}](?=[\p{L}\p{N}])//g;
    $word = normalize($word);
    if (!$stem && $word =~ /^[\p{L}\p{M}\p{N}]+$/ && $word !~ $COMPLEX) { return [ $WORD, $word ]; }
    my @units;
    my $open = '';
    for my $part ($word =~ /$COMPLEX|$SYMBOL|./g)
    {
        if ($part =~ /^$COMPLEX$/ || $part =~ /^$SYMBOL$/)
        {
            push @units, [ $WORD, $open ] if $open ne '';
            $open = '';
            push @units, [ $WORD, $part ];
        }
        elsif ($part =~ /^[\p{L}\p{M}\p{N}#]$/) { $open .= $part; }
        else { complain("\"$part\" in \"$word\" is no part of a word: write a blank"); return; }
    }
    push @units, [ $WORD, $open ] if $open ne '';
    if ($stem)
    {
        if ($open eq '') { complain("no stem before *"); return; }
        if ($open =~ /#/ && $open ne '#') { complain("# and * in the one word $open*"); return; }
        if (length $open > $MAX_STEM) { complain("the stem $open is longer than $MAX_STEM"); return; }
        $units[-1][0] = $STEM;
    }
    complain("empty word") unless @units;
    return @units;
}

# Units as one writes them: blanks between words, none beside a character of a
# script without spaces.
sub written
{
    my $text = '';
    my $complex = 1;
    for my $unit (@_)
    {
        my $is = $unit->[1] =~ /^$COMPLEX/ ? 1 : 0;
        $text .= ' ' if !$complex && !$is;
        $text .= $unit->[1] . ($unit->[0] == $STEM ? '*' : '');
        $complex = $is;
    }
    return $text;
}

# --- the automaton ---

my (@groups, %group, @topics, %topic, %class, %class_used);
my @entries;            # [ text, group, weight, flags ]
my %there;              # by group and phrase: where, pattern, weight, blocks; joined by line ends
my @accepts_of = ([]);  # of each state: entries
my (@out, %memo);       # of each state: how => { number of a text => [ states ] }
my (@texts, %number_of);    # words and stems have numbers: those sort faster

sub number_of
{
    my ($text) = @_;
    return $number_of{$text} // do { push @texts, $text; $number_of{$text} = $#texts };
}

for my $name (@TOPICS) { $topic{$name} = @topics; push @topics, $name; }

sub new_state { push @accepts_of, []; return $#accepts_of; }

sub group_of
{
    my ($kind, $topic, $language) = @_;
    my $id = "$kind $topic $language";
    if (!exists $group{$id}) { $group{$id} = @groups; push @groups, [ $kind, $topic, $language ]; }
    return $group{$id};
}

# What may be written together with the next word: "and", "for", "the".
my %PREFIXES = (
    ar => [ qw(و ف ب ل ال بال وال لل وب) ],
    he => [ qw(ה ו ב ל ש מ) ],
);

# How a unit may be written in texts of the language: without accents, German without
# umlauts on the keyboard, and with prefixes.
my %spellings_of;

sub spellings
{
    my ($language, $how, $text) = @_;
    return number_of($text) if $text =~ /^[\x00-\x7F]*$/;
    return @{ $spellings_of{"$language $how $text"} ||=
        [ map { number_of($_) } make_spellings($language, $how, $text) ] };
}

sub make_spellings
{
    my ($language, $how, $text) = @_;
    my @all = ($text);
    if ($language eq 'de' && $text =~ /[äöü]/)
    {
        push @all, $text =~ s/([äöü])/{ 'ä' => 'ae', 'ö' => 'oe', 'ü' => 'ue' }->{$1}/ger;
    }
    if ($PREFIXES{$language} && $how != $ANY && $text =~ /^\p{L}{2}/)
    {
        (my $bare = $text) =~ s/^ال(?=\p{L}{2})//;
        push @all, map { "$_$bare" } '', @{ $PREFIXES{$language} };
    }
    push @all, plain($text) unless $how == $ANY || $unfolded{$language};
    my %seen;
    return grep { !$seen{$_}++ } map { same($_) } @all;
}

sub add_edge
{
    my ($language, $from, $unit, $to) = @_;
    my ($how, $written) = @$unit;
    push @{ $out[$from][$how]{$_} }, $to for spellings($language, $how, $written);
}

# The elements of a pattern: words and [alternatives, is optional].
sub parse
{
    my ($language, $pattern) = @_;
    my @stack = ([ [] ]);    # open brackets: lists of alternatives, lists of elements
    my $rest = $pattern;
    while ($rest =~ /\S/)
    {
        $rest =~ s/^\s+//;
        if ($rest =~ s/^((?:$EMOTICON))(?=[\s|)]|$)//) { push @{ $stack[-1][-1] }, $1; }
        elsif ($rest =~ s/^\(//) { push @stack, [ [] ]; }
        elsif ($rest =~ s/^\|//)
        {
            if (@stack < 2) { complain("| outside of brackets in \"$pattern\""); return; }
            push @{ $stack[-1] }, [];
        }
        elsif ($rest =~ s/^\)(\?)?//)
        {
            my $optional = $1;
            if (@stack < 2) { complain("unbalanced brackets in \"$pattern\""); return; }
            my $alternatives = pop @stack;
            push @$alternatives, [] if $optional;
            push @{ $stack[-1][-1] }, $alternatives;
        }
        elsif ($rest =~ s/^([^\s()|]+)//)
        {
            my $word = $1;
            my $optional = $word =~ s/(?<=.)\?$//;
            if ($word =~ /^([^'\x{2019}]+)['\x{2019}]([^'\x{2019}]+)$/)
            {
                my ($before, $after) = ($1, $2);
                push @{ $stack[-1][-1] }, [ ["$before$after"], [ $before, $after ], $optional ? [] : () ];
            }
            elsif ($word =~ /^\@(.*)$/)
            {
                $class_used{"$language $1"} ||= $where;
                push @{ $stack[-1][-1] }, [ map({ [$_] } @{ $class{"$language $1"} || [] }), $optional ? [] : () ];
            }
            else { push @{ $stack[-1][-1] }, $optional ? [ [$word], [] ] : $word; }
        }
    }
    if (@stack != 1) { complain("unbalanced brackets in \"$pattern\""); return; }
    return @{ $stack[0][0] };
}

sub source
{
    my ($element) = @_;
    return $element unless ref $element;
    return '(' . join('|', map { join ' ', map { source($_) } @$_ } @$element) . ')';
}

# Follows an element from each of the states, to state $to; returns the states in
# which it may end, which are those before it too where there may be nothing.
sub follow
{
    my ($language, $from, $element, $to) = @_;
    if (!ref $element)
    {
        my @units = units($element) or return ();
        my @at = @$from;
        for my $i (0 .. $#units)
        {
            my $next = $i == $#units ? $to : advance($language, \@at, $units[$i]);
            add_edge($language, $_, $units[$i], $next) for @at;
            @at = ($next);
        }
        return ($to);
    }
    my %ends;
    for my $alternative (@$element)
    {
        my @at = @$from;
        for my $i (0 .. $#$alternative)
        {
            @at = $i < $#$alternative ? step($language, \@at, $alternative->[$i])
                : follow($language, \@at, $alternative->[$i], $to);
        }
        $ends{$_} = 1 for @at;
    }
    return sort { $a <=> $b } keys %ends;
}

# The state behind a unit that is followed from these states, shared by all phrases
# that begin alike.
sub advance
{
    my ($language, $from, $unit) = @_;
    return $memo{ join ' ', $language, @$from, "u$unit->[0]$unit->[1]" } ||= new_state();
}

# The states behind an element, shared likewise.
sub step
{
    my ($language, $from, $element) = @_;
    my $id = join ' ', $language, @$from, source($element);
    $memo{$id} = [ follow($language, $from, $element, new_state()) ] unless $memo{$id};
    return @{ $memo{$id} };
}

sub add
{
    my ($language, $kind, $topic, $pattern, $weight, $blocks) = @_;
    my $plain = $pattern =~ /^[\p{L}\p{M} ]+$/;
    my @elements = $plain ? split(' ', $pattern) : parse($language, $pattern);
    my $text;
    return unless @elements;
    # a plain phrase shares its states word by word
    if (!$plain && ($pattern =~ /[()|\@'\x{2019}]/ || $pattern =~ /\S\?(?:\s|$)/)) { $text = join ' ', split ' ', normalize($pattern); }
    else
    {
        my @units = map { units($_) } @elements;
        return if $errors;
        $text = written(@units);
    }
    my $group = group_of($kind, $topic, $language);
    my $id = "$group $text";
    if (my $old = $there{$id})
    {
        # other spellings of one phrase may be written out
        my ($old_where, $old_pattern, $old_weight, $old_blocks) = split /\n/, $old;
        complain("\"$text\" is there already, see $old_where")
            if $old_pattern eq $pattern || $old_weight != $weight || $old_blocks != $blocks;
        return;
    }
    $there{$id} = join "\n", $where, $pattern, $weight, $blocks;

    my @at = (0);
    @at = step($language, \@at, $_) for @elements;
    if (grep { $_ == 0 } @at) { complain("\"$pattern\" may be without any word"); return; }
    push @entries, [ $text, $group, $weight, $blocks ? 1 : 0 ];
    push @{ $accepts_of[$_] }, $#entries for @at;
}

# --- reading ---

# Hands each line of the files that is no comment to a function: language, fields.
sub each_line
{
    my ($do) = @_;
    for my $file (sort @ARGV)
    {
        my ($language) = basename($file) =~ /^([a-z]{2,3})\.(?:\w+\.)?tsv$/ or die "$file: what language is that?\n";
        $language = '' if $language eq 'all';
        open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
        while (my $line = <$in>)
        {
            next if $line =~ /^\s*(?:#|$)/;
            $where = "$file:$.";
            chomp $line;
            $do->($language, split /\t+/, $line);
        }
    }
}

sub read_class
{
    my ($language, @fields) = @_;
    return unless $fields[0] =~ /^\@/;
    if (@fields != 2 || $fields[0] !~ /^\@[a-z0-9_]{1,20}$/) { complain("a class is \@name<TAB>words"); return; }
    push @{ $class{ "$language " . substr $fields[0], 1 } }, split ' ', $fields[1];
}

sub read_phrase
{
    my ($language, @fields) = @_;
    return if $fields[0] =~ /^\@/;
    if (@fields != 3) { complain("a line is kind<TAB>phrase<TAB>weight"); return; }
    my ($kind, $phrase, $weight) = @fields;
    my $topic = -1;
    if ($kind =~ /^topic\.([a-z][a-z0-9_]*)$/ && length $1 < $NAME_SIZE)
    {
        if (!exists $topic{$1}) { $topic{$1} = @topics; push @topics, $1; }
        $topic = $topic{$1};
        $kind = 'topic';
    }
    elsif ($kind eq 'topic' || !exists $KIND{$kind}) { complain("there is no kind \"$kind\""); return; }
    my $blocks = $weight eq '-' ? 1 : 0;
    my ($low, $high) = @{ $RANGE{$kind} || [ 0, 1 ] };
    if (!$blocks && ($weight !~ /^-?\d+(?:\.\d+)?$/ || $weight < $low || $weight > $high))
    {
        complain("a weight of $kind is a number from $low to $high, or -");
        return;
    }
    add($language, $KIND{$kind}, $topic, $phrase, $blocks ? 0 : $weight, $blocks);
}

# Classes first: a phrase may come before the class that it names.
each_line(\&read_class);
each_line(\&read_phrase);
for my $id (sort keys %class_used)
{
    my ($language, $name) = split / /, $id;
    $where = $class_used{$id};
    complain("there is no class \@$name of that language") unless $class{$id};
}
die "more than 64 topics\n" if @topics > 64;
exit 1 if $errors;

# Classes are listed
my @classes;
for my $id (sort keys %class)
{
    my ($language, $name) = split / /, $id;
    push @classes, $name;
    push @entries, [ join(' ', @{ $class{$id} }), group_of($CLASS, $#classes, $language), 0, 1 ];
}

# What only reading needed.
%$_ = () for \(%there, %memo, %units_of, %spellings_of, %class);

# --- keys, as in lexicon_inner.h ---

sub hash_of
{
    use integer;
    my ($text) = @_;
    my $h = 0x4BF29CE484222325;
    $h = ($h ^ $_) * 0x100000001B3 for unpack 'W*', $text;
    return $h;
}

my @hash_of = map { hash_of($_) } @texts;

# An edge's key.
sub key
{
    use integer;
    my ($state, $h, $how) = @_;
    my $x = $h + $state * 0x1E3779B97F4A7C15 + $how * 0x42E1FBE4DA5B7A39;
    $x = ($x ^ (($x >> 32) & 0xFFFFFFFF)) * 0x3F58476D1CE4E5B9;
    $x = ($x ^ (($x >> 32) & 0xFFFFFFFF)) * 0x14D049BB133111EB;
    return $x ^ (($x >> 32) & 0xFFFFFFFF);
}

# --- one state at a time ---

# Edges of several phrases may fit one word. The automaton is made deterministic:
# its states are sets of the old ones, and an edge stands for all that fit. What is
# looked for first stands for what would be looked for next too: a word as it is, by
# its shape, by stems from the longest, any word.
my (@sets, %set, @single);
my ($keys, $targets, $nedges) = ('', '', 0);    # of the edges, by state: 64 and 32 bits each
my @leave;                                      # of each state: how many edges leave it
my @sieve = (0) x ((1 << $SIEVE_BITS) / 32);
my ($states, $accepts, $nstates) = ('', '', 0); # half of StLexState, and the lists of entries

# The number of the set of these states; a list of one state is a set most often.
sub set_of
{
    if (@_ == 1)
    {
        return $single[ $_[0] ] //= do { push @sets, $_[0]; $#sets };
    }
    my $last = -1;
    my @members = grep { my $new = $_ != $last; $last = $_; $new } sort { $a <=> $b } @_;
    return set_of(@members) if @members == 1;
    return $set{ pack 'w*', @members } //= do { push @sets, \@members; $#sets };
}

sub make_edge
{
    my ($from, $how, $hash, $to) = @_;
    my $key = key($from, $hash, $how);
    $keys .= pack 'q', $key;
    $targets .= pack 'N', $to;
    $nedges++;
    $leave[$from]++;
    if ($from == 0)
    {
        my $bit = ($key >> (64 - $SIEVE_BITS)) & ((1 << $SIEVE_BITS) - 1);
        $sieve[ $bit >> 5 ] |= 1 << ($bit & 31);
    }
}

my @is_plain = map { /[\d#]/ ? 0 : 1 } @texts;

sub push_state
{
    my ($ends, $stems, $follows) = @_;
    my $first = 0;
    if (@$ends)
    {
        my %seen;
        my @list = sort { $a <=> $b } grep { !$seen{$_}++ } @$ends;
        $list[-1] |= 0x80000000;    # ST_LEX_LAST
        $first = 1 + length($accepts) / 4;
        $accepts .= pack 'L*', @list;
    }
    $states .= pack 'LL', $first << 2 | $follows, $stems;
    $nstates++;
}

set_of(0);
for (my $at = 0; $at < @sets; $at++)
{
    my $members = ref $sets[$at] ? $sets[$at] : [ $sets[$at] ];
    my (%words, %stems, @any, @ends);

    # most states are of one phrase and have nothing to unite
    if (@$members == 1)
    {
        my ($member) = @$members;
        my ($words, $stems, $any) = @{ $out[$member] || [] };
        if (!$stems && !$any && !grep { !$is_plain[$_] } keys %{ $words || {} })
        {
            push_state($accepts_of[$member], 0, $words ? 1 : 0);
            make_edge($at, $WORD, $hash_of[$_], set_of(@{ $words->{$_} })) for sort { $a <=> $b } keys %{ $words || {} };
            next;
        }
    }
    for my $member (@$members)
    {
        my ($words, $stems, $any) = @{ $out[$member] || [] };
        push @{ $words{$_} }, @{ $words->{$_} } for keys %{ $words || {} };
        push @{ $stems{ $texts[$_] } }, @{ $stems->{$_} } for keys %{ $stems || {} };
        push @any, map { @$_ } values %{ $any || {} };
        push @ends, @{ $accepts_of[$member] };
    }
    make_edge($at, $ANY, 0, set_of(@any)) if @any;

    # what fits by stems: those that are stems of the text too
    my @lengths = do { my %l = map { length $_ => 1 } keys %stems; sort { $a <=> $b } keys %l };
    my $by_digits = $stems{'#'};
    my $mask = 0;
    for my $stem (sort keys %stems)
    {
        my @to = @any;
        push @to, @{ $stems{$_} || [] } for map { substr $stem, 0, $_ } grep { $_ <= length $stem } @lengths;
        push @to, @$by_digits if $by_digits && $stem =~ /^\d/;
        make_edge($at, $STEM, hash_of($stem), set_of(@to));
        $mask |= 1 << length $stem;
    }
    for my $number (sort { $a <=> $b } keys %words)
    {
        my @to = @{ $words{$number} };
        if (@lengths || @any || !$is_plain[$number])
        {
            my $word = $texts[$number];
            if (!$is_plain[$number] && $word =~ /\d/)
            {
                my $shape = $word =~ s/\d+/#/gr;
                my $other = $number_of{$shape};
                push @to, @{ $words{$other} } if defined $other && $words{$other};
            }
            if ((@lengths || @any) && $word =~ /^[\p{L}\p{M}\p{N}#]/)
            {
                push @to, @any;
                for my $length (@lengths)
                {
                    last if $length > length $word;
                    my $fit = $stems{ substr $word, 0, $length };
                    push @to, @$fit if $fit;
                }
                push @to, @$by_digits if $by_digits && $word =~ /^\d/;
            }
        }
        make_edge($at, $WORD, $hash_of[$number], set_of(@to));
    }
    push_state(\@ends, $mask, (%words ? 1 : 0) | (@any ? 2 : 0));
}

# Each state has slots of its own for its edges. What fits in a line of the memory (8
# slots) lies in one and is searched whole; of more, two of three are taken, and one of
# two in the first state, where most is looked for that is not there. A slot is the upper
# 32 bits of the key, the state that the edge leads to, and the lower 8 of the key.
die "too many states\n" if $nstates >= 1 << 24;
my (@first, @slots);    # of each state
my $slots = 0;
for my $state (0 .. $nstates - 1)
{
    my $n = $leave[$state] //= 0;
    $n = int($n * ($state ? 1.5 : 2)) if $n > 8;
    $slots += 8 - $slots % 8 if $slots % 8 + ($n > 8 ? 8 : $n) > 8;
    push @first, $slots;
    push @slots, $n;
    $slots += $n;
}
my $edges = '';
{
    vec($edges, $slots, 64) = 0;
    my @keys = unpack 'Q*', $keys;
    my $edge = 0;
    for my $state (0 .. $nstates - 1)
    {
        for (1 .. $leave[$state])
        {
            my $key = $keys[$edge];
            my $at = (($key & 0xFFFFFFFF) * $slots[$state]) >> 32;
            while (vec($edges, $first[$state] + $at, 64)) { $at = 0 if ++$at == $slots[$state]; }
            vec($edges, $first[$state] + $at, 64) = ($key & 0xFFFFFFFF00000000) | vec($targets, $edge++, 32) << 8 | ($key & 0xFF);
        }
    }
    $edges = pack 'Q*', unpack 'Q>*', $edges;
    my @halves = unpack '(a8)*', $states;
    $states = join '', map { $halves[$_] . pack 'LL', $first[$_], $slots[$_] } 0 .. $nstates - 1;
}

# --- writing ---

my $text = '';
my $entries = '';
for my $entry (@entries)
{
    my ($written, $group, $weight, $blocks) = @$entry;
    utf8::encode($written);
    die "$written: too long\n" if length $written > 65535;
    $entries .= pack 'LfSS', length $text, $weight, length $written, $group | ($blocks ? 0x8000 : 0);
    $text .= $written;
}
die "too many groups\n" if @groups >= 0x8000;

# Tables of a million elements would be slow to compile: string literals are not.
my @escape = map { my $c = chr; $c =~ /[\\"?]/ ? "\\$c" : $c =~ /[\x20-\x7E]/ ? $c : sprintf '\\%03o', $_ } 0 .. 255;

sub table
{
    my ($name, $raw) = @_;
    print "const char $name\[] pg_attribute_aligned(64) =\n";
    print "\t\"", join('', @escape[ unpack 'C*', substr $raw, $_ * 64, 64 ]), "\"\n" for 0 .. (length($raw) + 63) / 64 - 1;
    print "\t\"\";\n\n";
}

sub array
{
    my ($declaration, $per_line, @values) = @_;
    @values = ('0') unless @values;
    print "const $declaration = {\n";
    while (my @line = splice @values, 0, $per_line) { print "\t", join(', ', @line), ",\n"; }
    print "};\n\n";
}

print "/* Generated by tools/lexicon.pl from src/understanding/lexicon: change those files. */\n\n";
printf "/* %d entries, %d states, %d edges */\n\n", scalar @entries, $nstates, $nedges;
printf "const int st_lex_nentries = %d;\n", scalar @entries;
printf "const int st_lex_ngroups = %d;\n", scalar @groups;
printf "const int st_lex_ntopics = %d;\n", scalar @topics;
printf "const int st_lex_nunfolded = %d;\n\n", scalar @UNFOLDED;
table('st_lex_edge_bytes', $edges);
table('st_lex_state_bytes', $states);
table('st_lex_accept_bytes', $accepts);
table('st_lex_entry_bytes', $entries);
table('st_lex_text', $text);
array('StLexGroup st_lex_groups[]', 6, @groups ? map { "{$_->[0],$_->[1],\"$_->[2]\"}" } @groups : '{0}');
array('uint32 st_lex_sieve[]', 12, map { sprintf '0x%X', $_ } @sieve);
array('uint16 st_lex_same_low[]', 12, map { sprintf '0x%X', same_point($_) } 0x300 .. 0x6FF);
array('char st_lex_classes[][ST_LEX_NAME_SIZE]', 4, @classes ? map { "\"$_\"" } @classes : '""');
array('char st_lex_topics[][ST_LEX_NAME_SIZE]', 4, map { "\"$_\"" } @topics);
array('char st_lex_unfolded[][4]', 12, map { "\"$_\"" } @UNFOLDED);
