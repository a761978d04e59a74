# Cancelling a backfill and a COPY in the middle; backfill after a crash.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;

my $rows = 60_000;
my $node = start_triage_node('main', conf => "autovacuum = off\n");
attach_tickets($node, 'postgres');

sub fill
{
    $node->safe_psql('postgres', qq{
        SET session_replication_role = replica;
        TRUNCATE tickets;
        INSERT INTO tickets (id, body) SELECT g, 'where is my parcel ' || repeat('please answer ', 20) FROM generate_series(1, $rows) AS g;});
    $node->safe_psql('postgres', 'TRUNCATE triage.decision');
}

# start(SQL): runs it in a session of its own.
sub start
{
    my ($sql) = @_;
    my ($out, $err) = ('', '');
    my $h = IPC::Run::start([ 'psql', '-X', '-qAt', '-d', $node->connstr('postgres'), '-c', $sql ], '>', \$out, '2>', \$err);
    return { handle => $h, err => \$err };
}

sub decided { return $node->safe_psql('postgres', 'SELECT count(*) FROM triage.decision') }

# a cancelled backfill keeps what it committed, and a second one goes on
fill();
my $session = start(q{CALL triage.backfill('tickets', 500)});
ok($node->poll_query_until('postgres', 'SELECT count(*) >= 1000 FROM triage.decision'), 'a backfill is under way');
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL triage.backfill%'});
$session->{handle}->finish;
like(${ $session->{err} }, qr/canceling statement due to user request/, 'it was cancelled');
my $kept = decided();
cmp_ok($kept, '>=', 1000, 'what it committed stays');
cmp_ok($kept, '<', $rows, 'it had not ended');
is($kept % 500, 0, 'whole batches');
is($node->safe_psql('postgres', q{CALL triage.backfill('tickets', 500)}), $rows - $kept, 'a second one goes on');
is(undecided($node, 'postgres'), '0|0', 'every ticket has its decision');

# a crash in the middle
fill();
$session = start(q{CALL triage.backfill('tickets', 500)});
ok($node->poll_query_until('postgres', 'SELECT count(*) >= 1000 FROM triage.decision'), 'a backfill is under way');
$node->stop('immediate');
eval { $session->{handle}->finish };
$node->start;
$node->safe_psql('postgres', q{CALL triage.backfill('tickets')});
is(undecided($node, 'postgres'), '0|0', 'after a crash a second one goes on');

# a cancelled INSERT leaves neither tickets nor decisions
$node->safe_psql('postgres', 'TRUNCATE tickets');
my ($ret, $stdout, $stderr) = $node->psql('postgres', qq{
    SET statement_timeout = '300ms';
    INSERT INTO tickets (id, body) SELECT g, repeat('where is my parcel, ', 2000) FROM generate_series(1, 1000000) AS g});
like($stderr, qr/canceling statement due to statement timeout/, 'an INSERT of many tickets is cancelled');
is(undecided($node, 'postgres'), '0|0', 'and leaves nothing');
is(decided(), '0', 'nothing at all');

$node->stop;
done_testing();
