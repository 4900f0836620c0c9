# Every target does its own set-up; only Python 3.11 or 3.12, make and git have to be there.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
# The folder of the corpora that `make bench` measures on.
DATA ?=
RUN := $(VENV)/bin
export NO_MKDOCS_2_WARNING = 1
SETUP := $(PYTHON) tools/setup_env.py $(VENV)

.PHONY: demo test test-slow check bench docs images clean
.DEFAULT_GOAL := help

.PHONY: help
help:
	@echo "make demo       align two English sentences, and an English and a French one, and show the evidence"
	@echo "make test       the fast tests, with the examples in the docstrings and in docs/"
	@echo "make test-slow  the tests that take longer, and those of what other libraries are given"
	@echo "make check      format, lint, types, floors, docs"
	@echo "make bench      the benchmarks; they write their tables into docs/results.md"
	@echo "make docs       build the documentation into site/"
	@echo "make images     draw the pictures in docs/images again"
	@echo "make clean      remove what was built; the virtual environment stays"

demo:
	@$(SETUP) offline
	@$(RUN)/latentalign align "Where can I renew my travel document?" "Passports are renewed at the city office."
	@echo; $(RUN)/latentalign align --model en-fr "the black cat sleeps on the mat" "le chat noir dort sur le tapis"

test:
	@$(SETUP) test
	$(RUN)/pytest -n $(JOBS) -m "not slow"

test-slow:
	@$(SETUP) test,integrations
	$(RUN)/pytest -m slow

check:
	@$(SETUP) check
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/mkdocs build --strict --quiet

bench:
	@$(SETUP) bench
	$(RUN)/python -m benchmarks $(if $(DATA),--data $(DATA))

docs:
	@$(SETUP) docs
	$(RUN)/mkdocs build --strict

images:
	@$(SETUP) offline
	$(RUN)/latentalign align "Where can I renew my travel document?" "Passports are renewed at the city office." \
	    --format svg > docs/images/alignment.svg

clean:
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks tools docs -name __pycache__ -type d -prune -exec rm -rf {} +
