# driftline: `make demo` and `make test` need Python 3.11 to 3.14 and make, nothing else. `make help` lists the targets.

VENV := .venv
BIN  := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

# The first interpreter on this machine that runs, is of a supported version and can make environments; PYTHON=… overrides.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
SUITABLE   := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON     ?= $(shell for p in $(CANDIDATES); do "$$p" -c '$(SUITABLE)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

# Stamps lie inside the environment, so that deleting it is all it takes to begin again.
RUNTIME := $(VENV)/.installed-runtime
TESTING := $(VENV)/.installed-test
BROWSER := $(VENV)/.installed-browser
AZ_VENV := .venv-azure-cli
AZURE_CLI := $(AZ_VENV)/.installed
PIP     := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

.DEFAULT_GOAL := help
.PHONY: help demo test lint format honesty browser store azure-cli bench deployment docs picture lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(RUNTIME) ## scan the drifted reference deployment on the simulator; reports in driftline-out/
	$(BIN)/driftline demo --output driftline-out

test: lint ## lint, then every test
	$(BIN)/python -m pytest -n auto --dist loadgroup

lint: $(TESTING) ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(TESTING) ## let ruff mend what it can, then format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

honesty: $(TESTING) ## 10,000 examples of the promise that what was not read never passes
	DRIFTLINE_EXAMPLES=5000 $(BIN)/python -m pytest -n 2 tests/honesty/test_no_false_pass.py

browser: $(BROWSER) ## drive the HTML report in Chromium, which must be at /usr/bin/chromium
	$(BIN)/python -m pytest tests/browser/report_page.py

store: $(TESTING) ## hold the history against a PostgreSQL of its own, which must be in /usr/lib/postgresql
	DRIFTLINE_TEST_STORE=postgresql $(BIN)/python -m pytest tests/store

azure-cli: $(TESTING) $(AZURE_CLI) ## let the real az deploy and remediate against the simulator
	DRIFTLINE_AZ=$(CURDIR)/$(AZ_VENV)/bin/az $(BIN)/python -m pytest -n 2 tests/azure_cli/*.py

bench: $(TESTING) ## speed, memory and scale; prints a table
	$(BIN)/python -m benchmarks

deployment: $(RUNTIME) ## join the parts of the reference deployment into main.json
	$(BIN)/python docs/make_main_template.py

docs: $(RUNTIME) ## write the pages on controls in docs/controls/ and the commands in docs/commands.md anew
	$(BIN)/driftline rules docs
	$(BIN)/python docs/make_commands.py

picture: $(RUNTIME) ## draw docs/summary.svg and docs/architecture-drifted.svg anew, which the README shows
	$(BIN)/python docs/make_picture.py

lock: ## bring the lock files up to pyproject.toml; UPGRADE=1 takes the newest versions too
	@test -x build/lock/bin/uv || { "$(PYTHON)" -m venv build/lock && build/lock/bin/python -m pip --quiet install uv; }
	build/lock/bin/uv $(COMPILE) --output-file requirements.lock
	build/lock/bin/uv $(COMPILE) --extra test --output-file requirements-test.lock
	build/lock/bin/uv $(COMPILE) --extra browser --output-file requirements-browser.lock
	build/lock/bin/uv $(LOCKED) requirements/azure-cli.in --output-file requirements-azure-cli.lock

LOCKED  = pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)
COMPILE = $(LOCKED) pyproject.toml requirements/build.in

clean: ## remove the environment, caches and built files
	rm -rf $(VENV) $(AZ_VENV) build dist driftline-out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "driftline needs Python 3.11 to 3.14 with venv; name one: make PYTHON=/path/to/python3" >&2; exit 2; }
	"$(PYTHON)" -m venv $(VENV)

# Wheels and hashes only from the lock file; then the checkout itself, by the locked build backend, so that nothing else is fetched.
$(RUNTIME): requirements.lock pyproject.toml hatch_build.py | $(BIN)/python
	$(PIP) install --require-hashes --no-deps --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTING): requirements-test.lock $(RUNTIME)
	$(PIP) install --require-hashes --no-deps --requirement requirements-test.lock
	@touch $@

# az has an environment of its own: it pins libraries that driftline uses in other versions.
$(AZURE_CLI): requirements-azure-cli.lock | $(BIN)/python
	"$(PYTHON)" -m venv $(AZ_VENV)
	$(AZ_VENV)/bin/python -m pip --disable-pip-version-check --no-input -qq install --require-hashes --no-deps --requirement $<
	@touch $@

$(BROWSER): requirements-browser.lock $(TESTING)
	$(PIP) install --require-hashes --no-deps --requirement requirements-browser.lock
	@touch $@
