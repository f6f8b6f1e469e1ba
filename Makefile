# Everything sets itself up in .venv: Python 3.11 or newer, a C++ compiler and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test nightly lint bench docs clean

run: $(READY)
	$(BIN)/python examples/digits -o build

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal -q --durations=10

nightly: $(READY)
	BITWRIGHT_DRAWN=1000 $(BIN)/python -m pytest -n auto -q --durations=0 \
		tests/verif/nightly.py tests/verif/test_drawn_configurations.py tests/faults/nightly.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/basedpyright

bench: $(READY)
	$(BIN)/python benchmarks -o build/bench.json

docs: $(READY)
	$(INSTALL) -e '.[docs]'
	$(BIN)/python docs/build.py -o build/docs

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python must be 3.11 or newer; set PYTHON=python3.x")'
	@echo "Setting up $(VENV): packages from PyPI, about a minute"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -e '.[demo,test,lint,fpga]'
	@touch $@

clean:
	rm -rf build $(VENV)
