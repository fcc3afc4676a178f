# The two commands of the README, and what they are made of. Needs make, Python >= 3.11 and a package index; nothing else.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := .venv/bin/

# The interpreter that you named, not one that uv would download.
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help install demo test check bench bench-diagnosis campaign clean

help:
	@echo "make demo     a real fault in a small city becomes one ticket, led through the procedure (2 minutes)"
	@echo "make test     everything that must pass"
	@echo "make install  .venv/bin/netwatch, nothing else"
	@echo "make check    format, lint, types, layers, dead code, dependencies"
	@echo "make bench    what probing and storing cost on this machine"
	@echo "make bench-diagnosis  how often the cause is right, beside other rules (minutes; QUICK=1: seconds)"
	@echo "make campaign hours of crashes, storms and kills; make test takes a sample of them"

install: .venv/.installed

.venv/.installed: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --python "$(PYTHON)"
	@touch $@

$(UV):
	@"$(PYTHON)" -c 'import sys; sys.version_info >= (3, 11) or sys.exit("netwatch needs Python 3.11 or newer; %s is %s. Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" % (sys.executable, sys.version.split()[0]))'
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo 'this Python cannot make virtual environments; on Debian: apt-get install python3-venv' >&2; exit 1; }
	"$(PYTHON)" -m venv .tools
	.tools/bin/python -m pip install --quiet "uv==$(UV_VERSION)"

demo: install
	@$(RUN)python -m tests.lab.demo $(if $(KEEP),--keep)

test: install
	@sh tests/packages.sh
	@$(MAKE) --no-print-directory check
	@sh tests/run.sh

check: install
	$(RUN)ruff format --check .
	$(RUN)ruff check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)vulture
	$(RUN)deptry .

bench: install
	@for file in bench/*.py; do echo "== $$file"; $(RUN)python "$$file" || exit 1; done

bench-diagnosis: install
	$(RUN)python -m bench.diagnosis $(if $(QUICK),--quick,--write docs) $(if $(SEEDS),--seeds $(SEEDS))

campaign: install
	NETWATCH_CAMPAIGN=1 $(RUN)pytest tests/stories tests/unit/probe/test_traps_fuzz.py tests/unit/probe/test_snmp_fuzz.py
	NETWATCH_KILLS=200 $(RUN)pytest -rP tests/process/test_kill.py

clean:
	rm -rf .venv .tools .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist
