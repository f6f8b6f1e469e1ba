# Everything sets itself up in .venv: Python 3.11 or newer, a C++ compiler and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test lint bench docs clean

run: $(READY)
	$(BIN)/python examples/digits -o build

test: $(READY)
	$(BIN)/python -m pytest -n auto -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/basedpyright

bench: $(READY)
	$(BIN)/python benchmarks -o build/bench.json

docs: $(READY)
	$(BIN)/python docs/build.py -o build/docs

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  -e '.[demo,test,lint,docs]'
	touch $@

clean:
	rm -rf build $(VENV)
