# Needs Python 3.11 or newer and make; everything else is set up in .venv.
PYTHON ?= python3
CONFIG ?= configs/walkthrough.yaml
BIN := .venv/bin

.PHONY: run test lint bench same schema clean

run: .venv/ready            ## run CONFIG and say where the files are
	$(BIN)/backprop-trace run $(CONFIG)

test: .venv/ready-dev       ## run the whole test suite
	$(BIN)/pytest -n auto --dist worksteal -ra

lint: .venv/ready-dev       ## the linter, the formatter and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready-dev      ## measure the speeds that the README states
	$(BIN)/python benchmarks/bench.py

same: .venv/ready-dev       ## compare what BASE (a revision) writes with what this tree writes
	$(BIN)/python benchmarks/same.py $(BASE)

schema: .venv/ready         ## write the JSON Schema that editors use
	$(BIN)/backprop-trace schema > configs/schema.json

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "backprop-trace needs Python 3.11 or newer; choose one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/ready: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
