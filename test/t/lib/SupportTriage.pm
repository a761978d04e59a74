# SupportTriage.pm: a server with the extension, for the TAP tests.
package SupportTriage;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_triage_node);

# start_triage_node(NAME, preload => 0|1, conf => "...", init => [...])
#	returns a running PostgreSQL::Test::Cluster whose database postgres has the
#	extension. preload puts the library into shared_preload_libraries.
sub start_triage_node
{
    my ($name, %options) = @_;
    my @install = $options{install_path} ? (install_path => $options{install_path}) : ();
    my $node = PostgreSQL::Test::Cluster->new($name, @install);

    $node->init(@{ $options{init} || [] });
    $node->append_conf('postgresql.conf', "shared_preload_libraries = 'support_triage'\n") if $options{preload};
    $node->append_conf('postgresql.conf', $options{conf}) if $options{conf};
    $node->start;
    $node->safe_psql('postgres', 'CREATE EXTENSION support_triage');
    return $node;
}

1;
