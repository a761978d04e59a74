# Models on a hot standby: used at once, with mappings of its own; activation and
# dropping on the primary reach sessions that are open.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SupportTriage;
use Test::More;
use TriageModels;

my $primary = start_triage_node('primary', init => [ allows_streaming => 1 ]);
create_tickets($primary, 'postgres');
train($primary, 'postgres', 'shop');
train($primary, 'postgres', 'shop', 'upper(label)');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));

# An open session: ask() sends a query and returns its one line of output.
my ($in, $out, $err) = ('', '', '');
my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
my $session = IPC::Run::start(
    [ 'psql', '-XAtq', '-d', $standby->connstr('postgres') ],
    '<', \$in, '>', \$out, '2>', \$err, $timer);

sub ask
{
    my ($query) = @_;
    $out = $err = '';
    $in .= "$query;\n\\echo done\n";
    $session->pump until $out =~ /^done$/m;
    $out =~ s/done\n//;
    $session->pump_nb;
    chomp $out;
    return $out;
}

my $classify = q{SELECT label FROM triage.classify('shop', 'Hello, my parcel has not arrived yet')};

is(scalar(map_files($standby)), 0, 'a new standby has no mapping');
is(ask($classify), 'delivery', 'classify on a standby');
is(scalar(map_files($standby)), 1, 'the standby made a mapping');

$primary->safe_psql('postgres', q{SELECT triage.activate('shop', 2)});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is(ask($classify), 'DELIVERY', 'activation on the primary reaches an open session of the standby');

ask('BEGIN');
is(ask($classify), 'DELIVERY', 'in a transaction');
$primary->safe_psql('postgres', q{SELECT triage.activate('shop', 1)});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is(ask($classify), 'delivery', 'and an open transaction');
ask('COMMIT');

$primary->safe_psql('postgres', q{BEGIN; SELECT triage.activate('shop', 2); ROLLBACK});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is(ask($classify), 'delivery', 'an activation rolled back does not');

is(ask(q{SELECT n > 0 FROM (SELECT count(*) AS n FROM triage.explain('shop', 'parcel')) AS s}), 't', 'explain on a standby');
is(ask(q{SELECT examples FROM triage.evaluate('shop', 'SELECT body, label FROM tickets')}), '60', 'evaluate on a standby');

foreach my $call (q{triage.train('shop', 'SELECT body, label FROM tickets')}, q{triage.activate('shop', 2)}, q{triage.drop_model('shop')})
{
    my ($rc, $stdout, $stderr) = $standby->psql('postgres', "SELECT $call");
    like($stderr, qr/cannot execute triage\.\w+\(\) in a read-only transaction/, "not on a standby: $call");
}

# Its garbage is its own affair, too.
$primary->safe_psql('postgres', q{SELECT triage.drop_model('shop')});
train($primary, 'postgres', 'shop');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is(ask($classify), 'delivery', 'a model trained after the standby was made');
is(scalar(map_files($standby)), 1, 'the mappings of dropped versions are gone');

# After promotion it goes on, and can be trained.
$standby->promote;
is(ask($classify), 'delivery', 'an open session after promotion');
is(train($standby, 'postgres', 'shop', 'upper(label)'), 4, 'train after promotion');
$standby->safe_psql('postgres', q{SELECT triage.activate('shop', 4)});
is(ask($classify), 'DELIVERY', 'activate after promotion');

$in .= "\\q\n";
$session->finish;
$standby->stop;
$primary->stop;
done_testing();
