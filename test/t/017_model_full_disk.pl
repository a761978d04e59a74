# A disk without room for a mapping: the session that wants one goes on with a copy of
# its own and says so once; when there is room again the next one writes the file.
use strict;
use warnings;

use Cwd 'abs_path';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $node = start_triage_node('main');
my $complaint = qr/LOG:  could not write the mapping of a model, file "pgsql_tmp_support_triage\/pgsql_tmp_build_\d+"/;
my $classify = q{SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet')};
create_tickets($node, 'postgres');
train($node, 'postgres', 'shop');
my $dir = abs_path(map_directory($node));

# An open session: ask() sends a query and returns its output.
my ($session, $in, $out, $err);

sub connect_session
{
    ($in, $out, $err) = ('', '', '');
    $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
        '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default));
    return;
}

sub ask
{
    my ($query) = @_;
    $out = $err = '';
    $in .= "$query;\n\\echo done\n";
    $session->pump until $out =~ /^done$/m;
    $out =~ s/done\n//;
    $session->pump_nb;
    chomp $out;
    return $out;
}

sub leave
{
    $in .= "\\q\n";
    $session->finish;
    return;
}

sub names
{
    opendir(my $handle, $dir) || return ();
    return sort grep { !/^\.\.?$/ } readdir($handle);
}

# complaints(FROM): what the log says of it since that offset.
sub complaints
{
    my ($from) = @_;
    my @found = slurp_file($node->logfile, $from) =~ /$complaint/g;
    return scalar(@found);
}

# The first way: one process may not write so much. Nothing else of the server is hurt.
SKIP:
{
    skip 'there is no prlimit here', 9 unless grep { -x "$_/prlimit" } split(/:/, $ENV{PATH});
    unlink map { "$dir/$_" } names();
    my $from = -s $node->logfile;
    connect_session();
    my $pid = ask('SELECT pg_backend_pid()');
    system_or_bail('prlimit', "--pid=$pid", '--fsize=16384:unlimited');
    is(ask($classify), 'delivery', 'classify when the file gets too large');
    is($err, '', 'without a word to the client');
    is(complaints($from), 1, 'the log says so');
    is_deeply([ map_files($node) ], [], 'no mapping');
    is_deeply([ grep { /build/ } names() ], [], 'and no part of one');
    is(ask($classify), 'delivery', 'classify again');
    is(complaints($from), 1, 'it is said once');
    system_or_bail('prlimit', "--pid=$pid", '--fsize=unlimited:unlimited');
    leave();
    is(label_of($node, 'postgres', 'shop'), 'delivery', 'the next session');
    is(scalar(map_files($node)), 1, 'writes the file');
}

# The second way: a file system that is really full, mounted over the directory in a
# namespace of the server's own.
my $mount = "mount -t tmpfs -o size=256k,mode=0700 tmpfs '$dir'";
my @namespace = ('unshare', '--user', '--map-current-user', '--keep-caps', '--mount', '--', 'sh', '-c');
SKIP:
{
    my ($stdout, $stderr) = ('', '');
    skip 'this system lets nobody mount a file system of their own', 25
      unless eval { IPC::Run::run([ @namespace, $mount ], '>', \$stdout, '2>', \$stderr) };

    # Everything of the server but its mappings stays where it was.
    $node->stop;
    unlink map { "$dir/$_" } names();
    my $data = $node->data_dir;
    my $log = $node->logfile;
    system_or_bail(@namespace, "$mount && exec pg_ctl -w -s -D '$data' -l '$log' -o '--cluster-name=main' start");
    open(my $pidfile, '<', "$data/postmaster.pid") || die "postmaster.pid: $!";
    my $postmaster = <$pidfile>;
    chomp $postmaster;
    close($pidfile);
    # As the server sees it.
    $dir = "/proc/$postmaster/root$dir";

    sub fill
    {
        my ($left) = @_;
        my $size = 256 - $left;
        system("dd if=/dev/zero of='$dir/ballast' bs=1k count=$size 2>/dev/null");
        return;
    }

    foreach my $left (0, 16)
    {
        # 0: not even the first byte; 16: the file is cut in the middle
        fill($left);
        my $from = -s $node->logfile;
        connect_session();
        is(ask($classify), 'delivery', "classify with $left kB left");
        is($err, '', 'without a word to the client');
        is(ask($classify), 'delivery', 'and again');
        is(complaints($from), 1, 'the log says so once');
        like(slurp_file($node->logfile, $from), qr/$complaint: No space left on device/, 'and why');
        is_deeply([ grep { /map|build/ } names() ], [], 'nothing is left of the attempt');
        is(label_of($node, 'postgres', 'shop'), 'delivery', 'in another session, too');
        is(ask(q{SELECT version > 0 FROM triage.train('other', 'SELECT body, label FROM tickets ORDER BY body')}), 't', 'train');
        is(ask(q{SELECT count(*) FROM triage.training_progress}), '0', 'of which nothing is left to see');

        unlink "$dir/ballast";
        is(ask($classify), 'delivery', 'the session goes on when there is room');
        leave();
        is(label_of($node, 'postgres', 'shop'), 'delivery', 'and the next one');
        is(scalar(grep { /\.map$/ } names()), 1, 'writes the file');
        unlink map { "$dir/$_" } names();
    }
    # The server did not end meanwhile, nor did any of its processes die.
    unlike(slurp_file($node->logfile), qr/terminated by signal/, 'nobody crashed');
    system_or_bail('pg_ctl', '-w', '-s', '-D', $data, '-m', 'fast', 'stop');
}

$node->stop if -e $node->data_dir . '/postmaster.pid';
done_testing();
