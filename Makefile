# Everything that a developer or an operator does with a checkout. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
PORT ?= 3000
DATA ?= data
DEMO ?=
CORPORA ?= ../shared/data/moderation
BIN := .venv/bin
# Debian's Python makes environments without pip where python3-venv is missing; then its own pip fills them.
PIP = $$($(BIN)/python -c "import pip" 2>/dev/null && echo $(BIN)/python -m pip || echo $(PYTHON) -m pip --python $(BIN)/python)
INSTALL = $(PIP) install --quiet --disable-pip-version-check

.PHONY: help install run test lint format types imports bench bench-continuity faults model eval lock clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make run takes PORT=$(PORT) DATA=$(DATA) and DEMO=1 for a small living community."

# The environment is built from hashes, so that what runs is what was tested.
.venv/installed: requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv >/dev/null || $(PYTHON) -m venv --without-pip .venv
	@$(INSTALL) --use-pep517 --require-hashes -r requirements/run.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/installed-dev: .venv/installed requirements/dev.lock
	@$(INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@

tests/clients/node_modules/.installed: tests/clients/package-lock.json
	@cd tests/clients && npm ci --silent --no-audit --no-fund
	@touch $@

install: .venv/installed  ## Build .venv with .venv/bin/rostra in it

run: .venv/installed  ## Start a development server on http://localhost:PORT
	@exec $(BIN)/rostra up --dev --data "$(DATA)" --port "$(PORT)" --domain "localhost:$(PORT)" $(if $(DEMO),--demo)

test: .venv/installed-dev tests/clients/node_modules/.installed  ## Install what the tests need and pass them
	@tests/need-debian
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: .venv/installed-dev types imports  ## Check style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/installed-dev
	@$(BIN)/basedpyright

imports: .venv/installed-dev
	@$(BIN)/lint-imports --no-cache

format: .venv/installed-dev  ## Put the code into its form
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

bench: .venv/installed-dev  ## Measure the hot paths (several minutes)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-continuity: .venv/installed-dev  ## Lose machines and count what is lost (twenty minutes)
	@$(BIN)/python -m benchmarks continuity $(ARGS)

faults: .venv/installed-dev  ## Break each part of continuity on purpose (ten minutes)
	@$(BIN)/python -m benchmarks faults $(ARGS)

model: .venv/installed-dev  ## Train the text model on CORPORA (some minutes)
	@$(BIN)/python -m training model --corpora "$(CORPORA)"

eval: .venv/installed-dev  ## Measure the text model on what it has not seen
	@$(BIN)/python -m training eval --corpora "$(CORPORA)" $(ARGS)

lock: .venv/installed-dev  ## Resolve the dependencies anew
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -o requirements/run.lock pyproject.toml requirements/build.in -c requirements/constraints.in
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 -o requirements/dev.lock requirements/dev.in -c requirements/run.lock

clean:  ## Remove the environment and caches, never data
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis tests/clients/node_modules
