# The shared mapping of a model: made once, used by all, rebuilt when it is not
# what it should be, removed when nobody needs it.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $node = start_triage_node('main', init => [ allows_streaming => 1 ]);
my $dir = map_directory($node);
create_tickets($node, 'postgres');

is(train($node, 'postgres', 'shop'), 1, 'train');
my @files = map_files($node);
is(scalar(@files), 1, 'training leaves one mapping');
my $file = "$dir/$files[0]";
my $inode = (stat $file)[1];
is(label_of($node, 'postgres', 'shop'), 'delivery', 'classify');
is((stat $file)[1], $inode, 'a reader does not write it again');
my $good = slurp_file($file);

# read_good(): whether the file is as it was, but for the mark of having been checked.
sub read_good
{
    my $now = -e $file ? slurp_file($file) : '';
    return length($now) == length($good) && substr($now, 128) eq substr($good, 128);
}

# Whatever happened to the file, the next connection finds out and builds it again.
my %harm = (
    'removed' => sub { unlink $file },
    'empty' => sub { truncate($file, 0) },
    'shorter than its header' => sub { truncate($file, 100) },
    'truncated' => sub { truncate($file, length($good) / 2) },
    'without its last byte' => sub { truncate($file, length($good) - 1) },
    'longer than it should be' => sub { append_to_file($file, 'x') },
    'of another format' => sub { overwrite(0, 'GARBAGE!') },
    'of another size, it says' => sub { overwrite(24, "\xff" x 8) },
    'garbled at the beginning' => sub { overwrite(128, "\xff" x 64) },
    'garbled in the middle' => sub { overwrite(int(length($good) / 2), "\x55") },
    'garbled at the end' => sub { overwrite(length($good) - 1, chr(ord(substr($good, -1)) ^ 1)) });

sub overwrite
{
    my ($offset, $bytes) = @_;
    open(my $fh, '+<', $file) || die "$file: $!";
    seek($fh, $offset, 0);
    print $fh $bytes;
    close($fh);
    return;
}

foreach my $what (sort keys %harm)
{
    $harm{$what}->();
    is(label_of($node, 'postgres', 'shop'), 'delivery', "classify when the mapping is $what");
    ok(read_good(), "... which is then good again");
}
unlink $file;
mkdir $file;
is(label_of($node, 'postgres', 'shop'), 'delivery', 'classify with a directory in place of the mapping');
rmdir $file;
label_of($node, 'postgres', 'shop');
ok(read_good(), 'good when the directory is gone');

# A restart keeps it; a crash too.
$node->restart;
is(label_of($node, 'postgres', 'shop'), 'delivery', 'classify after restart');
$node->stop('immediate');
$node->start;
is(label_of($node, 'postgres', 'shop'), 'delivery', 'classify after a crash');
is((map_files($node))[0], $files[0], 'with the same mapping');

# Garbled while the server was down: the time of modification does not tell.
$node->stop;
my @times = (stat $file)[8, 9];
overwrite(int(length($good) / 2), "\x55");
utime(@times, $file);
$node->start;
is(label_of($node, 'postgres', 'shop'), 'delivery', 'classify when it was garbled while the server was down');
ok(read_good(), '... which is then good again');

# When nothing can be written (a full disk, no rights, here a file in place of
# the directory), sessions keep the weights to themselves, and say so once each.
unlink $file;
rmdir $dir || die "$dir: $!";
append_to_file($dir, 'not a directory');
my $log = -s $node->logfile;
is($node->safe_psql('postgres', q{
        SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
        UPDATE triage.model SET weights = weights || ''::bytea;
        SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet')}),
    "delivery\ndelivery", 'classify when no mapping can be written');
my $said = () = slurp_file($node->logfile, $log) =~ /could not write the mapping of a model/g;
is($said, 1, 'said once a session');
is(train($node, 'postgres', 'shop', 'upper(label)'), 2, 'train when no mapping can be written');
is($node->safe_psql('postgres', 'SELECT count(*) FROM triage.training_progress'), 0, 'no progress to see either');
unlink $dir;
is(label_of($node, 'postgres', 'shop'), 'delivery', 'classify when it can be written again');
is(scalar(map_files($node)), 1, '... leaves a mapping');


# Removed at commit when dropped, not before and not when rolled back.
@files = map_files($node);
$node->safe_psql('postgres', q{BEGIN; SELECT triage.drop_model('shop'); ROLLBACK});
is_deeply([ map_files($node) ], \@files, 'a drop rolled back keeps the mapping');
$node->safe_psql('postgres', q{SELECT triage.drop_model('shop')});
is_deeply([ map_files($node) ], [], 'a drop removes it');

# TRUNCATE removes all.
train($node, 'postgres', 'shop');
train($node, 'postgres', 'other');
is(scalar(map_files($node)), 2, 'two models, two mappings');
$node->safe_psql('postgres', 'TRUNCATE triage.model');
is_deeply([ map_files($node) ], [], 'TRUNCATE removes all');

# What nobody needs is removed by who builds a mapping.
train($node, 'postgres', 'shop');
@files = map_files($node);
my ($database, $value) = $files[0] =~ /^pgsql_tmp_(\d+)_(\d+)_/;
my $missing = $node->safe_psql('postgres', 'SELECT max(oid::bigint) + 1000 FROM pg_database');
my $template = $node->safe_psql('postgres', q{SELECT oid FROM pg_database WHERE datname = 'template1'});
my %planted = (
    "pgsql_tmp_${database}_" . ($value + 7) . '_0123456789abcdef.map' => 0,
    "pgsql_tmp_${missing}_1_0123456789abcdef.map" => 0,
    "pgsql_tmp_${template}_1_0123456789abcdef.map" => 1,
    "pgsql_tmp_${template}_2_0123456789abcdef.map" => 0,
    'pgsql_tmp_build_999999999' => 0,
    'pgsql_tmp_progress_999999999' => 0,
    'README' => 1);
append_to_file("$dir/$_", 'x') foreach keys %planted;
my $month = time - 40 * 24 * 60 * 60;
utime($month, $month, "$dir/pgsql_tmp_${template}_2_0123456789abcdef.map");
train($node, 'postgres', 'shop');
is_deeply({ map { $_ => (-e "$dir/$_" ? 1 : 0) } keys %planted }, \%planted, 'garbage is collected, the rest is left');
ok(-e "$dir/$files[0]", 'a mapping in use is left');

# A rolled back training leaves garbage at most until the next.
$node->safe_psql('postgres', q{SET client_min_messages = warning; BEGIN; SELECT version FROM triage.train('gone', 'SELECT body, label FROM tickets'); ROLLBACK});
train($node, 'postgres', 'shop');
is(scalar(grep { /^pgsql_tmp_${database}_/ } map_files($node)), 3, 'one mapping for each version there is');

# Base backups leave the mappings out, and a copy makes its own.
$node->backup('copy');
my $copy = PostgreSQL::Test::Cluster->new('copy');
$copy->init_from_backup($node, 'copy');
is(scalar(map_files($copy)), 0, 'a base backup has no mappings');
$copy->start;
is(label_of($copy, 'postgres', 'shop'), 'delivery', 'classify in a copy');
is(scalar(map_files($copy)), 1, 'which makes its own mapping');

$copy->stop;
$node->stop;
done_testing();
