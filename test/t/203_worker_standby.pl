# A streaming standby, preloaded everywhere: it answers, refuses writes cleanly, and
# has no worker until it is promoted; then it takes over what was to be done.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;
use TriageWorker;

my $primary = start_triage_node('primary', preload => 1, init => [ allows_streaming => 1 ]);
attach_tickets($primary, 'postgres');
$primary->safe_psql('postgres', q{
    INSERT INTO triage.queue (name, is_default) VALUES ('all', true) ON CONFLICT DO NOTHING;
    INSERT INTO triage.sla_policy (policy_id, position, name) VALUES (1, 10, 'everybody');
    INSERT INTO triage.sla_target (policy_id, metric, target) VALUES (1, 'resolution', '2 seconds');
    INSERT INTO tickets (id, body) VALUES (1, 'I want a refund');});
ok(wait_for_worker($primary, 'postgres'), 'the primary has a worker');
create_notes($primary, 'postgres');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', q{INSERT INTO tickets (id, body) VALUES (2, 'where is my parcel')});
$primary->wait_for_catchup($standby);

# --- what a standby does ---

is($standby->safe_psql('postgres', q{SELECT label FROM triage.classify('intent', 'give my money back')}), 'refund_request', 'it classifies');
is($standby->safe_psql('postgres', q{SELECT (triage.sentiment('this is terrible, I am furious')).score < 0}), 't', 'reads texts');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM triage.ticket_overview}), '2', 'shows decisions');
is($standby->safe_psql('postgres', q{SELECT state, pid IS NULL FROM triage.worker_status}), 'standby|t', 'says that it has no worker');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'support_triage'}), '0', 'and has none, nor a launcher');

# --- and what not ---

foreach my $call (
    'CALL triage.tick()', 'SELECT triage.start_worker()', 'SELECT triage.stop_worker()',
    'SELECT triage.tend_clocks()', 'SELECT triage.tend_assignments()', 'SELECT triage.decide_backlog()',
    q{SELECT triage.escalate('tickets', '1', 'angry')}, q{SELECT triage.decide_again('tickets', '1')},
    q{INSERT INTO tickets (id, body) VALUES (9, 'refund')}, q{UPDATE triage.task SET enabled = false})
{
    my ($ret, $stdout, $stderr) = $standby->psql('postgres', $call);
    like($stderr, qr/^(psql:<stdin>:1: )?ERROR:  cannot execute [^\n]* (in a read-only transaction|during recovery)/, "refused: $call");
}
$standby->safe_psql('postgres', 'SELECT triage.wake_worker()');
pass('waking nobody does no harm');

# --- promotion ---

my $before = noted($primary, 'postgres');
$primary->stop;
$standby->promote;
ok(wait_for_worker($standby, 'postgres'), 'promoted, it has a worker');
ok($standby->poll_query_until('postgres', "SELECT count(*) > $before FROM noted"), 'which runs what the old one ran');
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 2 FROM triage.escalation WHERE cause = 'sla_breach:resolution'}),
    'deadlines that came meanwhile are escalated, once');
$standby->safe_psql('postgres', q{
    SELECT triage.attach('tickets', options => '{"mode": "deferred"}');
    INSERT INTO tickets (id, body) VALUES (3, 'the login fails');});
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 1 FROM triage.decision WHERE ticket_key = '3' AND intent = 'account_access'}), 'new tickets are decided by it');

# --- the old primary comes back as a standby of nobody: read-only by its owner's wish ---

$primary->append_conf('postgresql.conf', "default_transaction_read_only = on\n");
$primary->start;
ok(wait_for_worker($primary, 'postgres'), 'a primary whose sessions are read-only by default has a worker all the same');
$primary->stop;
$standby->stop;
done_testing();
