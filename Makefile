# Needs Python 3.11 or newer and make; everything else is set up in .venv.
CONFIG ?= configs/walkthrough.yaml
ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
EXE := .exe
SHELL := bash
else
PYTHON ?= python3
BIN := .venv/bin
EXE :=
endif
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test test-all attack lint bench same schema docs wheel clean

run: .venv/ready            ## run CONFIG and print the paths of the files
	$(BIN)/backprop-trace run $(CONFIG)

help:                       ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

test: .venv/ready-dev       ## run the test suite, up to 5 minutes on 2 cores
	$(BIN)/pytest -n auto --dist worksteal -ra -m "not long"

test-all: test              ## run the long tests as well, up to 20 minutes
	$(BIN)/pytest -n auto --dist worksteal -ra -m long

attack: .venv/ready-dev     ## check a thousand damaged workbooks and run ten thousand changed configs, in 30 minutes
	$(BIN)/python -m tests.damage 1000
	$(BIN)/python -m tests.mutants 10000

lint: .venv/ready-dev       ## run the linter, the formatter and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready-dev      ## measure the speeds that docs/speed.md states; BENCH="--only csv" a part
	$(BIN)/python benchmarks/bench.py $(BENCH)

same: .venv/ready-dev       ## compare what BASE (a revision) writes with what this tree writes
	$(BIN)/python benchmarks/same.py $(BASE)

schema: .venv/ready         ## write the JSON Schema that editors use
	$(BIN)/backprop-trace schema > configs/schema.json

docs: .venv/ready-dev       ## write the tables of the documentation anew
	$(BIN)/python -m tests.pages

wheel: .venv/ready-dev      ## build the wheel and the source distribution in dist, and check them
	rm -rf dist
	$(BIN)/python -m build --quiet
	$(BIN)/twine check --strict dist/*

$(BIN)/python$(EXE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "backprop-trace needs Python 3.11 or newer; choose one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/ready: $(BIN)/python$(EXE) pyproject.toml
	$(PIP) -e .
	@touch $@

.venv/ready-dev: .venv/ready
	$(PIP) -e '.[dev]'
	@touch $@

clean:                      ## remove everything that was set up or built
	rm -rf .venv build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
