#!/usr/bin/env perl
# tools/typedefs.pl HEADERDIR... : prints the names that pg_bsd_indent has to be
# told are types: those that the headers or our own source declare with typedef
# and that our source uses. Read from the text, so that no build is needed; a
# release's missing header only shortens the list.
use strict;
use warnings;
use File::Find;

my (%declared, %generated, %used);

# What pgindent leaves out because it is a common name of variables, and which
# lower-case names really are types: the others would spoil the layout.
my %never = map { $_ => 1 } qw(ANY FD_SET U abs allocfunc boolean date digit ilist interval
    iterator other pointer printfunc reference string timestamp type wrap);
my $lower = qr/^(?:bool|text|bytea|u?int\d+|float\d|bits\d+|va_list|pg_\w+|\w+_state|\w+_t|dl?ist_\w+|slist_\w+|hash_seq_status|shm_toc|dsa_\w+|dshash_\w+)$/;

sub declarations
{
    my ($text) = @_;
    $text =~ s{/\*.*?\*/}{ }gs;
    while ($text =~ /\btypedef\b([^;{]*)(\{)?/g)
    {
        my $head = $1;
        if (defined $2)
        {
            # typedef struct X { ... } Name;  the body may hold braces of its own
            my $depth = 1;
            while ($depth > 0 && $text =~ /([{}])/g) { $depth += $1 eq '{' ? 1 : -1; }
            $text =~ /\G([^;]*)/g or next;
            $head = $1;
        }
        if ($head =~ /\(\s*\*\s*(\w+)\s*\)/) { $declared{$1} = 1; next; }    # a pointer to a function
        $head =~ s/\([^()]*\)\s*$//;                                         # a function type
        $head =~ s/(?:\[[^\]]*\]\s*)+$//;
        for my $name (split /,/, $head)
        {
            $declared{$1} = 1 if $name =~ /(\w+)\s*$/;
        }
    }
}

sub slurp { local (@ARGV, $/) = (shift); my $text = <>; return defined $text ? $text : ''; }

find({ no_chdir => 1, wanted => sub { declarations(slurp($_)) if /\.h\z/ && -f $_ } }, grep { -d $_ } @ARGV) if @ARGV;
for my $file (glob 'src/*/*.[ch]')
{
    my $text = slurp($file);
    declarations($text);
    # lib/simplehash.h makes types named after its parameter
    while ($text =~ /^#define\s+SH_PREFIX\s+(\w+)/gm) { $declared{"$1_$_"} = $generated{"$1_$_"} = 1 for qw(hash iterator); }
    $text =~ s{/\*.*?\*/}{ }gs;
    $used{$_} = 1 for $text =~ /\b([A-Za-z_]\w*)\b/g;
}
$declared{bool} = 1;

print "$_\n" for sort grep { $used{$_} && !$never{$_} && length > 1 && (/[A-Z]/ || /$lower/ || $generated{$_}) } keys %declared;
