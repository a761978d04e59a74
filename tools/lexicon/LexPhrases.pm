# LexPhrases.pm: patterns of phrases, and the automaton that they make as they are read:
# several edges of a state may fit one word. LexStates.pm makes of it what the extension
# follows.
package LexPhrases;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use LexWords;

our @EXPORT = qw(add_words_of_class words_of_classes parse_pattern phrase_text add_phrase
    @edges_of @ends_of $TARGET_BITS);

# Of each state where some end: the numbers of their entries.
our @ends_of;

# By how they fit, of each state: edges, the number of a text and the state that they
# lead to in one number.
our @edges_of = ([], [], []);
our $TARGET_BITS = 24;

my %class;    # by language and name: words

# What is behind a word, a unit of one or alternatives when they are followed from other
# states; shared by all phrases that begin alike.
my (%behind_word, %behind_unit, %behind);
my $nstates = 1;    # the first is where all phrases begin

my $EMOTICON_HERE = qr/\G(?=[!?:;=<])($EMOTICON)(?=[\s|)]|\z)/;

# --- patterns ---

# add_words_of_class(LANGUAGE, NAME, WORD...): for what is read after them.
sub add_words_of_class
{
    my ($language, $name, @words) = @_;
    push @{ $class{"$language $name"} }, @words;
}

# words_of_classes(): in their order, [language, name, words].
sub words_of_classes
{
    return map { [ split(/ /, $_), $class{$_} ] } sort keys %class;
}

# parse_pattern(LANGUAGE, PATTERN): its elements: words and lists of alternatives, which
# are lists of elements.
sub parse_pattern
{
    my ($language, $pattern) = @_;

    # most are nothing but words
    return [ split ' ', $pattern ] if $pattern !~ tr/()|@'\x{2019}!?:;=<//;

    my @stack = ([ [] ]);    # open brackets: lists of alternatives, lists of elements
    until ($pattern =~ /\G\s*\z/gc)
    {
        $pattern =~ /\G\s+/gc;
        if ($pattern =~ /$EMOTICON_HERE/gc) { push @{ $stack[-1][-1] }, $1; }
        elsif ($pattern =~ /\G\(/gc) { push @stack, [ [] ]; }
        elsif ($pattern =~ /\G\|/gc)
        {
            die "| outside of brackets in \"$pattern\"\n" if @stack < 2;
            push @{ $stack[-1] }, [];
        }
        elsif ($pattern =~ /\G\)(\?)?/gc)
        {
            my $optional = $1;
            die "unbalanced brackets in \"$pattern\"\n" if @stack < 2;
            my $alternatives = pop @stack;
            push @$alternatives, [] if $optional;
            push @{ $stack[-1][-1] }, $alternatives;
        }
        elsif ($pattern =~ /\G([^\s()|]+)/gc) { push @{ $stack[-1][-1] }, parse_word($language, $1); }
    }
    die "unbalanced brackets in \"$pattern\"\n" if @stack != 1;
    return $stack[0][0];
}

sub parse_word
{
    my ($language, $word) = @_;
    my $optional = $word =~ s/(?<=.)\?$//;
    if ($word =~ /^([^'\x{2019}]+)['\x{2019}]([^'\x{2019}]+)$/)
    {
        return [ ["$1$2"], [ $1, $2 ], $optional ? [] : () ];
    }
    if ($word =~ /^\@(.*)$/)
    {
        my $words = $class{"$language $1"} or die "there is no class \@$1 of that language\n";
        return [ map({ [$_] } @$words), $optional ? [] : () ];
    }
    return $optional ? [ [$word], [] ] : $word;
}

# phrase_text(PATTERN, ELEMENTS): the phrase as lists of phrases show it.
sub phrase_text
{
    my ($pattern, $elements) = @_;
    return join ' ', split ' ', normalize($pattern)
        if $pattern =~ tr/()|@'\x{2019}// || $pattern =~ /\S\?(?:\s|$)/;
    return written(map { @{ units($_) } } @$elements);
}

# --- states and edges ---

sub add_edges
{
    my ($language, $from, $unit, $to) = @_;
    my $edges = $edges_of[ $unit->[0] ];
    for my $number (spellings($language, $unit))
    {
        my $edge = $number << $TARGET_BITS | $to;
        push @{ $edges->[$_] }, $edge for @$from;
    }
}

sub source
{
    my ($element) = @_;
    return $element unless ref $element;
    return '(' . join('|', map { join ' ', map { source($_) } @$_ } @$element) . ')';
}

# Follows a word from each of the states to state $to.
sub follow_word
{
    my ($language, $from, $word, $to) = @_;
    my $units = units($word);
    for my $unit (@$units[ 0 .. $#$units - 1 ])
    {
        my $next = $behind_unit{"$language @$from $unit->[0] $unit->[1]"} ||= $nstates++;
        add_edges($language, $from, $unit, $next);
        $from = [$next];
    }
    add_edges($language, $from, $units->[-1], $to);
}

# Follows an element likewise; returns the states in which it may end, which are those
# before it too where there may be nothing.
sub follow
{
    my ($language, $from, $element, $to) = @_;
    if (!ref $element)
    {
        follow_word($language, $from, $element, $to);
        return $to;
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

# The states behind an element.
sub step
{
    my ($language, $from, $element) = @_;
    if (!ref $element)
    {
        return $behind_word{"$language @$from $element"} ||= do
        {
            my $to = $nstates++;
            follow_word($language, $from, $element, $to);
            $to;
        };
    }
    my $source = source($element);
    return @{ $behind{"$language @$from $source"} ||= [ follow($language, $from, $element, $nstates++) ] };
}

# add_phrase(LANGUAGE, PATTERN, ELEMENTS, ENTRY): the phrase ends in an entry.
sub add_phrase
{
    my ($language, $pattern, $elements, $entry) = @_;
    my @at = (0);
    @at = step($language, \@at, $_) for @$elements;
    die "\"$pattern\" may be without any word\n" if grep { $_ == 0 } @at;
    push @{ $ends_of[$_] }, $entry for @at;
}

1;
