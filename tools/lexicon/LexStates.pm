# LexStates.pm: the automaton as the extension follows it, in the bytes of its tables
# (lexicon_inner.h tells their form).
#
# Edges of several phrases may fit one word. The automaton is made deterministic: its
# states are sets of those of LexPhrases.pm, and an edge stands for all that fit. What is
# looked for first stands for what would be looked for next too: a word as it is, by its
# shape, by stems from the longest, any word.
#
# There are some hundred thousand states and many more edges: the loops over edges are
# written out and call little.
package LexStates;

use strict;
use warnings;
no warnings qw(portable);
use utf8;

use Exporter 'import';
use LexPhrases;
use LexWords;

our @EXPORT = qw(make_states);

my $SIEVE_BITS = 18;    # as ST_LEX_SIEVE_BITS
my $MAX_STATES = 1 << 24;
my $TARGET = (1 << $TARGET_BITS) - 1;

# --- keys, as in lexicon_inner.h ---

# hash_of(TEXT): as st_lex_hash makes it of the characters.
sub hash_of
{
    use integer;
    my ($text) = @_;
    my $h = 0x4BF29CE484222325;
    $h = ($h ^ $_) * 0x100000001B3 for unpack 'W*', $text;
    return $h;
}

# make_keys(STATE, HASHES): as st_lex_key, in place, of hashes to which the part of how
# the edge fits was added.
sub make_keys
{
    use integer;
    my ($state, $hashes) = @_;
    my $part = $state * 0x1E3779B97F4A7C15;
    for my $x (@$hashes)
    {
        $x += $part;
        $x = ($x ^ ($x >> 32 & 0xFFFFFFFF)) * 0x3F58476D1CE4E5B9;
        $x = ($x ^ ($x >> 32 & 0xFFFFFFFF)) * 0x14D049BB133111EB;
        $x ^= $x >> 32 & 0xFFFFFFFF;
    }
}

# What is added to a hash for how the edge fits; nothing for a word as it is.
my ($OF_STEM, $OF_ANY) = do { use integer; map { $_ * 0x42E1FBE4DA5B7A39 } $STEM, $ANY };

# --- sets of states ---

# Their numbers are those of the states that are made. A list of one state is a set most
# often, and then is that state instead of a list.
my (@sets, @single, %set);

