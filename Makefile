# Everything a person does with this checkout. `make` alone lists it.

PYTHON ?= python3
MODE ?= all-in-one
PORT ?= 8080
DATA ?= .tandem
CASES ?= tests/data/msproject

VENV := .venv
IN := $(VENV)/bin
# Where a proxy opens TLS, the machine's own certificates are those to trust.
TRUST := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),--system-certs)
SYNC := $(IN)/uv pip sync --quiet $(TRUST) --python $(IN)/python --require-hashes
COMPILE := $(IN)/uv pip compile --quiet $(TRUST) --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

# Tests that share nothing run two at a time, in this order, so that no long module is the last; those that start, kill and
# load whole systems run alone, and those that attack one take long enough for a target of their own.
TOGETHER := tests/contract tests/architecture tests/unit tests/service
ATTACKS := tests/system/attacks tests/system/test_revoked_rights.py
ALONE := tests/system tests/chaos $(addprefix --ignore ,$(ATTACKS))

.DEFAULT_GOAL := help
.PHONY: help run optimizer test attacks fuzz races check bench fidelity psplib cross format lock migration events reset
.DELETE_ON_ERROR:

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Run Tandem here, on the first run with a demo (MODE=separate PORT=8080 DATA=.tandem)
	@$(IN)/python -m deploy.run --mode "$(MODE)" --data "$(DATA)" --port "$(PORT)"

optimizer: $(VENV)/.installed-optimize ## Install what levelling proves its answers with (some 450 MB on disk)

test: check ## Check, then run the tests (all but those of `make attacks`)
	@$(IN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder $(TOGETHER)
	@$(IN)/pytest -q $(ALONE)

check: $(VENV)/.installed-dev ## Lint, formatting, types and the borders between the services
	@$(IN)/ruff check
	@$(IN)/ruff format --check
	@$(IN)/mypy
	@$(IN)/lint-imports --cache-dir .cache/import-linter

attacks: check ## Attack a running system in all known ways, and revoke rights while they are used
	@$(IN)/pytest -q $(ATTACKS)

fuzz: $(VENV)/.installed-dev ## Try for ten minutes what the API's description allows and forbids
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-300} $(IN)/pytest -q tests/contract/test_schemathesis.py

races: $(VENV)/.installed-dev ## Revoke rights in use ten thousand times, and ask 50,000 times as 200 tenants (RACES=n)
	@RACES=$${RACES:-10000} $(IN)/pytest -q tests/system/test_revoked_rights.py tests/system/attacks/test_isolation.py -k "revoked or A15"

bench: $(VENV)/.installed-dev ## Measure speed and memory
	@$(IN)/python -m tests.bench

fidelity: $(VENV)/.installed-dev ## Score the schedule engine on cases with known dates (CASES=folder WRITE=1)
	@$(IN)/python -m tests.fidelity "$(CASES)" $(if $(WRITE),--write)

psplib: CASES = ../shared/data/psplib
psplib: $(VENV)/.installed-dev ## Level instances of PSPLIB (SET=j30 N=48 LIMIT=5 CASES=folder)
	@$(IN)/python -m tests.bench.psplib "$(or $(SET),j30)" --count "$(or $(N),48)" --limit "$(or $(LIMIT),5)" --cases "$(CASES)"

cross: $(VENV)/.installed-dev ## Sign in by a second OpenID Connect provider, exchange plans with MPXJ (needs node, npm and java)
	@npm ci --prefix tests/cross --ignore-scripts --no-audit --no-fund --silent
	@test -n "$$MPXJ_LIB" -o -d tests/cross/.mpxj || $(IN)/uv pip install --quiet --no-deps --target tests/cross/.mpxj mpxj==16.10.0
	@$(IN)/pytest -q tests/cross

format: $(VENV)/.installed-dev ## Format the code and repair what can be repaired
	@$(IN)/ruff check --fix --exit-zero --quiet
	@$(IN)/ruff format

lock: $(VENV)/.made ## Compile the locks after a change of a requirements*.in
	@for name in requirements requirements-optimize requirements-dev requirements-boot; do $(COMPILE) $$name.in -o $$name.lock || exit 1; done

migration: $(VENV)/.installed-dev ## Begin a migration (SERVICE=planning NAME="add lag to dependencies")
	@test -n "$(SERVICE)" && test -n "$(NAME)" || { echo 'Say which: make migration SERVICE=planning NAME="what it does"' >&2; exit 2; }
	@$(IN)/python -m deploy.migration "$(SERVICE)" "$(NAME)"

events: $(VENV)/.installed-dev ## Write services/EVENTS.md from the facts and handlers in the code
	@$(IN)/python -m deploy.event_catalogue

reset: ## Wipe the data of `make run`
	@$(PYTHON) -m deploy.local.data_folder "$(DATA)"

.env: ## (for docker compose) Draw the secrets that docker-compose.yml asks for
	@$(PYTHON) -m deploy.compose_secrets > $@.new && chmod 600 $@.new && mv $@.new $@

$(VENV)/.made: requirements-boot.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Tandem needs Python 3.11 or newer, and '$(PYTHON)' is none: install it, or name another one, as in: make PYTHON=python3.12 ..." >&2; exit 1; }
	@if [ ! -x $(IN)/uv ]; then \
	  echo "Making $(VENV) ..."; \
	  if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	    $(PYTHON) -m venv $(VENV) && $(IN)/python -m pip install --quiet --require-hashes -r requirements-boot.lock; \
	  elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	    $(PYTHON) -m pip install --quiet --upgrade --target .boot --require-hashes -r requirements-boot.lock && \
	    .boot/bin/uv venv --quiet --clear --python $(PYTHON) $(VENV) && \
	    .boot/bin/uv pip install --quiet $(TRUST) --python $(IN)/python --require-hashes -r requirements-boot.lock; \
	  else \
	    echo "'$(PYTHON)' can neither make virtual environments nor install packages: install its venv or its pip package." >&2; exit 1; \
	  fi; \
	fi
	@touch $@

# Once the optimizer or the development tools are there, a run keeps them.
KEPT = $(or $(wildcard $(VENV)/.installed-dev),$(wildcard $(VENV)/.installed-optimize))
LOCK = $(subst .installed,requirements,$(notdir $(or $(KEPT),.installed))).lock

$(VENV)/.installed: $(VENV)/.made requirements.lock
	@echo "Installing what Tandem runs on ..."
	@$(SYNC) $(LOCK) requirements-boot.lock
	@touch $@

$(VENV)/.installed-optimize: $(VENV)/.made requirements-optimize.lock
	@echo "Installing what Tandem and its optimizer run on ..."
	@$(SYNC) $(if $(wildcard $(VENV)/.installed-dev),requirements-dev.lock,requirements-optimize.lock) requirements-boot.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made requirements-dev.lock
	@echo "Installing what Tandem and its tests run on ..."
	@$(SYNC) requirements-dev.lock requirements-boot.lock
	@touch $@
