# A dump and restore keeps models: versions, what is active, numbers given, answers.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $node = start_triage_node('main');
create_tickets($node, 'postgres');
train($node, 'postgres', 'shop');
train($node, 'postgres', 'shop', 'upper(label)');
train($node, 'postgres', 'shop');
$node->safe_psql('postgres', q{SELECT triage.activate('shop', 2), triage.drop_model('shop', 3)});

my $rows = q{SELECT name, version, status, labels, options, metrics, provenance, trained_by, trained_at, unicode_version,
                    size_bytes, checksum, encode(sha256(weights), 'hex') = checksum
             FROM triage.model ORDER BY name, version};
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '--file', $dump, $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restore');

is($node->safe_psql('restored', $rows), $node->safe_psql('postgres', $rows), 'the same rows');
is(label_of($node, 'restored', 'shop'), 'DELIVERY', 'the same model is active');
my $answers = q{SELECT body, triage.classify('shop', body) FROM tickets ORDER BY body};
is($node->safe_psql('restored', $answers), $node->safe_psql('postgres', $answers), 'the same answers');
is(train($node, 'restored', 'shop'), 4, 'numbers of dropped versions are not given again');

# The triggers were restored with it.
is($node->safe_psql('restored', q{
        SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet');
        UPDATE triage.model SET status = 'retired' WHERE version = 2;
        UPDATE triage.model SET status = 'active' WHERE version = 1;
        SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet')}),
    "DELIVERY\ndelivery", 'changes by hand are noticed');

$node->stop;
done_testing();