sub set_of
{
    my @all = sort { $a <=> $b } @_;
    return $set{ pack 'L*', @all } //= do
    {
        my $last = -1;
        my @members = grep { my $new = $_ != $last; $last = $_; $new } @all;
        @members == 1 ? $single[ $members[0] ] //= do { push @sets, $members[0]; $#sets }
            : @members < @all ? set_of(@members) : do { push @sets, \@members; $#sets };
    };
}

# --- stems ---

my %stem;        # numbers of the texts that are stems
my @stems_of;    # of each text, when it was asked for

# stems_of(NUMBER): the numbers of the stems that the text fits.
sub stems_of
{
    my ($number) = @_;
    return $stems_of[$number] //= do
    {
        my $text = $texts[$number];
        my @stems = grep { defined } map { $stem{ substr $text, 0, $_ } } 1 .. length $text;
        push @stems, $stem{'#'} if defined $stem{'#'} && $text =~ /^\d/;
        \@stems;
    };
}

# --- edges ---

my (@hash, @has_digits);    # of each text

# edges_of(MEMBER...): the edges of a set of states, as hashes for their keys and as the
# states that they lead to; the lengths of their stems, as bits; which others there are,
# as ST_LEX_HAS_*.
sub edges_of
{
    my ($words_of, $stems_of, $any_of) = @edges_of;
    my (@words, @stems, @any);
    for my $member (@_)
    {
        push @words, @{ $words_of->[$member] } if $words_of->[$member];
        push @stems, @{ $stems_of->[$member] } if $stems_of->[$member];
        push @any, map { $_ & $TARGET } @{ $any_of->[$member] } if $any_of->[$member];
    }
    my (@hashes, @targets);
    if (@any)
    {
        push @hashes, $OF_ANY;
        push @targets, set_of(@any);
    }

    my %behind_stem;
    my $lengths = 0;
    push @{ $behind_stem{ $_ >> $TARGET_BITS } }, $_ & $TARGET for @stems;
    for my $number (sort { $texts[$a] cmp $texts[$b] } keys %behind_stem)
    {
        use integer;
        push @hashes, $hash[$number] + $OF_STEM;
        push @targets, set_of(@any, map { @{ $behind_stem{$_} || [] } } @{ stems_of($number) });
        $lengths |= 1 << length $texts[$number];
    }

    # the edges of a word lie beside each other
    @words = sort { $a <=> $b } @words;
    my $is_simple = !@stems && !@any;
    my %behind_word;            # when it is needed
    for (my $i = 0; $i < @words;)
    {
        my $number = $words[$i] >> $TARGET_BITS;
        my $state = $words[ $i++ ] & $TARGET;
        push @hashes, $hash[$number];
        if ($is_simple && !$has_digits[$number] && ($i == @words || $words[$i] >> $TARGET_BITS != $number))
        {
            push @targets, $single[$state] //= do { push @sets, $state; $#sets };
            next;
        }
        my @states = $state;
        push @states, $words[ $i++ ] & $TARGET while $i < @words && $words[$i] >> $TARGET_BITS == $number;
        push @states, @any if @any && $texts[$number] =~ /^[\p{L}\p{M}\p{N}#]/;
        push @states, map { @{ $behind_stem{$_} || [] } } @{ $stems_of[$number] || stems_of($number) } if @stems;
        if ($has_digits[$number])
        {
            if (!%behind_word) { push @{ $behind_word{ $_ >> $TARGET_BITS } }, $_ & $TARGET for @words; }
            my $shape = $number_of{ $texts[$number] =~ s/\d+/#/gr };
            push @states, @{ $behind_word{$shape} || [] } if defined $shape;
        }
        push @targets, @states == 1 ? $single[ $states[0] ] //= do { push @sets, $states[0]; $#sets } : set_of(@states);
    }
    return (\@hashes, \@targets, $lengths, (@words ? 1 : 0) | (@any ? 2 : 0));
}

# --- the tables ---

# slots(STATE, KEYS, TARGETS): the slots of its edges. Of more than fit in a line of the
# memory (8) two of three are taken, and one of two in the first state, where most is
# looked for that is not there. A slot is the upper 32 bits of the key, the state that
# the edge leads to, and the lower 8 of the key.
sub slots
{
    use integer;
    my ($state, $keys, $targets) = @_;
    my $n = @$keys;
    $n = $state ? $n * 3 / 2 : $n * 2 if $n > 8;
    my @slots = (0) x $n;
    for my $i (0 .. $#$keys)
    {
        my $key = $keys->[$i];
        my $at = ($key & 0xFFFFFFFF) * $n >> 32;
        while ($slots[$at]) { $at = 0 if ++$at == $n; }
        $slots[$at] = $key & ~0xFFFFFFFF | $targets->[$i] << 8 | $key & 0xFF;
    }
    return @slots;
}

# make_states(): the tables, of what was read.
sub make_states
{
    my ($edges, $states, $accepts, $sieve) = ('', '', '', "\0" x ((1 << $SIEVE_BITS) / 8));
    my ($nedges, $nslots, $naccepts) = (0, 0, 0);

    @hash = map { hash_of($_) } @texts;
    @has_digits = map { /\d/ ? 1 : 0 } @texts;
    for my $list (grep { defined } @{ $edges_of[$STEM] })
    {
        $stem{ $texts[ $_ >> $TARGET_BITS ] } = $_ >> $TARGET_BITS for @$list;
    }

    set_of(0);
    for (my $at = 0; $at < @sets; $at++)
    {
        my @members = ref $sets[$at] ? @{ $sets[$at] } : $sets[$at];
        my ($keys, $targets, $lengths, $follows) = edges_of(@members);
        make_keys($at, $keys);

        my $first = 0;
        if (my @ends = map { @{ $ends_of[$_] || [] } } @members)
        {
            my %seen;
            @ends = sort { $a <=> $b } grep { !$seen{$_}++ } @ends;
            $ends[-1] |= 0x80000000;    # ST_LEX_LAST
            $accepts .= pack 'L*', @ends;
            $first = $naccepts + 1;
            $naccepts += @ends;
        }

        # what fits in a line of the memory lies in one and is searched whole
        my @slots = slots($at, $keys, $targets);
        if ($nslots % 8 + (@slots > 8 ? 8 : @slots) > 8)
        {
            my $gap = 8 - $nslots % 8;
            $edges .= pack 'q*', (0) x $gap;
            $nslots += $gap;
        }
        $states .= pack 'L4', $first << 2 | $follows, $lengths, $nslots, scalar @slots;
        $edges .= pack 'q*', @slots;
        $nslots += @slots;
        $nedges += @$keys;
        if ($at == 0) { vec($sieve, $_ >> 64 - $SIEVE_BITS, 1) = 1 for unpack 'Q*', pack 'q*', @$keys; }
    }
    die "too many states\n" if @sets >= $MAX_STATES;
    return {
        nstates => scalar @sets, nedges => $nedges, edges => $edges . pack('q', 0),
        states => $states, accepts => $accepts, sieve => $sieve };
}

1;
