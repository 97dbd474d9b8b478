# The two commands: `make lab` runs the tutorial's experiment, `make test` runs every check. Both set up what they need.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell tools/choose-python)
SCENARIO ?= textbook
KERNELS := setup.py $(wildcard src/synfin/_kernels/*.py src/synfin/_kernels/*.pxd)
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
# What tests run besides Python: compiler and headers for the kernels, the tools we compare with, a browser, the network's.
TEST_PACKAGES := gcc python3-dev tshark tcptrace chromium fonts-noto-cjk nftables iproute2 zsh fish

# What only the benchmarks compare with.
BENCH_PACKAGES := argus-server tcpdump gzip

export ALLOW_MISSING
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help lab build test lint types imports pytest test-packages format agreement fields filters outputs accuracy peers bench docs clean

help:
	@echo 'make lab         run server, client and sniffer, and explain the connection (SCENARIO=textbook)'
	@echo 'make test        lint, types, import contract and every test (ALLOW_MISSING=tshark,... accepts what is not there)'
	@echo 'make build       the environment in $(VENV), with the kernels compiled from their present sources'
	@echo 'make agreement   compare with tshark on every capture at hand'
	@echo 'make fields      compare every field, as -T fields and -T json, with tshark on every capture at hand'
	@echo 'make filters     compare 5,000 display filters with tshark'
	@echo 'make outputs     compare what is printed and written, option by option, with tshark on every capture at hand'
	@echo 'make accuracy    measure the second opinion and tshark against truth, and write docs/accuracy.md'
	@echo 'make peers       compare with tcptrace, Arkime, tcpdump and Suricata on every capture at hand'
	@echo 'make bench       measure speed and memory beside other tools, and write docs/benchmarks.md (BENCH=--quick to try)'
	@echo 'make docs        draw again what the documentation generates'
	@echo 'make format      put the code in ruff'"'"'s format'
	@echo 'make clean       remove everything that was made here'

lab: build
	$(BIN)/synfin lab $(SCENARIO)

# --- the environment ---------------------------------------------------------

build: $(VENV)/installed

$(VENV)/made:
	@test -n "$(PYTHON)"
	tools/make-environment $(VENV) $(PYTHON)
	@touch $@

# As root the compiler is seen to; not as root the build goes on without, and says so.
define install
@tools/debian-packages gcc python3-dev || true
@echo 'installing $(1) into $(VENV)'
@$(PIP_INSTALL) --verbose --editable '$(1)' > $(VENV)/install.log 2>&1 || { tail -n 40 $(VENV)/install.log; exit 1; }
@grep -m 1 -o 'warning: synfin kernels not compiled.*' $(VENV)/install.log || true
@touch $(VENV)/installed
endef

SOURCES := $(VENV)/made pyproject.toml constraints.txt $(KERNELS)

$(VENV)/installed: $(SOURCES)
	$(call install,.)

$(VENV)/installed-dev: $(SOURCES)
	$(call install,.[dev])
	@touch $@

# --- tests -------------------------------------------------------------------

# All four even when one fails: a long line must not hide a failing test.
test:
	@$(MAKE) --no-print-directory --keep-going lint types imports pytest

test-packages:
	@tools/debian-packages $(TEST_PACKAGES) || true

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/installed-dev
	$(BIN)/mypy

imports: $(VENV)/installed-dev
	$(BIN)/lint-imports --no-cache

pytest: test-packages $(VENV)/installed-dev
	$(BIN)/python -m pytest

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

# --- measures and documents --------------------------------------------------

agreement: test-packages $(VENV)/installed-dev
	$(BIN)/python bench/agreement.py

fields: test-packages $(VENV)/installed-dev
	$(BIN)/python bench/fields_covered.py
	$(BIN)/python bench/fields_agreement.py

filters: test-packages $(VENV)/installed-dev
	$(BIN)/python bench/filters_agreement.py

outputs: test-packages $(VENV)/installed-dev
	$(BIN)/python bench/output_agreement.py

accuracy: test-packages $(VENV)/installed-dev
	$(BIN)/python bench/accuracy.py

peers: test-packages $(VENV)/installed-dev
	$(BIN)/python bench/peers.py

bench: test-packages $(VENV)/installed-dev
	@tools/debian-packages $(BENCH_PACKAGES) || true
	$(BIN)/python bench/suite.py --write $(BENCH)

docs: $(VENV)/installed-dev
	@for script in docs/make_*.py; do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

clean:
	rm -rf $(VENV) build dist src/*.egg-info src/synfin/_kernels/*.so src/synfin/_kernels/*.c
	rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache .synfin
	find src tests bench docs -name __pycache__ -type d -prune -exec rm -rf {} +
