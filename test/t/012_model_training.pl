# A training while it runs: what others see of it, and what is left when it is
# cancelled, killed or crashes.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $node = start_triage_node('main');
create_tickets($node, 'postgres');
train($node, 'postgres', 'shop');

# This training stops after some examples, until it may have the lock that we hold.
my $examples = q{SELECT body, label FROM tickets
    UNION ALL SELECT 'wait', 'login' FROM (SELECT pg_advisory_lock_shared(42)) AS s};

my ($in, $out, $err) = ('', '', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err, $timer);
$in .= "SELECT pg_advisory_lock(42);\n\\echo held\n";
$holder->pump until $out =~ /held/;

# start_training(): starts one in a session of its own and waits until it is stuck.
my %result;
sub start_training
{
    %result = (in => "SET client_min_messages = warning;\nSELECT version FROM triage.train('shop', \$\$$examples\$\$);\n\\q\n", out => '', err => '');
    my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
        '<', \$result{in}, '>', \$result{out}, '2>', \$result{err}, IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default));
    ok(wait_until(sub {
                $session->pump_nb;
                $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'triage.train'}) eq '1' }),
        'a training runs');
    return $session;
}

my $versions = q{SELECT string_agg(version || ' ' || status, ', ' ORDER BY version) FROM triage.model WHERE version > 0};
my $progress = q{SELECT count(*) FROM triage.training_progress};

# Other sessions see it, in this database only.
my $training = start_training();
is($node->safe_psql('postgres', q{
        SELECT p.model, p.phase, p.percent IS NULL, p.role = current_user, p.started_at <= p.updated_at, a.query ~ 'triage.train'
        FROM triage.training_progress AS p JOIN pg_stat_activity AS a USING (pid)}),
    'shop|reading examples|t|t|t|t', 'others see its progress');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION support_triage');
is($node->safe_psql('other', $progress), '0', 'other databases do not');
is($node->safe_psql('postgres', $versions), '1 active', 'there is no version yet');

# Cancelled: nothing is left.
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM triage.training_progress});
$training->finish;
like($result{err}, qr/canceling statement due to user request/, 'cancelled');
is($node->safe_psql('postgres', $progress), '0', 'no progress is left');
is($node->safe_psql('postgres', $versions), '1 active', 'no version is left');
is(scalar(map_files($node)), 1, 'no mapping is left');

# Caught in a savepoint: the same.
is($node->safe_psql('postgres', qq{
        SET client_min_messages = warning;
        SET statement_timeout = 0;
        DO \$do\$ BEGIN
            PERFORM triage.train('shop', 'SELECT body, (1 / length(left(body, 0)))::text FROM tickets');
        EXCEPTION WHEN division_by_zero THEN
            IF EXISTS (SELECT FROM triage.training_progress) THEN RAISE 'there is progress left'; END IF;
        END \$do\$;
        SELECT count(*) FROM triage.model WHERE version > 0}),
    '1', 'nothing is left in a transaction that goes on');

# Killed: the file of its progress is ignored and later removed.
$training = start_training();
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM triage.training_progress});
$node->safe_psql('postgres', qq{SELECT pg_terminate_backend($pid)});
$training->finish;
is($node->safe_psql('postgres', $progress), '0', 'no progress of a terminated session');

$training = start_training();
$pid = $node->safe_psql('postgres', q{SELECT pid FROM triage.training_progress});
ok(-e map_directory($node) . "/pgsql_tmp_progress_$pid", 'its file is there');
$node->stop('immediate');
eval { $training->finish };
eval { $in .= "\\q\n"; $holder->finish };
ok(-e map_directory($node) . "/pgsql_tmp_progress_$pid", 'a crash leaves the file');
$node->start;
is($node->safe_psql('postgres', $progress), '0', 'which shows nothing');
is($node->safe_psql('postgres', $versions), '1 active', 'no version is left by the crash');
is(train($node, 'postgres', 'shop'), 2, 'train again');
ok(!-e map_directory($node) . "/pgsql_tmp_progress_$pid", 'the next training removes the file');

# Left alone it ends well.
is($node->safe_psql('postgres', "SET client_min_messages = warning; SELECT version FROM triage.train('shop', \$\$$examples\$\$)"), '3', 'train with the same query');
is($node->safe_psql('postgres', $progress), '0', 'no progress afterwards');

$node->stop;
done_testing();
