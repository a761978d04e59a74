# The extension with and without preload, in a database of another name, through
# restart, dump and restore.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;

my $node = start_triage_node('main');

is($node->safe_psql('postgres', 'SELECT triage.now() = now()'), 't', 'works without preload');

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'support_triage'");
$node->restart;
is($node->safe_psql('postgres', 'SELECT triage.now() = now()'), 't', 'works with preload');

# A dump of a database without the user's own rows restores as it is.
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '--file', $dump, $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE "Zweite ""DB"""');
$node->command_ok(
    [ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-f', $dump, 'Zweite "DB"' ], 'restore');
is($node->safe_psql('Zweite "DB"', 'SELECT triage.now() = now()'), 't', 'works after restore');

# The schema itself stays when it was there before the extension.
$node->safe_psql('postgres', 'DROP EXTENSION support_triage');
is( $node->safe_psql(
        'postgres', q{SELECT count(*) FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
            WHERE d.refclassid = 'pg_namespace'::regclass AND n.nspname = 'triage'}),
    '0', 'dropping the extension leaves nothing in its schema');

$node->stop;
done_testing();
