# Many sessions classify, train, activate and drop at once: nobody gets an error
# that is not to be expected, no answer is of another model, nothing is left.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $node = start_triage_node('main');
create_tickets($node, 'postgres');
$node->safe_psql('postgres', 'ALTER SYSTEM SET client_min_messages = warning');
$node->reload;
train($node, 'postgres', 'shop', $_) foreach ('label', 'upper(label)', 'label');
train($node, 'postgres', 'steady');

# What must never fail.
my $steady = q{SELECT 1 / (((triage.classify('steady', 'Hello, my parcel has not arrived yet')).label = 'delivery')::int);
SELECT 1 / ((lower((triage.classify('shop', 'Hello, my parcel has not arrived yet')).label) = 'delivery')::int);
};
my $activate = q{\set v random(1, 3)
SELECT triage.activate('shop', :v);
};
# Comes and goes, so that mappings are made and removed all the time.
my $come_and_go = q{\set n random(1, 3)
BEGIN;
SELECT version FROM triage.train('mayfly' || :n, 'SELECT body, label FROM tickets');
SELECT 1 / (((triage.classify('mayfly' || :n, 'Hello, my parcel has not arrived yet')).label IS NOT NULL)::int);
COMMIT;
};
my $gone = q{\set n random(1, 3)
DO $$ BEGIN PERFORM triage.drop_model('mayfly' || :n); EXCEPTION WHEN undefined_object THEN NULL; END $$;
};
my $rolled_back = q{BEGIN;
UPDATE triage.model SET labels = ARRAY['x', 'y', 'z'] WHERE name = 'steady';
SELECT 1 / (((triage.classify('steady', 'Hello, my parcel has not arrived yet')).label IN ('x', 'y', 'z'))::int);
ROLLBACK;
};

$node->pgbench(
    '--no-vacuum --client=8 --jobs=2 --transactions=60', 0,
    [ qr{actually processed: 480/480} ], [ qr{^(?!.*ERROR)}s ],
    'sessions at once',
    {   '015_steady@20' => $steady, '015_activate@3' => $activate, '015_come@2' => $come_and_go,
        '015_gone@1' => $gone, '015_rolled_back@2' => $rolled_back });

is($node->safe_psql('postgres', q{SELECT count(*) FROM triage.model WHERE status = 'active' AND name IN ('shop', 'steady')}),
    '2', 'one active version a name');
is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT (name, version)) FROM (SELECT name, version FROM triage.model UNION ALL SELECT name, version FROM triage.model_dropped) AS s'),
    '0', 'no number was given twice');
$node->safe_psql('postgres', q{SELECT triage.drop_model(name) FROM (SELECT DISTINCT name FROM triage.model WHERE name ~ 'mayfly') AS s});
train($node, 'postgres', 'steady');
my ($have) = scalar(my @files = map_files($node));
cmp_ok($have, '<=', $node->safe_psql('postgres', 'SELECT count(*) FROM triage.model'), 'no mapping of what is gone');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|could not write the mapping/, 'nothing to worry about in the log');

$node->stop;
done_testing();
