# `make run` serves ClientLine, `make test` runs every check; both need only Python 3.11 or newer and a network.

# The first that runs: a name on the PATH may be an empty promise (pyenv), or too old (macOS).
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python3.14; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
VENV_PYTHON = .venv/bin/python
PIP = $(VENV_PYTHON) -m pip --disable-pip-version-check

help:
	@echo "make run     serve ClientLine with a database and demo data of its own (HOST, PORT and DATABASE_URL change that)"
	@echo "make test    linter, migrations, API document and the whole test suite"
	@echo "make check   the same without the test suite"
	@echo "make lint    linter only"
	@echo "make format  let the linter mend what it can"

run: .venv/requirements
	@$(VENV_PYTHON) manage.py up --demo

test: check
	$(VENV_PYTHON) -m pytest --numprocesses auto

check: lint
	$(VENV_PYTHON) manage.py makemigrations --check --dry-run
	$(VENV_PYTHON) manage.py spectacular --validate --fail-on-warn --file /dev/null

lint: .venv/requirements-dev
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

format: .venv/requirements-dev
	$(VENV_PYTHON) -m ruff format .
	$(VENV_PYTHON) -m ruff check --fix .

# The two stamps below are touched only after pip succeeded.
.venv/requirements: requirements.txt $(VENV_PYTHON)
	@echo "Installing what ClientLine needs (once, until requirements.txt changes) ..."
	@$(PIP) install --requirement requirements.txt
	@touch $@

.venv/requirements-dev: requirements-dev.txt .venv/requirements
	@echo "Installing what the tests need ..."
	@$(PIP) install --requirement requirements-dev.txt
	@touch $@

$(VENV_PYTHON):
	@test -n "$(PYTHON)" || { echo "ClientLine needs Python 3.11 or newer, and none was found: install it, or say make PYTHON=/path/to/python3."; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: on Debian and Ubuntu, apt install python3-venv."; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version) ..."
	@"$(PYTHON)" -m venv --clear .venv

.PHONY: help run test check lint format
