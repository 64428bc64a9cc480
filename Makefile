# Two commands do everything: `make demo` and `make test`. Everything installs into .venv, hash-pinned.

NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
  $$python $(NEW_ENOUGH) 2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
ARGS ?=
export UV_SYSTEM_CERTS ?= 1
export UV_LINK_MODE ?= copy
# What is imported is compiled once for all processes, also where the environment says not to keep it.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo serve test test-postgres thorough lint check format lock wheel screenshots clean
.DEFAULT_GOAL := help

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 15

demo: .venv/runtime  ## Clear the east-west market from nothing and show it (ARGS="--once --policy green …")
	@$(BIN)/suanli demo $(ARGS)

serve: .venv/runtime  ## Serve an exchange on SQLite (suanli.db)
	@$(BIN)/suanli init --scenario east_west && $(BIN)/suanli serve $(ARGS)

test: .venv/test  ## Run every test (ARGS="-k name" for some)
	@$(BIN)/python -m pytest -n 3 --dist loadscope $(ARGS)

test-postgres: .venv/test  ## Run every test that opens a database, each on PostgreSQL alone
	@$(BIN)/python -m pytest -n 3 --dist loadscope --engine postgres -m "postgres or sqlite" -rs $(ARGS)

thorough: .venv/test  ## Run every test as often as a release promises (an hour)
	@SUANLI_THOROUGH=1 $(BIN)/python -m pytest -n 3 --dist loadscope $(ARGS)

lint: .venv/test  ## Lint, types, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

check: lint  ## Lint and the fast tests, in a minute or two
	@$(BIN)/python -m pytest -n 3 --dist loadscope -m "not slow and not browser and not postgres" $(ARGS)

format: .venv/test  ## Format and sort imports
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

wheel: .venv/test  ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation

lock: .venv/tool  ## Resolve the locks anew
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgres --group build -o requirements.lock
	@$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgres --group test -o requirements-test.lock
	@echo uv | $(BIN)/uv pip compile $(filter-out pyproject.toml,$(LOCK_FLAGS)) - -o requirements-tool.lock

LOCK_FLAGS := pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade

screenshots: .venv/test  ## Look at the shipped day and save every view into docs/images
	@PYTHONPATH=.:tests $(BIN)/python tests/browser/screenshots.py $(ARGS)

clean:  ## Remove what was installed and built
	rm -rf .venv build dist *.egg-info tests/output

.venv/tool: requirements-tool.lock
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer was found; name one with make PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "error: venv is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tool.lock
	@touch $@

.venv/runtime: .venv/tool requirements.lock pyproject.toml
	@echo "Installing Suanli Exchange into .venv …"
	@$(call install,requirements.lock)
	@touch $@

.venv/test: .venv/tool requirements-test.lock pyproject.toml
	@echo "Installing Suanli Exchange and its test tools into .venv …"
	@$(call install,requirements-test.lock)
	@touch .venv/runtime $@

# uv takes seconds; where it cannot run, pip takes a minute and gives the same.
define install
if $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1); then \
  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
else \
  $(BIN)/python -m pip install --quiet --require-hashes -r $(1) && \
  $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e . ; \
fi
endef
