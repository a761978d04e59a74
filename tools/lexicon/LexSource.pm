# LexSource.pm: reads the files of the lexicon. Their form is told in tools/lexicon.pl.
package LexSource;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use File::Basename;
use LexPhrases;
use LexWords;

our @EXPORT = qw(read_lexicon);

# As StPhraseKind.
my @KINDS = qw(sentiment intensifier negation contrast polite anger joy optimism sadness
    deadline outage money safety soon human topic request);
my %KIND = map { $KINDS[$_] => $_ } 0 .. $#KINDS;
my $CLASS = @KINDS;    # the kind of what only tells the words of a class
my %RANGE = (sentiment => [ -4, 4 ], intensifier => [ -1, 1 ], soon => [ -1, 1 ]);

# Topics that are always there, in this order.
my @TOPICS = qw(legal_threat self_harm medical minors fraud press data_protection discrimination violence);

# As ST_LEX_NAME_SIZE.
my $NAME_SIZE = 24;

my @entries;    # [ text, group, weight, whether it blocks ]
my (@groups, %group);
my (@topics, %topic);
my %fine;       # by kind and weight: that they are
my %there;      # by group and phrase: where, pattern, weight, blocks; joined by line ends

sub topic_of
{
    my ($name) = @_;
    return $topic{$name} //= do { push @topics, $name; $#topics };
}

sub group_of
{
    my ($kind, $topic, $language) = @_;
    return $group{"$kind $topic $language"} //= do { push @groups, [ $kind, $topic, $language ]; $#groups };
}

sub read_class
{
    my ($where, $language, @fields) = @_;
    die "a class is \@name<TAB>words\n" if @fields != 2 || $fields[0] !~ /^\@[a-z0-9_]{1,20}$/;
    add_words_of_class($language, substr($fields[0], 1), split ' ', $fields[1]);
}

sub is_fine
{
    my ($kind, $weight) = @_;
    my ($low, $high) = @{ $RANGE{$kind} || [ 0, 1 ] };
    die "a weight of $kind is a number from $low to $high, or -\n"
        if $weight !~ /^-?\d+(?:\.\d+)?$/ || $weight < $low || $weight > $high;
    return 1;
}

sub read_phrase
{
    my ($where, $language, @fields) = @_;
    die "a line is kind<TAB>phrase<TAB>weight\n" if @fields != 3;
    my ($kind, $pattern, $weight) = @fields;
    my $topic = -1;
    if (!exists $KIND{$kind} || $kind eq 'topic')
    {
        die "there is no kind \"$kind\"\n" if $kind !~ /^topic\.([a-z][a-z0-9_]*)$/ || length $1 >= $NAME_SIZE;
        $topic = topic_of($1);
        $kind = 'topic';
    }
    my $blocks = $weight eq '-' ? 1 : 0;
    $weight = 0 if $blocks;
    $fine{"$kind $weight"} ||= is_fine($kind, $weight);

    my $elements = parse_pattern($language, $pattern);
    return unless @$elements;
    my $text = phrase_text($pattern, $elements);
    my $group = group_of($KIND{$kind}, $topic, $language);
    if (my $old = $there{"$group $text"})
    {
        # other spellings of one phrase may be written out
        my ($old_where, $old_pattern, $old_weight, $old_blocks) = split /\n/, $old;
        die "\"$text\" is there already, see $old_where\n"
            if $old_pattern eq $pattern || $old_weight != $weight || $old_blocks != $blocks;
        return;
    }
    $there{"$group $text"} = "$where\n$pattern\n$weight\n$blocks";
    push @entries, [ $text, $group, $weight, $blocks ];
    add_phrase($language, $pattern, $elements, $#entries);
}

# read_lexicon(FILE...): what the files have: entries, groups, names of topics and of
# classes. Dies after it has said all that is wrong with them.
sub read_lexicon
{
    my (@classes, @phrases);    # lines: [where, language, text]
    for my $file (sort @_)
    {
        my ($language) = basename($file) =~ /^([a-z]{2,3})\.(?:\w+\.)?tsv$/ or die "$file: what language is that?\n";
        $language = '' if $language eq 'all';
        open my $in, '<:raw', $file or die "$file: $!\n";
        my $text = do { local $/; <$in> };
        utf8::decode($text) or die "$file: this is no UTF-8\n";
        my $number = 0;
        for my $line (split /\n/, $text)
        {
            $number++;
            next if $line =~ /^\s*(?:#|$)/;
            push @{ $line =~ /^\@/ ? \@classes : \@phrases }, [ "$file:$number", $language, $line ];
        }
    }
    topic_of($_) for @TOPICS;

    # classes first: a phrase may come before the class that it names
    my $errors = 0;
    for my $task ([ \&read_class, \@classes ], [ \&read_phrase, \@phrases ])
    {
        my ($read, $lines) = @$task;
        for my $line (@$lines)
        {
            my ($where, $language, $text) = @$line;
            next if eval { $read->($where, $language, split /\t+/, $text); 1 };
            print STDERR "$where: $@";
            $errors++;
        }
    }
    die "$errors lines are wrong\n" if $errors;
    die "more than 64 topics\n" if @topics > 64;

    # classes are listed
    my @names;
    for my $class (words_of_classes())
    {
        my ($language, $name, $words) = @$class;
        push @names, $name;
        push @entries, [ join(' ', @$words), group_of($CLASS, $#names, $language), 0, 1 ];
    }
    die "too many groups\n" if @groups >= 0x8000;

    return { entries => \@entries, groups => \@groups, topics => \@topics, classes => \@names };
}

1;
