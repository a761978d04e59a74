# pg_dump and restore into another server: all that the extension keeps comes back as it
# was, nothing is decided by the restore, and the worker over there waits for its end.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;
use TriageWorker;

# --- a server with a bit of everything, and work that waits for a worker ---

my $node = start_triage_node('main');
attach_tickets($node, 'postgres');
$node->safe_psql('postgres', q{
    INSERT INTO triage.queue (queue_id, name, is_default) OVERRIDING USER VALUE VALUES (1, 'all', true) ON CONFLICT DO NOTHING;
    INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'refunds', 'refund_request', 'money');
    INSERT INTO triage.calendar VALUES ('office', 'Europe/Berlin');
    INSERT INTO triage.calendar_hours SELECT 'office', d, '09:00', '17:00' FROM generate_series(1, 5) d;
    INSERT INTO triage.sla_policy (position, name, calendar) VALUES (10, 'everybody', 'office');
    INSERT INTO triage.sla_target (policy_id, metric, target) SELECT policy_id, 'resolution', '400 hours' FROM triage.sla_policy;
    INSERT INTO triage.agent (name, capacity) VALUES ('ann', 3);
    INSERT INTO triage.agent_queue SELECT 'ann', name FROM triage.queue;
    INSERT INTO tickets (id, body) SELECT g, (ARRAY['I want a refund', 'where is my parcel', 'the login fails'])[1 + g % 3] FROM generate_series(1, 60) AS g;
    UPDATE tickets SET body = 'I forgot my password' WHERE id < 5;
    SELECT triage.set_presence('ann', 'available', '30 days');
    SELECT triage.claim_ticket('ann');
    CREATE TABLE later (id bigint PRIMARY KEY, body text);
    SELECT triage.attach('later', options => '{"mode": "deferred"}');
    INSERT INTO later SELECT g, 'where is my parcel' FROM generate_series(1, 500) AS g;
    UPDATE triage.task SET run_every = '17 seconds' WHERE name = 'clocks';
    UPDATE triage.task SET enabled = false WHERE name = 'signatures';});

# contents(NODE, DB): what the extension says is to be dumped, a line a table or sequence.
sub contents
{
    my ($server, $db) = @_;
    my $list = $server->safe_psql($db, q{
        SELECT format(CASE c.relkind WHEN 'S' THEN 'SELECT %L, last_value::text, is_called::text FROM %s%s'
                      ELSE 'SELECT %L, count(*)::text, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) FROM %s AS t %s' END,
                      c.oid::regclass, c.oid::regclass, e.condition)
        FROM (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension WHERE extname = 'support_triage') e
        JOIN pg_class c USING (oid) ORDER BY c.oid::regclass::text});

    return $server->safe_psql($db, join(' UNION ALL ', split(/\n/, $list)) . ' ORDER BY 1');
}

my $before = contents($node, 'postgres');
my $undecided = $node->safe_psql('postgres', 'SELECT count(*) FROM triage.backlog');
is($undecided, '500', 'there is something to decide');
like($before, qr/^triage\.model\|1\|/m, 'a model is among what is dumped');
my %file = map { $_ => $node->basedir . "/dump.$_" } 'plain', 'directory';
$node->command_ok([ 'pg_dump', '--format', 'plain', '--file', $file{plain}, $node->connstr('postgres') ], 'dump');
$node->command_ok([ 'pg_dump', '--format', 'directory', '--jobs', '2', '--file', $file{directory}, $node->connstr('postgres') ], 'dump by two sessions');

# restore_in_steps(SERVER, DB): with several sessions. pg_restore knows nothing of the references
# between tables that an extension keeps, so those go first, by one session.
sub restore_in_steps
{
    my ($server, $db) = @_;
    my @restore = ('pg_restore', '--exit-on-error', '-d', $server->connstr($db), $file{directory});

    $server->command_ok([ @restore, '--section', 'pre-data' ], "$db: restore of definitions");
    $server->command_ok([ @restore, '--section', 'data', '--schema', 'triage' ], 'of what the extension keeps');
    $server->command_ok([ @restore, '--section', 'data', '--exclude-schema', 'triage', '--jobs', '3' ], 'of the rest by several sessions');
    $server->command_ok([ @restore, '--section', 'post-data', '--jobs', '3' ], 'and of what belongs to data');
    return;
}

# --- another server, where no worker may come ---

my $other = PostgreSQL::Test::Cluster->new('other');
$other->init;
$other->append_conf('postgresql.conf', "shared_preload_libraries = 'support_triage'\nsupport_triage.databases = 'nowhere'\nmax_worker_processes = 16\n");
$other->start;
$other->safe_psql('postgres', 'CREATE DATABASE quiet');
$other->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $other->connstr('quiet'), '-f', $file{plain} ], 'restore by psql');
is(contents($other, 'quiet'), $before, 'everything is as it was');
$other->safe_psql('postgres', 'CREATE DATABASE quick');
restore_in_steps($other, 'quick');
is(contents($other, 'quick'), $before, 'everything is as it was, too');
is($other->safe_psql('quick', q{SELECT label FROM triage.classify('intent', 'give my money back')}), 'refund_request', 'the model classifies');

# --- and one where a worker comes as soon as there is an extension ---

$other->append_conf('postgresql.conf', "support_triage.databases = ''\n");
$other->reload;
$other->safe_psql('postgres', 'CREATE DATABASE live');
my ($in, $out, $err) = ("\\i $file{plain}\nSELECT 'restored';\n", '', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $restore = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $other->connstr('live') ], '<', \$in, '>', \$out, '2>', \$err, $timer);
$restore->pump until $out =~ /^restored$/m || $err ne '';
is($err, '', 'restored while the worker is there');
ok($other->poll_query_until('live', q{SELECT state = 'held back' AND pid IS NOT NULL FROM triage.worker_status}), 'which waits for the end of the session that restores');
is($other->safe_psql('live', q{SET client_min_messages = error; CALL triage.tick(); SELECT count(*) FROM triage.backlog}), $undecided, 'nor does a tick do anything');
is(contents($other, 'live'), $before, 'everything is as it was, still');
$in .= "\\q\n";
$restore->finish;
ok($other->poll_query_until('live', 'SELECT count(*) = 0 FROM triage.backlog'), 'then it decides what is left');
is($other->safe_psql('live', q{
    SELECT count(*) FILTER (WHERE d.ticket_key IS NULL) || '|' || count(*) FILTER (WHERE t.id IS NULL)
    FROM later t FULL JOIN (SELECT d.* FROM triage.decision d JOIN triage.source s USING (source_id) WHERE s.tickets = 'later'::regclass) d
    ON d.ticket_key = t.id::text}), '0|0', 'all of it');
is($other->safe_psql('live', q{SELECT run_every, (SELECT enabled FROM triage.task WHERE name = 'signatures') FROM triage.task WHERE name = 'clocks'}),
    '00:00:17|f', 'and does its tasks as they were set');

$other->safe_psql('postgres', 'CREATE DATABASE live_quick');
restore_in_steps($other, 'live_quick');
ok($other->poll_query_until('live_quick', 'SELECT count(*) = 0 FROM triage.backlog'), 'a worker decides what is left there');

$other->stop;
$node->stop;
done_testing();
