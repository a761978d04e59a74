# support_triage: build rules (PGXS), and the entry points of tools/.
#
# `make help` lists the targets. Those that test or show something install what
# they need and run on a private copy of PostgreSQL; `make` and `make install`
# build for the PostgreSQL whose pg_config is found, as any PGXS extension does.

EXTENSION   = support_triage
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big  = $(EXTENSION)
OBJS        = $(patsubst %.c,%.o,$(sort $(wildcard src/*/*.c)))

# The phrases that the extension knows, as constant tables.
LEXICON     = src/understanding/lexicon/table.inc

# The order of the rooms is the order of their dependencies, written out by hand:
# a lower room never calls a higher one.
ROOMS       = core text model understanding sla routing escalation pipeline \
              learning response prediction governance worker
# A room whose SQL is in several parts names them.
SQL_PARTS_routing = routing routing_rule tier
SQL_PARTS   = $(foreach r,$(ROOMS),$(foreach p,$(or $(SQL_PARTS_$(r)),$(r)),src/$(r)/$(p)))
SQL_TABLES  = $(wildcard $(SQL_PARTS:%=%_tables.sql))
SQL_API     = $(wildcard $(SQL_PARTS:%=%_api.sql)) \
              $(wildcard src/reporting/reporting_views.sql)
# The shipped models: weights, and what is to be known of them.
DATA        = $(wildcard upgrade/*--*.sql) $(sort $(wildcard models/$(EXTENSION).*.stm models/$(EXTENSION).*.json))
DATA_built  = $(EXTENSION)--$(EXTVERSION).sql

# Each test file starts in a database that has the extension.
REGRESS        = $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))
REGRESS_OPTS   = --load-extension=$(EXTENSION)
ISOLATION      = $(sort $(patsubst test/isolation/specs/%.spec,%,$(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=$(EXTENSION)
TAP_TESTS      = 1
PROVE_TESTS    = test/t/*.pl
PROVE_FLAGS    = -I test/t/lib

# Warnings are errors for who has a checkout; a release must build with the
# compilers of tomorrow too.
WERROR      = $(if $(wildcard .git),-Werror)
PG_CPPFLAGS = -I$(srcdir)/src -DST_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -fvisibility=hidden -Wall -Wextra $(WERROR) -Wno-unused-parameter \
              -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type
SHLIB_LINK  = -licui18n -licuuc -lm
EXTRA_CLEAN = $(EXTENSION)--*.sql $(LEXICON) tmp_check output_iso results regression.diffs regression.out log

# PGXS is there once the server's headers are installed. Without them the targets
# of tools/ still work: they install what is missing.
PG_CONFIG  ?= $(if $(PG_MAJOR),/usr/lib/postgresql/$(PG_MAJOR)/bin/pg_config,pg_config)
PGXS       := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

ifneq ($(wildcard $(PGXS)),)
# First, as nothing else takes so long: with make -j all is compiled meanwhile.
all: $(LEXICON)

include $(PGXS)

# DATA_built lies in the list of what to install; the rule makes it.
$(DATA_built): src/core/header.sql $(SQL_TABLES) $(SQL_API) $(EXTENSION).control Makefile
	cat src/core/header.sql $(SQL_TABLES) $(SQL_API) | sed 's/^CREATE OR REPLACE /CREATE /' > $@

$(LEXICON): tools/lexicon.pl $(wildcard tools/lexicon/*.pm src/understanding/lexicon/*.tsv)
	perl tools/lexicon.pl $(filter %.tsv,$^) > $@.new && mv $@.new $@
src/understanding/lexicon_table.o src/understanding/lexicon_table.bc: $(LEXICON)

# PGXS does not track headers.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*/*.h) Makefile

# The inner loops: what core does for its checksums.
src/model/model_kernel.o src/model/model_counts.o src/model/model_words.o src/understanding/similarity.o: CFLAGS += -O3

# lrintf as one instruction: nobody asks for errno.
src/model/model_score.o: CFLAGS += -fno-math-errno
else
all install installcheck clean:
	@echo "No PGXS at \"$(PG_CONFIG) --pgxs\": install the server's headers (make setup) or say PG_CONFIG=..." >&2
	@exit 1
.PHONY: all install installcheck clean
endif

# --- entry points of tools/ ---

.PHONY: help setup test test-matrix lint indent demo demo-stop psql bench accuracy models

help:
	@sed 's/^/  /' tools/help.txt

setup:
	@tools/setup.sh test lint

test:
	@tools/test.sh

test-matrix:
	@tools/matrix.sh

lint:
	@tools/lint.sh

indent:
	@tools/indent.sh

demo:
	@tools/demo.sh start $(if $(TICKETS),"$(TICKETS)")

psql:
	@tools/demo.sh psql

demo-stop:
	@tools/demo.sh stop

bench:
	@tools/bench.sh bench

# DATA is our argument in the next two; PGXS has a variable of that name, which only counts
# when it comes from the command line.
accuracy:
	@tools/bench.sh accuracy $(if $(filter command line,$(origin DATA)),"$(DATA)")

models:
	@tools/models.sh $(if $(filter command line,$(origin DATA)),"$(DATA)")
