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
#     (a|b c|)   is written out: one phrase for each, an empty one is left out
#     word?      the same as (word|)
use strict;
use warnings;
use utf8;
use feature qw(fc);
use Unicode::Normalize qw(NFD NFC NFKC);
use File::Basename;

binmode STDOUT, ':utf8';
binmode STDERR, ':utf8';

my @KINDS = qw(sentiment intensifier negation contrast polite anger joy optimism sadness
    deadline outage money safety soon human topic request);
my %KIND = map { $KINDS[$_] => $_ } 0 .. $#KINDS;
my $CLASS = @KINDS;
my %RANGE = (sentiment => [ -4, 4 ], intensifier => [ -1, 1 ], soon => [ -1, 1 ]);

# Topics that are always there, in this order.
my @TOPICS = qw(legal_threat self_harm medical minors fraud press data_protection discrimination violence);

# Languages whose writers do not leave accents out: there they tell words apart.
my @UNFOLDED = qw(de sv da nb no nn fi et is);
my %unfolded = map { $_ => 1 } @UNFOLDED;

my ($MAX_UNITS, $MAX_WORDS, $MAX_STEM, $MAX_EXPANSION) = (32, 12, 31, 4000);
my ($WORD, $STEM, $IN_CLASS, $ANY) = (0 .. 3);
my ($ROOT, $SEED, $SIEVE_BITS, $NAME_SIZE) = (0x5EED0001, 0x811C9DC5, 18, 24);

my $where = '';
my $errors = 0;

sub complain
{
    my ($message) = @_;
    print STDERR "$where: $message\n";
    $errors++;
}

# --- characters ---

my %FOLD = (0x131 => ord 'i', 0x142 => ord 'l', 0x111 => ord 'd', 0xF8 => ord 'o', 0x649 => 0x64A,
    0x629 => 0x647, 0x6CC => 0x64A, 0x6A9 => 0x643, 0x640 => 0);

# The letter without its accents, 0 for a mark that is dropped.
sub fold_point
{
    my ($c) = @_;
    return $FOLD{$c} if exists $FOLD{$c};
    return 0 if ($c >= 0x300 && $c < 0x370) || ($c >= 0x64B && $c <= 0x65F) || $c == 0x670 || $c == 0x93C
        || ($c >= 0x591 && $c <= 0x5C7 && chr($c) =~ /\p{Mn}/);
    return $c if $c < 0xC0 || ($c >= 0x700 && $c < 0x1E00) || $c >= 0x2000;
    my ($base, @marks) = split //, NFD(chr $c);
    return $c if grep { !/\p{Mn}/ } @marks;
    return $c unless $base =~ /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}]/;
    return exists $FOLD{ ord $base } ? $FOLD{ ord $base } : ord $base;
}

