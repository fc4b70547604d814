# `make up` runs it, `make test` tests it. Each target sets up what it needs, in .venv.

PYTHON ?= $(shell for name in python3 python python3.14 python3.13 python3.12 python3.11; do \
	command -v $$name >/dev/null 2>&1 && \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
UP ?=
# Most tests wait for a Traefik for most of their time: one more at a time than there are cores on a small machine.
PARALLEL ?= --numprocesses 3 --dist worksteal

# Hundreds of programs are started by the tests: each would compile the package anew.
test soak bench: export PYTHONDONTWRITEBYTECODE :=

.PHONY: help up test soak check bench messages screenshots lock clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

up: $(VENV)/.run ## Migrate, serve, run Traefik and a small demo; Ctrl-C stops all (UP="--web-port 9090" adds options)
	@exec $(BIN)/wayshub-provider up --demo $(UP)

test: $(VENV)/.dev ## Run the tests, and a part of those that take long
	$(BIN)/python -m pytest $(PARALLEL) --part -m "not bench and not soak"

soak: $(VENV)/.dev ## Run the tests in full: more random cases, longer loads
	SOAK=1 $(BIN)/python -m pytest $(PARALLEL) -m "not bench" --timeout 3600
	SOAK=1 $(BIN)/python -m pytest $(PARALLEL) -m "not bench" --timeout 3600 --database postgresql \
		tests/api tests/test_revisions.py tests/test_undos.py

check: $(VENV)/.dev ## Check format, lint, types, migrations, and packages for known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.migrations_check
	$(BIN)/python -m tests.audit_check

bench: $(VENV)/.dev ## Measure, as ratios within one run
	$(BIN)/python -m pytest -m bench --timeout 1800 -s tests/benchmarks

messages: $(VENV)/.dev ## Update the message catalogues from code and templates
	$(BIN)/python -m tests.messages

screenshots: $(VENV)/.dev ## Take the pictures of the console in docs/ again (needs a Chromium)
	$(BIN)/python -m tests.browser.gallery

lock: $(VENV)/.dev ## Renew the lock files from pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url \
		--python-version 3.11 --extra edge --extra postgresql --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-emit-index-url \
		--python-version 3.11 --extra edge --extra postgresql --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

# Quiet pip would leave people before a still screen for a minute or more: this tells what it is at, in short.
define install
	@rm -f $@
	@{ $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r $(1) && touch $@; } | \
		while read -r word name rest; do case "$$word $$rest" in \
			Collecting*|Processing*) name=$${name##*/}; name=$${name%%==*}; printf ' %s' "$${name%%-[0-9]*}";; \
			Downloading*MB*) printf ' %s' "$$rest";; \
			Installing*) printf ' … unpacking …';; \
		esac; done; echo
	@test -f $@ || { echo "It did not work: what is wrong stands above. Then run make again."; exit 1; }
endef

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer, with venv, is needed: install it, or run make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up the environment in $(VENV) with $(PYTHON) …"
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.locked: $(BIN)/python requirements.lock
	@echo "Installing what the service needs, Traefik included: some 100 MB, once …"
	$(call install,requirements.lock)

$(VENV)/.run: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing what the tests need …"
	$(call install,requirements-dev.lock)
