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
# found by a hash. Edges that fit the same word may lead to several states.
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
sub plain
{
    my ($word) = @_;
    $word =~ tr/ıłđø/ildo/;
    return join '', map {
        my ($base, @marks) = split //, NFD($_);
        @marks && $base =~ /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/ && !grep({ !/\p{Mn}/ } @marks)
            ? $base : $_
    } split //, $word;
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
sub units
{
    my ($word) = @_;
    return [ $WORD, $word =~ tr/d/D/r ] if $word =~ /^$EMOTICON$/;
    return [ $ANY, '_' ] if $word eq '_';
    my $stem = $word =~ s/\*$//;
    $word =~ s/(?<=[\p{L}\p{M}\p{N}])['\x{2019}](?=[\p{L}\p{N}])//g;
    $word = normalize($word);
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
my @entries;    # { text, group, weight, flags, where }
my %there;      # by group and phrase
my @states = ({ stems => 0, children => 0, accepts => [] });
my (@edges, %edge, %memo);    # edges: [from, how, text, to]

for my $name (@TOPICS) { $topic{$name} = @topics; push @topics, $name; }

sub new_state { push @states, { stems => 0, children => 0, accepts => [] }; return $#states; }

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
sub spellings
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
    return grep { !$seen{$_}++ } map { join '', map { my $c = same_point(ord); $c ? chr $c : '' } split // } @all;
}

sub add_edge
{
    my ($language, $from, $unit, $to) = @_;
    my ($how, $written) = @$unit;
    for my $text (spellings($language, $how, $written))
    {
        next if $edge{"$from $how $text $to"}++;
        push @edges, [ $from, $how, $text, $to ];
        if ($how == $WORD) { $states[$from]{children} |= 1; }
        elsif ($how == $STEM) { $states[$from]{stems} |= 1 << length $text; }
        else { $states[$from]{children} |= 2; }
    }
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
    my @elements = parse($language, $pattern) or return;
    my $text;
    # a plain phrase shares its states word by word
    if ($pattern =~ /[()|\@'\x{2019}]/ || $pattern =~ /\S\?(?:\s|$)/) { $text = join ' ', split ' ', normalize($pattern); }
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
        complain("\"$text\" is there already, see $old->{where}")
            if $old->{pattern} eq $pattern || $old->{weight} != $weight || $old->{blocks} != $blocks;
        return;
    }
    $there{$id} = { where => $where, pattern => $pattern, weight => $weight, blocks => $blocks };

    my @at = (0);
    @at = step($language, \@at, $_) for @elements;
    if (grep { $_ == 0 } @at) { complain("\"$pattern\" may be without any word"); return; }
    push @entries, { text => $text, group => $group, weight => $weight, flags => $blocks ? 1 : 0 };
    push @{ $states[$_]{accepts} }, $#entries for @at;
}

# --- reading ---

# Classes first: a phrase may come before the class that it names.
my @lines;
for my $file (sort @ARGV)
{
    my ($language) = basename($file) =~ /^([a-z]{2,3})\.(?:\w+\.)?tsv$/ or die "$file: what language is that?\n";
    $language = '' if $language eq 'all';
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    while (my $line = <$in>)
    {
        $where = "$file:$.";
        chomp $line;
        next if $line =~ /^\s*(?:#|$)/;
        my @fields = split /\t+/, $line;
        if ($line =~ /^\@/)
        {
            if (@fields != 2 || $fields[0] !~ /^\@[a-z0-9_]{1,20}$/) { complain("a class is \@name<TAB>words"); next; }
            push @{ $class{ "$language " . substr $fields[0], 1 } }, split ' ', $fields[1];
            next;
        }
        if (@fields != 3) { complain("a line is kind<TAB>phrase<TAB>weight"); next; }
        push @lines, [ $where, $language, @fields ];
    }
}
for my $line (@lines)
{
    my ($language, $kind, $phrase, $weight);
    ($where, $language, $kind, $phrase, $weight) = @$line;
    my $topic = -1;
    if ($kind =~ /^topic\.([a-z][a-z0-9_]*)$/ && length $1 < $NAME_SIZE)
    {
        if (!exists $topic{$1}) { $topic{$1} = @topics; push @topics, $1; }
        $topic = $topic{$1};
        $kind = 'topic';
    }
    elsif ($kind eq 'topic' || !exists $KIND{$kind}) { complain("there is no kind \"$kind\""); next; }
    my $blocks = $weight eq '-' ? 1 : 0;
    my ($low, $high) = @{ $RANGE{$kind} || [ 0, 1 ] };
    if (!$blocks && ($weight !~ /^-?\d+(?:\.\d+)?$/ || $weight < $low || $weight > $high))
    {
        complain("a weight of $kind is a number from $low to $high, or -");
        next;
    }
    add($language, $KIND{$kind}, $topic, $phrase, $blocks ? 0 : $weight, $blocks);
}
for my $id (sort keys %class_used)
{
    my ($language, $name) = split / /, $id;
    $where = $class_used{$id};
    complain("there is no class \@$name of that language") unless $class{$id};
}
die "more than 64 topics\n" if @topics > 64;
exit 1 if $errors;

# Classes are listed for people.
my @classes;
for my $id (sort keys %class)
{
    my ($language, $name) = split / /, $id;
    push @classes, $name;
    push @entries, { text => join(' ', @{ $class{$id} }), group => group_of($CLASS, $#classes, $language),
        weight => 0, flags => 1 };
}

# --- keys, as in lexicon_inner.h ---

sub hash_of
{
    use integer;
    my $h = 0x4BF29CE484222325;
    $h = ($h ^ ord) * 0x100000001B3 for split //, $_[0];
    return $h;
}

sub high_half { use integer; return ($_[0] >> 32) & 0xFFFFFFFF; }

sub key
{
    my ($state, $h, $how) = @_;
    use integer;
    my $x = ($h + $state * 0x1E3779B97F4A7C15 + $how * 0x42E1FBE4DA5B7A39);
    $x ^= high_half($x);
    $x *= 0x3F58476D1CE4E5B9;
    $x ^= high_half($x);
    $x *= 0x14D049BB133111EB;
    $x ^= high_half($x);
    return $x;
}

# --- one state at a time ---

# Edges of several phrases may fit one word. The automaton is made deterministic:
# its states are sets of the old ones, and an edge stands for all that fit. What is
# looked for first stands for what would be looked for next too: a word as it is, by
# its shape, by stems from the longest, any word.
my @out;    # of each old state: how => { text => [ targets ] }
for my $edge (@edges) { push @{ $out[ $edge->[0] ][ $edge->[1] ]{ $edge->[2] } }, $edge->[3]; }

my (@sets, %set, @made, @done);    # @made: [from, how, text, to]

sub set_of
{
    my %seen;
    my @members = sort { $a <=> $b } grep { !$seen{$_}++ } @_;
    my $id = join ' ', @members;
    if (!exists $set{$id}) { $set{$id} = @sets; push @sets, \@members; }
    return $set{$id};
}

sub targets
{
    my ($members, $how, $text) = @_;
    return map { @{ $out[$_][$how]{$text} || [] } } @$members;
}

set_of(0);
for (my $at = 0; $at < @sets; $at++)
{
    my $members = $sets[$at];
    my (%words, %stems);
    my $state = $done[$at] = { stems => 0, children => 0, accepts => [] };
    my %accepts;
    for my $member (@$members)
    {
        $words{$_} = 1 for keys %{ $out[$member][$WORD] || {} };
        $stems{$_} = 1 for keys %{ $out[$member][$STEM] || {} };
        $accepts{$_} = 1 for @{ $states[$member]{accepts} };
    }
    $state->{accepts} = [ sort { $a <=> $b } keys %accepts ];
    my @any = targets($members, $ANY, '_');
    push @made, [ $at, $ANY, '_', set_of(@any) ] if @any;
    $state->{children} |= 2 if @any;
    my @lengths = do { my %l = map { length $_ => 1 } keys %stems; sort { $a <=> $b } keys %l };

    # by stems: those that are stems of the text too
    my $by_stems = sub {
        my ($text) = @_;
        my @fit = map { substr $text, 0, $_ } grep { $_ <= length $text } @lengths;
        push @fit, '#' if $stems{'#'} && $text =~ /^\d/;
        return map { targets($members, $STEM, $_) } grep { $stems{$_} } @fit;
    };
    for my $stem (sort keys %stems)
    {
        push @made, [ $at, $STEM, $stem, set_of(@any, $by_stems->($stem)) ];
        $state->{stems} |= 1 << length $stem;
    }
    for my $word (sort keys %words)
    {
        my @to = targets($members, $WORD, $word);
        my $shape = $word =~ s/\d+/#/gr;
        push @to, targets($members, $WORD, $shape) if $shape ne $word;
        push @to, @any, $by_stems->($word) if $word =~ /^[\p{L}\p{M}\p{N}#]/;
        push @to, $by_stems->("0") if $word =~ /^#/;
        push @made, [ $at, $WORD, $word, set_of(@to) ];
        $state->{children} |= 1;
    }
}

my $slots = 16;
$slots *= 2 while $slots < 1.5 * @made;
my @slot;
my @sieve = (0) x ((1 << $SIEVE_BITS) / 32);
die "too many states\n" if @done >= 1 << 24;
for my $edge (@made)
{
    my ($from, $how, $text, $to) = @$edge;
    my $key = key($from, $how == $ANY ? 0 : hash_of($text), $how);
    my $low = do { use integer; $key & 0xFFFFFFFF };
    my $at = $low & ($slots - 1);
    $at = ($at + 1) & ($slots - 1) while defined $slot[$at];
    # the check: 32 bits of the upper half, 8 of the lower
    $slot[$at] = sprintf '{0x%X,0x%X}', high_half($key), ($to << 8) | ($low >> 24);
    if ($from == 0)
    {
        my $bit = (high_half($key) >> (32 - $SIEVE_BITS));
        $sieve[ $bit >> 5 ] |= 1 << ($bit & 31);
    }
}

# --- writing ---

my $text = '';
my (@state_rows, @accepts, @entry_rows);
for my $state (@done)
{
    my @list = @{ $state->{accepts} };
    push @state_rows, sprintf '{%d,0x%X,%d}', @list ? 1 + @accepts : 0, $state->{stems}, $state->{children};
    push @accepts, map { $list[$_] . ($_ == $#list ? '|ST_LEX_LAST' : '') } 0 .. $#list;
}
for my $entry (@entries)
{
    utf8::encode(my $raw = $entry->{text});
    die "$entry->{text}: too long\n" if length $raw > 65535;
    push @entry_rows, sprintf '{%d,%s,%d,%d,%d}', length $text, $entry->{weight}, length $raw, $entry->{group},
        $entry->{flags};
    $text .= $raw;
}

# Text as rows of character constants would be slow to compile: string literals.
sub literal
{
    my ($raw) = @_;
    my $out = '';
    while ($raw =~ /(.{1,96})/gs)
    {
        my $part = $1;
        $part =~ s/([\\"?])/\\$1/g;
        $part =~ s/([^\x20-\x7E])/sprintf '\\%03o', ord $1/ge;
        $out .= "\t\"$part\"\n";
    }
    return $out eq '' ? "\t\"\"\n" : $out;
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
printf "/* %d entries, %d states, %d edges */\n\n", scalar @entries, scalar @done, scalar @made;
printf "const uint32 st_lex_mask = %d;\n", $slots - 1;
printf "const int st_lex_nentries = %d;\n", scalar @entries;
printf "const int st_lex_ngroups = %d;\n", scalar @groups;
printf "const int st_lex_ntopics = %d;\n", scalar @topics;
printf "const int st_lex_nunfolded = %d;\n\n", scalar @UNFOLDED;
array('StLexEdge st_lex_edges[]', 6, map { defined $slot[$_] ? $slot[$_] : '{0}' } 0 .. $slots - 1);
array('StLexState st_lex_states[]', 8, @state_rows);
array('uint32 st_lex_accepts[]', 12, @accepts);
array('StLexEntry st_lex_entries[]', 6, @entry_rows ? @entry_rows : '{0}');
array('StLexGroup st_lex_groups[]', 6, @groups ? map { "{$_->[0],$_->[1],\"$_->[2]\"}" } @groups : '{0}');
array('uint32 st_lex_sieve[]', 12, map { sprintf '0x%X', $_ } @sieve);
array('uint16 st_lex_same_low[]', 12, map { sprintf '0x%X', same_point($_) } 0x300 .. 0x6FF);
array('char st_lex_classes[][ST_LEX_NAME_SIZE]', 4, @classes ? map { "\"$_\"" } @classes : '""');
array('char st_lex_topics[][ST_LEX_NAME_SIZE]', 4, map { "\"$_\"" } @topics);
array('char st_lex_unfolded[][4]', 12, map { "\"$_\"" } @UNFOLDED);
print "const char st_lex_text[] =\n", literal($text), "\t;\n";
