# Two commands on a fresh machine with Python 3.11+ and make: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
FONTS := var/fonts/.ready
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))
UV_VERSION := 0.13.9
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-sqlite test-postgresql e2e lint audit bench check-migrations translations clean

help: ## this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.11")'
	@echo "Setting up .venv (once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --quiet --frozen --inexact --all-extras
	@touch $@

$(FONTS): $(READY)
	@$(BIN)/python -m app.reports.fonts
	@touch $@

%.mo: %.po | $(READY)
	@$(BIN)/pybabel -q compile -i $< -o $@

run: $(READY) $(FONTS) $(CATALOGUES) ## set up, load the demo world, serve on http://127.0.0.1:8000 (PORT=…)
	@DEMO=1 $(BIN)/python run.py

test: test-sqlite test-postgresql ## the whole suite on both databases

# The browser tests run in processes of their own: after them in one process the garbage collector was seen to crash (cause not found).
test-sqlite: $(READY) $(FONTS) $(CATALOGUES)
	TEST_DATABASE=sqlite $(BIN)/pytest -n $(WORKERS) --dist loadfile tests/unit tests/integration tests/access
	TEST_DATABASE=sqlite $(BIN)/pytest -n $(WORKERS) --dist loadfile tests/e2e

test-postgresql: $(READY) $(FONTS) $(CATALOGUES)
	TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS) --dist loadfile tests/integration tests/access
	TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS) --dist loadfile tests/e2e

e2e: $(READY) $(FONTS) $(CATALOGUES) ## the slice in headless Chromium, on SQLite
	TEST_DATABASE=sqlite $(BIN)/pytest tests/e2e

lint: $(READY) ## ruff, mypy, import direction
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-migrations: $(READY) ## the migrations make exactly the models, on both databases
	$(BIN)/python -m tests.check_migrations

audit: $(READY) ## bill of materials (var/sbom.json) and known vulnerabilities of the locked packages; needs the network
	@mkdir -p var
	$(BIN)/uv export --quiet --frozen --no-dev --all-extras --format cyclonedx1.5 -o var/sbom.json
	$(BIN)/uv export --quiet --frozen --all-groups --all-extras --no-emit-project -o var/requirements.txt
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r var/requirements.txt

translations: $(READY) ## collect the texts of pages into the English catalogue
	@mkdir -p var && $(BIN)/python -m babel.messages.frontend -q extract -F babel.cfg -k _l -k lazy_gettext --no-location --sort-output --no-wrap -o var/messages.pot .
	@$(BIN)/pybabel -q update -l en -i var/messages.pot -d translations --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date

bench: $(READY) $(FONTS) $(CATALOGUES) ## inbox against the stock list, approvals against raw SQL (SCALE=1000000)
	$(BIN)/python -m benchmarks

clean: ## forget the demo database and files (the set-up stays)
	rm -rf var/zhicheng.db* var/files
