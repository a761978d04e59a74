# pg_upgrade, with the library preloaded on both sides: from the older PostgreSQL that
# ST_OLDER_INSTALL names (its folder has bin and lib, and the extension installed), as
# make test-matrix gives it and if this release takes its tables over at all, else from a
# server of the same release. All is there afterwards, and the worker goes on.
use strict;
use warnings;

use Cwd;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;
use TriageWorker;

my ($bindir, $stderr) = run_command([ 'pg_config', '--bindir' ]);
# Whether a server of this release takes over the tables of the older one: what a minor release
# of that one has begun to write into the catalog, an earlier minor of this one may refuse.
sub takes_over
{
    my ($install) = @_;
    my $there = PostgreSQL::Test::Cluster->new('there', install_path => $install);
    my $here = PostgreSQL::Test::Cluster->new('here');
    my $refused = 0;

    $_->init, $_->start, $_->safe_psql('postgres', 'CREATE TABLE t (a int)') for $there, $here;
    for my $option (split /\n/, $there->safe_psql('postgres',
            q{SELECT split_part(o, '=', 1) FROM pg_attribute, unnest(attoptions) o WHERE attrelid = 't'::regclass}))
    {
        next if $here->psql('postgres', qq{ALTER TABLE t ALTER a SET ("$option" = 1)}) == 0;
        note("no upgrade from the older release: this one does not know the column option $option");
        $refused++;
    }
    $_->stop for $there, $here;
    return !$refused;
}

my $older = $ENV{ST_OLDER_INSTALL};
$older = undef if $older && !takes_over($older);
my $oldbindir = $older ? "$older/bin" : $bindir;
my ($from) = run_command([ "$oldbindir/postgres", '--version' ]);
note("upgrading from $from to this release");

my $old = start_triage_node('old', preload => 1, install_path => $older);
attach_tickets($old, 'postgres');
$old->safe_psql('postgres', q{
    CREATE TABLE later (id bigint PRIMARY KEY, body text);
    SELECT triage.attach('later', options => '{"mode": "deferred"}');
    INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'refunds', 'refund_request', 'money');
    INSERT INTO tickets (id, body) SELECT g, (ARRAY['I want a refund', 'where is my parcel', 'the login fails'])[1 + g % 3] FROM generate_series(1, 30) AS g;
    UPDATE triage.task SET run_every = '17 seconds' WHERE name = 'clocks';});
wait_for_worker($old, 'postgres');
$old->safe_psql('postgres', 'SELECT triage.stop_worker()');
wait_for_no_worker($old, 'postgres');
$old->safe_psql('postgres', q{INSERT INTO later SELECT g, 'where is my parcel' FROM generate_series(1, 50) AS g});

my $look = q{
    SELECT (SELECT count(*) FROM triage.decision), (SELECT count(*) FROM triage.escalation), (SELECT count(*) FROM triage.backlog),
           (SELECT md5(string_agg(d::text, chr(10) ORDER BY d::text)) FROM triage.decision d),
           (SELECT run_every FROM triage.task WHERE name = 'clocks'), (SELECT state FROM triage.worker_status),
           (SELECT label FROM triage.classify('intent', 'give my money back'))};
my $before = $old->safe_psql('postgres', $look);
like($before, qr/^30\|10\|50\|.*\|00:00:17\|stopped\|refund_request$/, 'there is something to keep');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
# as the old one was made: before 18 initdb made no checksums by itself
my ($major) = $from =~ / (\d+)/;
my ($here_major) = (run_command([ 'pg_config', '--version' ]))[0] =~ / (\d+)/;
$new->init($major < 18 && $here_major >= 18 ? (extra => ['--no-data-checksums']) : ());
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'support_triage'\n");

my $here = getcwd();
chdir(PostgreSQL::Test::Utils::tempdir()) || die 'cannot change directory';
command_ok([
    "$bindir/pg_upgrade", '--no-sync', '-d', $old->data_dir =~ m{^/} ? $old->data_dir : "$here/" . $old->data_dir,
    '-D', $new->data_dir =~ m{^/} ? $new->data_dir : "$here/" . $new->data_dir,
    '-b', $oldbindir, '-B', $bindir, '-s', $new->host, '-p', $old->port, '-P', $new->port ], "pg_upgrade from $major to $here_major");
chdir($here);

$new->start;
is($new->safe_psql('postgres', $look), $before, 'everything is as it was');
$new->safe_psql('postgres', 'SELECT triage.start_worker()');
ok(wait_for_worker($new, 'postgres'), 'the worker comes when it is wanted again');
ok($new->poll_query_until('postgres', 'SELECT count(*) = 0 FROM triage.backlog'), 'and goes on');
is($new->safe_psql('postgres', q{SELECT count(*) FROM triage.decision WHERE intent = 'delivery_status'}), '60', 'with what was left');
$new->safe_psql('postgres', q{INSERT INTO tickets (id, body) VALUES (100, 'I want a refund')});
is($new->safe_psql('postgres', q{SELECT intent FROM triage.decision WHERE ticket_key = '100'}), 'refund_request', 'new tickets are decided');

$new->stop;
done_testing();