sub fold { return join '', map { my $c = fold_point(ord); $c ? chr $c : '' } split //, $_[0] }

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

# A phrase without alternatives as its units: [how, text]. Nothing when it is wrong.
sub units
{
    my ($phrase) = @_;
    my @units;
    my $words = 0;
    for my $word (split ' ', $phrase)
    {
        if ($word =~ /^$EMOTICON$/) { push @units, [ $WORD, $word =~ tr/d/D/r ]; next; }
        if ($word eq '_') { push @units, [ $ANY, '_' ]; next; }
        if ($word =~ /^\@([a-z0-9_]+)$/) { push @units, [ $IN_CLASS, $1 ]; next; }
        my $stem = $word =~ s/\*$//;
        $word =~ s/(?<=[\p{L}\p{M}\p{N}])['\x{2019}](?=[\p{L}\p{N}])//g;
        $word = normalize($word);
        my @parts = $word =~ /$COMPLEX|$SYMBOL|./g;
        my $open = '';
        my $before = @units;
        for my $part (@parts)
        {
            if ($part =~ /^$COMPLEX$/ || $part =~ /^$SYMBOL$/)
            {
                push @units, [ $WORD, $open ] if $open ne '';
                $open = '';
                push @units, [ $WORD, $part ];
            }
            elsif ($part =~ /^[\p{L}\p{M}\p{N}#]$/) { $open .= $part; }
            else { complain("\"$part\" in \"$phrase\" is no part of a word: write a blank"); return; }
        }
        push @units, [ $WORD, $open ] if $open ne '';
        if ($stem)
        {
            if (@units == $before || $open eq '') { complain("no stem before * in \"$phrase\""); return; }
            if ($open =~ /#/ && $open ne '#') { complain("# and * in one word of \"$phrase\""); return; }
            if (length $open > $MAX_STEM) { complain("a stem is longer than $MAX_STEM in \"$phrase\""); return; }
            $units[-1][0] = $STEM;
        }
    }
    $words = grep { $_->[1] !~ /^$COMPLEX/ } @units;
    if (!@units) { complain("empty phrase"); return; }
    if ($words > $MAX_WORDS || @units > $MAX_UNITS) { complain("\"$phrase\" is too long"); return; }
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
        $text .= ' ' if !$complex && !$is && $text ne '';
        $text .= $unit->[0] == $IN_CLASS ? "\@$unit->[1]" : $unit->[0] == $STEM ? "$unit->[1]*" : $unit->[1];
        $complex = $is;
    }
    return $text;
}

# Writes out alternatives.
sub expand
{
    my ($phrase) = @_;
    return ($phrase) if $phrase =~ /^(?:$EMOTICON)(?: (?:$EMOTICON))*$/;
    $phrase =~ s{\)\?}{|)}g;
    $phrase =~ s{([^\s()|]+)\?(?= |\||\)|$)}{($1|)}g;
    my @done;
    my @open = ($phrase);
    while (@open)
    {
        my $p = shift @open;
        if ($p =~ /^(.*?)\(([^()]*)\)(.*)$/)
        {
            my ($before, $inner, $after) = ($1, $2, $3);
            push @open, map { "$before$_$after" } split /\|/, $inner, -1;
        }
        else
        {
            complain("unbalanced brackets in \"$phrase\"") if $p =~ /[()|]/;
            push @done, $p;
        }
        if (@open + @done > $MAX_EXPANSION) { complain("\"$phrase\" stands for too many phrases"); return; }
    }
    my %seen;
    return grep { !$seen{ join ' ', split ' ' }++ } @done;
}

# --- reading ---

my (@groups, %group, @topics, %topic, @classes, %class, %class_used);
my %phrases;    # "group\0phrase" => entry
my @entries;    # { text, units, group, weight, blocks, folds, where }

for my $name (@TOPICS) { $topic{$name} = @topics; push @topics, $name; }

sub group_of
{
    my ($kind, $topic, $language) = @_;
    my $id = "$kind $topic $language";
    if (!exists $group{$id}) { $group{$id} = @groups; push @groups, [ $kind, $topic, $language ]; }
    return $group{$id};
}

# German without umlauts on the keyboard.
sub spellings
{
    my ($language, $phrase) = @_;
    return ($phrase) unless $language eq 'de' && $phrase =~ /[äöüÄÖÜ]/;
    (my $plain = $phrase) =~ s/([äöü])/{ 'ä' => 'ae', 'ö' => 'oe', 'ü' => 'ue' }->{$1}/ge;
    return ($phrase, $plain);
}

sub add
{
    my ($language, $kind, $topic, $phrase, $weight, $blocks) = @_;
    my $group = group_of($kind, $topic, $language);
    my $written = 0;
    for my $one (map { spellings($language, $_) } expand($phrase))
    {
        next if $one !~ /\S/;
        my @units = units($one) or next;
        if ($kind == $CLASS && (@units != 1 || $units[0][0] > $STEM))
        {
            complain("\"$one\" is not one word, as those of a class must be");
            next;
        }
        for my $unit (grep { $_->[0] == $IN_CLASS } @units)
        {
            $class_used{"$language $unit->[1]"} ||= $where;
        }
        my $text = written(@units);
        my $id = "$group\0$text";
        if (my $old = $phrases{$id})
        {
            complain("\"$text\" has another weight in $old->{where}")
                if $old->{weight} != $weight || $old->{blocks} != $blocks;
            complain("\"$text\" is there twice, see $old->{where}") if $old->{raw} eq $phrase;
            next;
        }
        my $entry = { text => $text, units => \@units, group => $group, weight => $weight, blocks => $blocks,
            folds => !$unfolded{$language}, language => $language, where => $where,
            raw => $written++ ? "\0" : $phrase };
        $phrases{$id} = $entry;
        push @entries, $entry;
    }
}

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
        if ($line =~ /^\@/)
        {
            my ($name, $words, @rest) = split /\t+/, $line;
            if ($name !~ /^\@[a-z0-9_]+$/ || !defined $words || @rest || length $name > $NAME_SIZE - 1)
            {
                complain("a class is \@name<TAB>words");
                next;
            }
            $name = substr $name, 1;
            my $id = "$language $name";
            if (!exists $class{$id}) { $class{$id} = @classes; push @classes, $name; }
            add($language, $CLASS, $class{$id}, $_, 1, 0) for split ' ', $words;
            next;
        }
        my ($kind, $phrase, $weight, @rest) = split /\t+/, $line;
        if (!defined $weight || @rest) { complain("a line is kind<TAB>phrase<TAB>weight"); next; }
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
}
for my $id (sort keys %class_used)
{
    my ($language, $name) = split / /, $id;
    $where = $class_used{$id};
    complain("there is no class \@$name of that language") unless exists $class{$id};
}
die "more than 64 topics\n" if @topics > 64;
exit 1 if $errors;

# --- nodes ---

sub hash_of
{
    my $h = $SEED;
    $h = (($h ^ ord) * 0x01000193) & 0xFFFFFFFF for split //, $_[0];
    return $h;
}

sub key
{
    my ($parent, $h, $how) = @_;
    my $x = (($parent * 0x9E3779B1) & 0xFFFFFFFF) ^ (($h + $how * 0x85EBCA6B) & 0xFFFFFFFF);
    $x ^= $x >> 16;
    $x = ($x * 0x7FEB352D) & 0xFFFFFFFF;
    $x ^= $x >> 15;
    $x = ($x * 0x846CA68B) & 0xFFFFFFFF;
    $x ^= $x >> 16;
    return $x || 1;
}

