# COPY of many tickets in bounded memory, and kill -9: every ticket has its decision.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;

my $rows = 100_000;
my $node = start_triage_node('main', conf => "shared_buffers = '16MB'\nautovacuum = off\n");

is(attach_tickets($node, 'postgres'), 'body', 'attached');

# Tickets of some 300 bytes.
my $file = $node->basedir . '/tickets.tsv';
my @texts = ('I want a refund', 'where is my parcel', 'the login fails');
open(my $out, '>', $file) or die "$file: $!";
for my $id (1 .. $rows)
{
    my $text = $texts[ $id % 3 ];
    print $out "$id\t$text\t", join(' ', ($text) x 15, "please answer the mail number $id soon"), "\tnew\n";
}
close($out);

my $count = $node->safe_psql('postgres', qq{
    COPY tickets FROM '$file' WHERE id <= 100;
    SELECT count(*) FROM triage.decision;});
is($count, '100', 'a small COPY is decided');
$node->safe_psql('postgres', 'TRUNCATE tickets');

# One connection: what the second, hundred times bigger COPY adds to its peak. The
# transition table goes to disk; only a batch of decisions is in memory.
SKIP:
{
    skip 'no /proc here', 1 unless -e '/proc/self/status';
    my $peaks = $node->safe_psql('postgres', qq{
        CREATE TEMP TABLE peak (kb bigint);
        CREATE FUNCTION pg_temp.peak() RETURNS bigint LANGUAGE plpgsql AS \$\$
        DECLARE s text := pg_read_file('/proc/' || pg_backend_pid() || '/status');
        BEGIN
            RETURN (regexp_match(s, 'VmHWM:\\s+(\\d+)'))[1]::bigint - (regexp_match(s, 'RssShmem:\\s+(\\d+)'))[1]::bigint;
        END \$\$;
        COPY tickets FROM '$file' WHERE id <= 1000;
        INSERT INTO peak SELECT pg_temp.peak();
        TRUNCATE tickets;
        COPY tickets FROM '$file';
        INSERT INTO peak SELECT pg_temp.peak();
        SELECT max(kb) - min(kb) FROM peak;});
    note("COPY of $rows tickets raised the peak of private memory by $peaks kB");
    cmp_ok($peaks, '<', 20_000, 'COPY of many tickets takes little more memory than of a few');
}
$node->safe_psql('postgres', "TRUNCATE tickets; COPY tickets FROM '$file'");
is(undecided($node, 'postgres'), '0|0', 'every ticket has its decision');
is($node->safe_psql('postgres', 'SELECT count(*) FROM triage.decision WHERE NOT in_scope OR outcome <> $$human$$'),
    '0', 'and the decisions are right');

# Killed while tickets come in: what is committed is decided.
$node->safe_psql('postgres', 'TRUNCATE tickets');
my $script = $node->basedir . '/insert.sql';
append_to_file($script, q{
INSERT INTO tickets (id, body) VALUES ((random() * 1e15)::bigint, 'where is my parcel');
});
my $bench = IPC::Run::start(
    [ 'pgbench', '-n', '-c', '4', '-T', '60', '-f', $script, $node->connstr('postgres') ],
    '>', '/dev/null', '2>', '/dev/null');
ok($node->poll_query_until('postgres', 'SELECT count(*) > 500 FROM tickets'), 'tickets come in');
$node->stop('immediate');
eval { $bench->finish; };
$node->start;
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM tickets'), '>', 500, 'committed tickets survive');
is(undecided($node, 'postgres'), '0|0', 'each has its decision, and no decision is without ticket');

# Listeners are told once a transaction.
$node->safe_psql('postgres', q{
    INSERT INTO triage.routing_rule (position, name, intent, escalate_reason) VALUES (1, 'parcels', 'delivery_status', 'a parcel may be lost')});
my $heard = $node->safe_psql('postgres', q{
    LISTEN triage_escalation;
    BEGIN;
    INSERT INTO tickets (id, body) VALUES (-1, 'where is my parcel'), (-2, 'where is my parcel');
    INSERT INTO tickets (id, body) VALUES (-3, 'where is my parcel');
    COMMIT;
    INSERT INTO tickets (id, body) VALUES (-4, 'I want a refund');
    SELECT count(*) FROM triage.escalation;});
my @notices = $heard =~ /Asynchronous notification "triage_escalation"/g;
is(scalar(@notices), 1, 'one notification for three escalations');
like($heard, qr/^3$/m, 'which are all there');

$node->stop;
done_testing();
