# Levels of access: a dump takes roles' rights and tenants along, policies hold in
# the restored database, and the documentation shows the matrix that is granted by.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriagePipeline;

my $node = start_triage_node('main');
train_intents($node, 'postgres');
$node->safe_psql('postgres', q{
    CREATE TABLE tickets (tenant_id text, id int, body text, PRIMARY KEY (tenant_id, id));
    SELECT triage.attach('tickets');
    INSERT INTO tickets SELECT t, g, 'I want a refund' FROM unnest('{a,b}'::text[]) AS t, generate_series(1, 3) AS g;
    CREATE ROLE desk;
    CREATE ROLE "Bi People";
    SELECT triage.grant_access('desk', 'agent', '{a}'), triage.grant_access('"Bi People"', 'reader');});

my $rights = q{
    SELECT string_agg(object, ' ' ORDER BY object) FROM (
        SELECT c.relname || '=' || a.grantee::regrole || ':' || a.privilege_type AS object
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'triage'::regnamespace
        UNION ALL
        SELECT p.oid::regprocedure || '=' || a.grantee::regrole FROM pg_proc p, aclexplode(p.proacl) a
        WHERE p.pronamespace = 'triage'::regnamespace) AS r};
my $seen = q{SET ROLE %s; SELECT string_agg(DISTINCT tenant_id, ' ' ORDER BY tenant_id) FROM triage.ticket_overview};
my $before = $node->safe_psql('postgres', $rights);

for my $format ('plain', 'custom')
{
    my $file = $node->basedir . "/dump.$format";
    my $db = "restored_$format";

    $node->command_ok([ 'pg_dump', '--format', $format, '--file', $file, $node->connstr('postgres') ], "$format: dump");
    $node->safe_psql('postgres', "CREATE DATABASE $db");
    $node->command_ok(
        $format eq 'plain'
        ? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-f', $file ]
        : [ 'pg_restore', '--exit-on-error', '-d', $node->connstr($db), $file ],
        "$format: restore");
    is($node->safe_psql($db, $rights), $before, "$format: rights are as they were");
    is($node->safe_psql($db, sprintf($seen, 'desk')), 'a', "$format: one tenant");
    is($node->safe_psql($db, sprintf($seen, '"Bi People"')), 'a b', "$format: all tenants");
}

# access that changes
$node->safe_psql('postgres', q{SELECT triage.grant_access('desk', 'agent', '{b}')});
is($node->safe_psql('postgres', sprintf($seen, 'desk')), 'b', 'another tenant');
$node->safe_psql('postgres', q{SELECT triage.revoke_access('desk'), triage.revoke_access('"Bi People"')});
my ($status) = $node->psql('postgres', sprintf($seen, '"Bi People"'));
isnt($status, 0, 'nothing after a revoke');

# the documentation
my $shown = join "\n", sort grep { /^\| (table|view|sequence|function) \|/ }
    split /\n/, slurp_file("$FindBin::RealBin/../../docs/privileges.md");
my $granted = join "\n", sort split /\n/, $node->safe_psql('postgres', q{
    SELECT format('| %s | `%s` | %s | %s | %s | %s | %s |', kind, object, reader, agent, lead, admin, auditor) FROM triage.access_matrix});
is($shown, $granted, 'docs/privileges.md shows the matrix');

$node->stop;
done_testing();