my %node = ($ROOT => { stems => 0, children => 0, entries => [] });
my @sieve = (0) x ((1 << $SIEVE_BITS) / 32);

for my $entry (@entries)
{
    my $parent = $ROOT;
    for my $unit (@{ $entry->{units} })
    {
        my ($how, $text) = @$unit;
        my $h = 0;
        if ($how == $IN_CLASS) { $h = $class{"$entry->{language} $text"}; }
        elsif ($how != $ANY)
        {
            $text = fold($text) if $entry->{folds};
            $h = hash_of($text);
        }
        if ($how == $WORD) { $node{$parent}{children} |= 1; }
        elsif ($how == $STEM) { $node{$parent}{stems} |= 1 << length $text; }
        elsif ($how == $IN_CLASS) { $node{$parent}{children} |= 2; }
        else { $node{$parent}{children} |= 4; }
        my $key = key($parent, $h, $how);
        if ($parent == $ROOT)
        {
            my $bit = (($h * 0x9E3779B1 + $how * 0x85EBCA6B) & 0xFFFFFFFF) >> (32 - $SIEVE_BITS);
            $sieve[ $bit >> 5 ] |= 1 << ($bit & 31);
        }
        $node{$key} ||= { stems => 0, children => 0, entries => [] };
        $parent = $key;
    }
    push @{ $node{$parent}{entries} }, $entry;
}
my $root = delete $node{$ROOT};

my $slots = 16;
$slots *= 2 while $slots < 1.6 * keys %node;
my @slot;
for my $key (sort { $a <=> $b } keys %node)
{
    my $at = $key & ($slots - 1);
    $at = ($at + 1) & ($slots - 1) while defined $slot[$at];
    $slot[$at] = $key;
}

# --- writing ---

my (@entry_rows, $text);
my %offset;
$text = '';
my $bytes = 0;

sub offset_of
{
    my ($s) = @_;
    if (!exists $offset{$s})
    {
        utf8::encode(my $raw = $s);
        $offset{$s} = [ $bytes, length $raw ];
        $bytes += length $raw;
        $text .= $raw;
    }
    return @{ $offset{$s} };
}

my $count = 0;
for my $key (grep { defined } @slot)
{
    my $list = $node{$key}{entries};
    $node{$key}{first} = @$list ? $count + 1 : 0;
    for my $i (0 .. $#$list)
    {
        my $e = $list->[$i];
        my ($at, $length) = offset_of($e->{text});
        my $flags = ($i == $#$list ? 1 : 0) | ($e->{folds} ? 2 : 0) | ($e->{blocks} ? 4 : 0);
        push @entry_rows, sprintf "{%d,%gf,%d,%d,%d}", $at,
            $e->{weight}, $length, $e->{group}, $flags;
        $entry_rows[-1] =~ s/,(-?\d+)f,/,$1,/;
        $count++;
    }
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
printf "/* %d phrases and words of classes, %d nodes */\n\n", scalar @entries, scalar keys %node;
printf "const uint32 st_lex_mask = %d;\n", $slots - 1;
printf "const uint32 st_lex_root_stems = 0x%X;\n", $root->{stems};
printf "const uint32 st_lex_root_children = %d;\n", $root->{children};
printf "const int st_lex_nentries = %d;\n", scalar @entries;
printf "const int st_lex_ngroups = %d;\n", scalar @groups;
printf "const int st_lex_ntopics = %d;\n", scalar @topics;
printf "const int st_lex_nclasses = %d;\n", scalar @classes;
printf "const int st_lex_nunfolded = %d;\n\n", scalar @UNFOLDED;
array('StLexNode st_lex_nodes[]', 4, map {
    my $key = $slot[$_];
    defined $key
        ? sprintf('{0x%X,%d,0x%X,%d}', $key, $node{$key}{first}, $node{$key}{stems}, $node{$key}{children})
        : '{0}'
} 0 .. $slots - 1);
array('StLexEntry st_lex_entries[]', 6, @entry_rows ? @entry_rows : '{0}');
array('StLexGroup st_lex_groups[]', 6, @groups ? map { "{$_->[0],$_->[1],\"$_->[2]\"}" } @groups : '{0}');
array('uint32 st_lex_sieve[]', 12, map { sprintf '0x%X', $_ } @sieve);
array('uint16 st_lex_fold_low[]', 12, map { sprintf '0x%X', fold_point($_) } 0xC0 .. 0x6FF);
array('uint16 st_lex_fold_high[]', 12, map { sprintf '0x%X', fold_point($_) } 0x1E00 .. 0x1FFF);
array('char st_lex_topics[][ST_LEX_NAME_SIZE]', 4, map { "\"$_\"" } @topics);
array('char st_lex_classes[][ST_LEX_NAME_SIZE]', 4, @classes ? map { "\"$_\"" } @classes : '""');
array('char st_lex_unfolded[][4]', 12, map { "\"$_\"" } @UNFOLDED);
print "const char st_lex_text[] =\n", literal($text), "\t;\n";
