# Everything from a fresh clone: `make demo` shows it, `make test` tests it.
# What is missing is installed: Debian packages where this is root, Python packages into .venv.

VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTHON ?= python3
ROOT   := $(filter 0,$(shell id -u))
JOBS   ?= 4
LAB    := PYTHONPATH=tests $(BIN)/python -m lab $(if $(RELEASE),--release $(RELEASE))

# Compiled once, as where pip has installed it, and not at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-fast test-engine test-short test-releases test-incidents prepare check format lab lab-down bench screenshots clean

help:
	@echo 'make demo         the board on a simulated cluster'
	@echo 'make test         all tests; as root with those on a real cluster made of namespaces'
	@echo 'make test-engine  of these only those in which nodes die and migrations fail (root)'
	@echo 'make test-short   the shortest of them, with RELEASE=trixie on that Debian (root)'
	@echo 'make test-releases  the tests of the lab on bookworm, trixie and sid, and in between (root)'
	@echo 'make test-incidents  twelve kinds of incident, and why each happened (root); RELEASE=trixie,'
	@echo '                  INCIDENTS=3: each three times'
	@echo 'make test-fast    the tests that need no lab'
	@echo 'make check        ruff, mypy, import contracts'
	@echo 'make lab          a real cluster on this machine, and the board on it (root);'
	@echo '                  RELEASE=trixie: of that Debian (bookworm, trixie, sid), or one for each node'
	@echo 'make lab-down     take that cluster down'
	@echo 'make bench        benchmarks: ratios against something run beside it (root);'
	@echo '                  with RELEASE=trixie on that Debian; BENCH='--only standby''
	@echo 'make screenshots  draw the pictures of the README again'

demo: $(STAMP)
	@$(BIN)/vmferry demo

# Side by side, since the lab's tests mostly wait for migrations; each worker has a lab of its own.
# In the order of collection, with the lab's files first: some workers take from either end.
SIDE_BY_SIDE := -n $(JOBS) --dist loadfile --no-loadscope-reorder

test: $(STAMP)
	$(BIN)/pytest $(SIDE_BY_SIDE) -m 'not upgrade and not incident'

# Fetches what tests need, and that of RELEASE, so that it need not be waited for later.
prepare: $(STAMP)
	$(LAB) prepare

# What every release must pass in every run: RELEASE=trixie. In no other directories than these.
ON_EACH := tests/test_lab.py tests/live tests/suite tests/engine tests/acts tests/doctor \
           tests/doctor_storage tests/pacemaker/test_scheduler.py
test-short: $(STAMP)
	VMFERRY_LAB_RELEASE=$(RELEASE) $(BIN)/pytest $(SIDE_BY_SIDE) -m 'short and lab' $(ON_EACH)

RELEASES := bookworm trixie sid
test-releases: $(addprefix test-release-,$(RELEASES))
	$(BIN)/pytest $(SIDE_BY_SIDE) -m upgrade

test-release-%: $(STAMP)
	VMFERRY_LAB_RELEASE=$* $(BIN)/pytest $(SIDE_BY_SIDE) -m 'lab and not upgrade' $(ON_EACH)

# What it says of incidents that it knows nothing of beforehand; by itself, since each is a minute.
test-incidents: $(STAMP)
	VMFERRY_LAB_RELEASE=$(RELEASE) VMFERRY_INCIDENTS=$(or $(INCIDENTS),1) \
	  $(BIN)/pytest $(SIDE_BY_SIDE) -m incident

test-engine: $(STAMP)
	$(BIN)/pytest $(SIDE_BY_SIDE) tests/engine

test-fast: $(STAMP)
	$(BIN)/pytest $(SIDE_BY_SIDE) -m 'not lab'

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lab: $(STAMP)
	@$(LAB) board

lab-down: $(STAMP)
	$(LAB) down

bench: $(STAMP)
	VMFERRY_LAB_RELEASE=$(RELEASE) PYTHONPATH=tests $(BIN)/python -m bench $(BENCH)

screenshots: $(STAMP)
	$(BIN)/python screenshots/make.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# libvirt-python builds from source. Where its headers are missing and this is not root, vmferry is
# installed without it: Pacemaker's half works, and the board says what is missing.
$(STAMP): pyproject.toml
ifeq ($(ROOT),0)
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null && pkg-config --exists libvirt 2>/dev/null && command -v cc >/dev/null && command -v ssh >/dev/null || { \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    gcc libc6-dev libvirt-dev openssh-client pkg-config python3-dev python3-venv >/dev/null; }
endif
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo 'vmferry: $(PYTHON) has no venv: as root, apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@if pkg-config --exists libvirt 2>/dev/null; then \
	  $(BIN)/python -m pip install --quiet --editable '.[libvirt]' --group dev; \
	else \
	  echo 'libvirt-dev is not installed: going on without libvirt-python'; \
	  $(BIN)/python -m pip install --quiet --editable . --group dev; \
	fi
	@touch $@
