# support_triage: build rules (PGXS). The order of the rooms is the order of
# their dependencies, written out by hand: a lower room never calls a higher one.

EXTENSION   = support_triage
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big  = $(EXTENSION)
OBJS        = $(patsubst %.c,%.o,$(sort $(wildcard src/*/*.c)))

ROOMS       = core text model understanding sla routing escalation pipeline \
              learning response prediction governance worker
SQL_TABLES  = $(wildcard $(foreach r,$(ROOMS),src/$(r)/$(r)_tables.sql))
SQL_API     = $(wildcard $(foreach r,$(ROOMS),src/$(r)/$(r)_api.sql)) \
              $(wildcard src/reporting/reporting_views.sql)
DATA        = $(wildcard upgrade/*--*.sql)
DATA_built  = $(EXTENSION)--$(EXTVERSION).sql

REGRESS        = $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))
ISOLATION      = $(sort $(patsubst test/isolation/specs/%.spec,%,$(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation
TAP_TESTS      = 1
PROVE_TESTS    = test/t/*.pl

PG_CPPFLAGS = -I$(srcdir)/src -DST_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -Wall -Wextra -Werror -Wno-unused-parameter \
              -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type
SHLIB_LINK  = -licui18n -licuuc -lm
EXTRA_CLEAN = $(DATA_built) tmp_check output_iso results

PG_CONFIG  ?= pg_config
PGXS       := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(DATA_built): src/core/header.sql $(SQL_TABLES) $(SQL_API) $(EXTENSION).control Makefile
	cat src/core/header.sql $(SQL_TABLES) $(SQL_API) | sed 's/^CREATE OR REPLACE /CREATE /' > $@

$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*/*.h) Makefile

# The inner loops: what core does for its checksums.
src/model/model_kernel.o: CFLAGS += -O3
