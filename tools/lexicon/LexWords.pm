# LexWords.pm: words as the files have them, as units of phrases, and how texts may
# spell them. What is wrong is said by dying, with no place.
package LexWords;

use strict;
use warnings;
use utf8;
use feature qw(fc);

use Exporter 'import';
use Unicode::Normalize qw(NFD NFC NFKC);

our @EXPORT = qw($WORD $STEM $ANY $EMOTICON @UNFOLDED @texts %number_of
    same_point normalize units written spellings);

# How a unit fits a word: as ST_LEX_WORD and its kin.
our ($WORD, $STEM, $ANY) = (0 .. 2);

# Languages whose writers do not leave accents out: there they tell words apart.
our @UNFOLDED = qw(de sv da nb no nn fi et is);
my %unfolded = map { $_ => 1 } @UNFOLDED;

# As ST_LEX_MAX_STEM.
my $MAX_STEM = 31;

our $EMOTICON = qr/[!?]|[:;=]-?[)(DdPp|*\/\\]|<-?3/;

# Emoji of a newer Unicode than Perl's count, colours of skin do not.
my $SYMBOL = qr/(?![\x{1F3FB}-\x{1F3FF}])[\p{So}\x{1F000}-\x{1FAFF}]/;

# As st_lex_is_complex.
my $COMPLEX = qr/[\x{E00}-\x{EFF}\x{1000}-\x{109F}\x{1780}-\x{17FF}\x{2E80}-\x{2FFF}\x{3005}-\x{3007}\x{3041}-\x{30FF}\x{31F0}-\x{31FF}\x{3400}-\x{9FFF}\x{F900}-\x{FAFF}\x{1B000}-\x{1B16F}\x{20000}-\x{31FFF}]/;

# --- letters ---

# Always the same letter, however it is written; 0: a mark that is dropped.
my %SAME = (0x623 => 0x627, 0x625 => 0x627, 0x622 => 0x627, 0x671 => 0x627, 0x649 => 0x64A, 0x6CC => 0x64A,
    0x629 => 0x647, 0x6A9 => 0x643, 0x640 => 0, 0x670 => 0, 0x93C => 0, 0x901 => 0x902);

# same_point(POINT): the letter that stands for all ways to write it.
sub same_point
{
    my ($c) = @_;
    return $SAME{$c} if exists $SAME{$c};
    return 0 if ($c >= 0x300 && $c < 0x370) || ($c >= 0x64B && $c <= 0x65F)
        || ($c >= 0x591 && $c <= 0x5C7 && chr($c) =~ /\p{Mn}/);
    return $c;
}

# The letters that are not the same.
my %same_of = map { chr $_ => same_point($_) ? chr same_point($_) : '' }
    grep { same_point($_) != $_ } 0x300 .. 0x6FF, keys %SAME;
my $OTHER = '[' . join('', sort keys %same_of) . ']';
$OTHER = qr/$OTHER/;

# same(WORD): the word in the letters that stand for all ways to write it.
sub same
{
    my ($word) = @_;
    $word =~ s/($OTHER)/$same_of{$1}/g;
    return $word;
}

my %plain_of;

sub plain_letter
{
    my ($letter) = @_;
    my ($base, @marks) = split //, NFD($letter);
    return @marks && $base =~ /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/ && !grep({ !/\p{Mn}/ } @marks)
        ? $base : $letter;
}

# plain(WORD): the word without its accents.
sub plain
{
    my ($word) = @_;
    $word =~ tr/ıłđø/ildo/;
    $word =~ s/([^\x00-\x7F])/$plain_of{$1} \/\/= plain_letter($1)/ge;
    return $word;
}

# normalize(TEXT): NFKC case folding (Unicode Standard Annex 15).
sub normalize
{
    my ($s) = @_;
    $s = NFKC(fc(NFKC(fc(NFD($s)))));
    $s =~ s/\p{Default_Ignorable_Code_Point}//g;
    return NFC($s);
}

# --- units ---

my %units_of;

# units(WORD): a word as people write it as units, a list of
# [how it fits, text, whether it is a character of a script without spaces].
sub units
{
    my ($word) = @_;
    return $units_of{$word} ||= [ make_units($word) ];
}

