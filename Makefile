# Every target makes what it needs in .venv on its first run. `make` alone prints this list.
# Another Python: make PYTHON=python3.12 test

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := bash
.NOTPARALLEL:

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUTF8 := 1

.PHONY: help brief test check bench verify browser docs clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

brief: $(VENV)/.runtime ## Write the migration briefing to out/brief
	@$(BIN)/qonys brief -o out/brief

test: check ## Everything that CI runs: the checks, then the tests
	$(BIN)/python -m pytest -q -n $(JOBS)

check: $(VENV)/.dev ## Format, lint, types, import layers, docstrings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@echo $(BIN)/numpydoc lint src
	@$(BIN)/numpydoc lint $$(find src -name '*.py')

bench: $(VENV)/.bench ## Measure against other programs, as ratios (benchmarks/*.py)
	@shopt -s nullglob; set -- benchmarks/*.py; \
	if [ $$# -eq 0 ]; then echo "No benchmark yet: benchmarks/ is empty."; fi; \
	for file; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

verify: $(VENV)/.verify ## The long tests: slow and statistical
	@$(BIN)/python -m pytest -q -n $(JOBS) -m "slow or statistical"; rc=$$?; \
	if [ $$rc -eq 5 ]; then echo "No slow or statistical test yet."; else exit $$rc; fi

browser: $(VENV)/.browser brief ## The pages in Chromium: accessibility, layout, no network
	@$(BIN)/qonys rules page -o out/rules --on 2026-11-01
	@$(BIN)/qonys survey table -o out/survey >/dev/null; [ $$? -le 1 ] || exit 2
	@for lang in en ru kk; do $(BIN)/qonys claims check tests/browser/press.md --lang $$lang \
		-o out/claims/press.$$lang.html >/dev/null; [ $$? -le 1 ] || exit 2; done
	QONYS_PAGES=out $(BIN)/python -m pytest -q --tb=short -m browser tests/browser

docs: $(VENV)/.docs ## Build the documentation into site/, readable offline
	$(BIN)/python tools/cli_page.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo site/index.html

clean: ## Remove everything that the other targets made
	rm -rf $(VENV) out site dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# One environment, six stamps. Each follows pyproject.toml, so that a changed dependency is installed.

$(VENV)/.made:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$python -m venv --clear $(VENV) && touch $@; exit; \
	  fi; \
	done; \
	echo "Qonys needs Python 3.11 or newer, and found none ($(PYTHON): $$($(PYTHON) --version 2>&1))."; \
	echo "Install one, then for example: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; \
	exit 1

$(VENV)/.runtime: extra :=
$(VENV)/.dev: extra := [dev]
$(VENV)/.docs: extra := [docs]
$(VENV)/.bench: extra := [dev,bench]
$(VENV)/.verify: extra := [dev,verify]
$(VENV)/.browser: extra := [dev,browser]
$(VENV)/.runtime $(VENV)/.dev $(VENV)/.docs $(VENV)/.bench $(VENV)/.verify $(VENV)/.browser: $(VENV)/.made pyproject.toml
	@echo "Installing what this needs into $(VENV) (once, a minute or two) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.$(extra)'
	@touch $@
