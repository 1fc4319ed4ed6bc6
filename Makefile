# Bare Debian with Python 3.11 and make is enough; `make help` lists what there is.
# Each setting can be given on the command line: make up CORRIDOR_GATEWAY_PORT=9090

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Where bytecode is not kept, each of the dozen processes of a stack compiles all that it loads, at every start.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Of the tests, side by side; 0 runs them all in one.
PROCESSES ?= 2
# Which ERP: reference, or tryton.
ERP ?= reference
export CORRIDOR_ERP ?= $(ERP)
CODE := activities adapters api cli domain workflows $(wildcard worker.py bench chaos) tests

.PHONY: help up demo chaos test test-chaos test-tryton fuzz audit check lock bench format clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

up: $(INSTALLED) ## Start everything on this machine until Ctrl-C; ERP=tryton takes Tryton for the ERP
	@exec $(BIN)/corridor up

demo: $(INSTALLED) ## Take purchases to money that the bank has booked, and hires to their first day, and prove it
	@exec $(BIN)/corridor demo

# How long at least, and which blows: make chaos DURATION=30m SEED=7. CASES and KILLS are the fewest of each.
DURATION ?= 10m
SEED ?= 1
CASES ?= 500
KILLS ?= 60

chaos: $(INSTALLED) ## Play hundreds of cases while everything is killed, frozen and cut off, and count the effects
	@exec $(BIN)/python -m chaos --duration $(DURATION) --seed $(SEED) --cases $(CASES) --kills $(KILLS)

test: check ## Run the checks and all tests
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --max-worker-restart 0

test-chaos: $(INSTALLED) ## Strike the stack for some minutes while cases run, and count every effect
	CORRIDOR_TEST_CHAOS=yes $(BIN)/python -m pytest tests/scenarios/test_chaos.py

test-tryton: $(INSTALLED) ## Run the tests that ask a real Tryton, which is built for them the first time
	CORRIDOR_TEST_TRYTON=yes $(BIN)/python -m pytest -k tryton

# Each round has a seed of its own; pytest names it, and --hypothesis-seed repeats the round.
FUZZ_SECONDS ?= 600
fuzz: $(INSTALLED) ## Try hostile input of new kinds on events, readers and the API for FUZZ_SECONDS, or until one gets through
	@end=$$((SECONDS + $(FUZZ_SECONDS))); round=0; while [ $$SECONDS -lt $$end ]; do \
	  seed=$$((RANDOM * 32768 + RANDOM)); round=$$((round + 1)); echo "Round $$round, --hypothesis-seed=$$seed"; \
	  CORRIDOR_FUZZ_EXAMPLES=$${CORRIDOR_FUZZ_EXAMPLES:-300} $(BIN)/python -m pytest --quiet --hypothesis-seed=$$seed \
	    tests/unit/test_fuzzed_documents.py tests/unit/test_fuzzed_files.py tests/http/test_fuzzed_events.py \
	    tests/http/test_http_walks.py; \
	done

# The advisories are fetched from the internet, so that this is no part of the tests; the tool stays out of .venv.
audit: $(INSTALLED) ## Compare all pinned packages with the known vulnerabilities (needs the internet)
	$(BIN)/uv tool run pip-audit --require-hashes --disable-pip --requirement requirements/lock.txt

check: $(INSTALLED) ## Formatting, lint, types and the import rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports

bench: $(INSTALLED) ## Measure throughput and latency against a bare workflow
	@exec $(BIN)/python -m bench

format: $(INSTALLED) ## Format the code and apply safe corrections
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# No address of a package index is written: everybody's own configuration says where packages come from.
LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--python-version 3.11
# UPGRADE=--upgrade takes the newest of everything; without it, present pins stay where they still fit.
lock: $(INSTALLED) ## Pin all dependencies anew, with hashes
	$(BIN)/$(LOCK) $(UPGRADE) --extra embedded --extra dev --output-file requirements/lock.txt pyproject.toml
	$(BIN)/$(LOCK) $(UPGRADE) --constraint requirements/lock.txt --output-file requirements/runtime.txt pyproject.toml
	$(BIN)/$(LOCK) $(UPGRADE) --output-file requirements/installer.txt requirements/installer.in
	$(BIN)/$(LOCK) $(UPGRADE) --output-file requirements/tryton.txt requirements/tryton.in

clean: ## Remove the environment, the data of the embedded stack and all caches
	rm -rf $(VENV) .corridor build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed once; again only when a pin or the project's own metadata changes.
$(INSTALLED): requirements/lock.txt requirements/installer.txt pyproject.toml deploy/check-python.sh
	@bash deploy/check-python.sh $(PYTHON)
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements/lock.txt
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