sub make_units
{
    my ($word) = @_;
    if ($word =~ /^([a-z]+)(\*?)$/ && length $1 <= $MAX_STEM) { return [ $2 ? $STEM : $WORD, $1, 0 ]; }
    return [ $WORD, $word =~ tr/d/D/r, 0 ] if $word =~ /^$EMOTICON$/;
    return [ $ANY, '_', 0 ] if $word eq '_';
    my $stem = $word =~ s/\*$//;
    $word =~ s/(?<=[\p{L}\p{M}\p{N}])['\x{2019}](?=[\p{L}\p{N}])//g;
    $word = normalize($word);
    if (!$stem && $word =~ /^[\p{L}\p{M}\p{N}]+$/ && $word !~ $COMPLEX) { return [ $WORD, $word, 0 ]; }
    my @units;
    my $open = '';
    for my $part ($word =~ /$COMPLEX|$SYMBOL|./g)
    {
        my $complex = $part =~ /^$COMPLEX$/ ? 1 : 0;
        if ($complex || $part =~ /^$SYMBOL$/)
        {
            push @units, [ $WORD, $open, 0 ] if $open ne '';
            $open = '';
            push @units, [ $WORD, $part, $complex ];
        }
        elsif ($part =~ /^[\p{L}\p{M}\p{N}#]$/) { $open .= $part; }
        else { die "\"$part\" in \"$word\" is no part of a word: write a blank\n"; }
    }
    push @units, [ $WORD, $open, 0 ] if $open ne '';
    if ($stem)
    {
        die "no stem before *\n" if $open eq '';
        die "# and * in the one word $open*\n" if $open =~ /#/ && $open ne '#';
        die "the stem $open is longer than $MAX_STEM\n" if length $open > $MAX_STEM;
        $units[-1][0] = $STEM;
    }
    die "empty word\n" unless @units;
    return @units;
}

# written(UNIT...): units as one writes them: blanks between words, none beside a
# character of a script without spaces.
sub written
{
    my $text = '';
    my $complex = 1;
    for my $unit (@_)
    {
        $text .= ' ' if !$complex && !$unit->[2];
        $text .= $unit->[0] == $STEM ? "$unit->[1]*" : $unit->[1];
        $complex = $unit->[2];
    }
    return $text;
}

# --- spellings ---

# The texts of units have numbers: those sort faster.
our (@texts, %number_of);

sub number_of
{
    my ($text) = @_;
    return $number_of{$text} // do { push @texts, $text; $number_of{$text} = $#texts };
}

# What may be written together with the next word: "and", "for", "the".
my %PREFIXES = (
    ar => [ qw(و ف ب ل ال بال وال لل وب) ],
    he => [ qw(ה ו ב ל ש מ) ],
);
my %prefixes_of = map { $_ => [ '', map { same($_) } @{ $PREFIXES{$_} } ] } keys %PREFIXES;

my %spellings_of;

# spellings(LANGUAGE, UNIT): how the unit may be written in texts of the language, as
# numbers: without accents, German without umlauts on the keyboard, and with prefixes.
sub spellings
{
    my ($language, $unit) = @_;
    my ($how, $text) = @$unit;
    return $number_of{$text} // number_of($text) if $text !~ tr/\x00-\x7F//c;
    return @{ $spellings_of{"$language $how $text"} ||=
        [ map { number_of($_) } make_spellings($language, $how, $text) ] };
}

sub make_spellings
{
    my ($language, $how, $text) = @_;
    my @all = same($text);
    if ($language eq 'de' && $text =~ /[äöü]/)
    {
        push @all, same($text =~ s/([äöü])/{ 'ä' => 'ae', 'ö' => 'oe', 'ü' => 'ue' }->{$1}/ger);
    }
    if ($PREFIXES{$language} && $how != $ANY && $text =~ /^\p{L}{2}/)
    {
        my $bare = same($text =~ s/^ال(?=\p{L}{2})//r);
        push @all, map { "$_$bare" } @{ $prefixes_of{$language} };
    }
    push @all, same(plain($text)) unless $how == $ANY || $unfolded{$language};
    my %seen;
    return grep { !$seen{$_}++ } @all;
}

1;
