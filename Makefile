# `make run` serves ClientLine, `make test` runs every check; both need only Python 3.11 or newer and a network.

# The first that runs and can make an environment, else the first that runs: a name on the PATH may be an empty promise
# (pyenv), or too old (macOS). The system's own comes first, as distributions build theirs with profiles of its use;
# one of pyenv's making is not, and takes a tenth longer.
SYSTEM_PYTHON = /usr/bin/python3
PYTHONS = $(SYSTEM_PYTHON) python3.13 python3.12 python3.11 python3 python3.14 python3.15
PYTHON ?= $(shell for needed in "sys, ensurepip, venv" sys; do for python in $(PYTHONS); do \
	"$$python" -c "import $$needed; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo "$$python" && exit; \
	done; done)
VENV_PYTHON = .venv/bin/python
# Only what is pinned gets in, by the hash of its wheel; building a source would fetch tools that nobody pinned.
PIP_INSTALL = -m pip --disable-pip-version-check install --require-hashes --only-binary :all: --requirement
NEXT_PYTHONS ?= python3.13 python3.14 python3.15
UV_COMPILE = .venv-tools/bin/uv pip compile --quiet --universal --generate-hashes --no-build \
	--custom-compile-command "make pins" $(UPGRADE)
AUDIT = .venv-tools/bin/pip-audit --strict --disable-pip --progress-spinner off
# Whatever is ever installed; those left out are held by requirements-dev.txt, too.
AUDITED = $(sort $(filter-out requirements.txt requirements-stripe.txt requirements-anymail.txt, \
	$(wildcard requirements*.txt)))

help:
	@echo "make run     serve ClientLine with a database and demo data of its own (HOST, PORT and DATABASE_URL change that)"
	@echo "make test    linter, migrations, API document, types and the tests (make test CLOCK=\"2027-03-28 00:30:00\" at another time)"
	@echo "make test-quick  the tests without browsers, faults, races and sweeps"
	@echo "make test-all    the tests with every combination of the sweeps, and all that are too dear for make test"
	@echo "make test-faults  a cluster of three nodes on this machine that loses one after the other; a part of CI"
	@echo "make test-cluster  the same, point in time, another major version of PostgreSQL"
	@echo "make check   the same without the test suite"
	@echo "make lint    linter only"
	@echo "make texts   gather the texts that are marked into the catalogues, and compile these"
	@echo "make docs    build the documents as a site"
	@echo "make format  let the linter mend what it can"
	@echo "make cluster three nodes of a cluster on this machine, to be broken by command"
	@echo "make pins    compile requirements*.in into requirements*.txt (UPGRADE=--upgrade renews what others need, too)"
	@echo "make audit   look the pinned releases up among the known holes; needs PyPI itself"
	@echo "make test-next  the test suite on the Django and the Pythons to come ($(NEXT_PYTHONS))"

run: .venv/requirements
	@$(VENV_PYTHON) manage.py up --demo $(DEMO)

# The suite starts some hundred Pythons: where nobody may keep what is compiled, each would compile everything again.
export PYTHONDONTWRITEBYTECODE =

# CLOCK is a moment in UTC, or so many days from now: make test CLOCK=+40.
CLOCK =
PYTEST = $(if $(CLOCK),$(SHIFT) "$(CLOCK)") $(VENV_PYTHON) -m pytest --numprocesses auto --dist loadgroup
SHIFT = $(VENV_PYTHON) -m clientline.tests.clock
APPS = clientline organizations accounts services appointments payments

test: lint
	$(call TEST_WITH_CHECKS,,one)

test-all: lint
	$(call TEST_WITH_CHECKS,--all,each)

# The checks, and then the shifted part, which has a server of its own, go on beside the rest; what they say comes last.
define TEST_WITH_CHECKS
@mkdir -p var; ($(MAKE) -s --no-print-directory check && $(if $(CLOCK),true,$(call TEST_SHIFTED,$(2)))) \
	>var/beside.log 2>&1 & beside=$$!; \
	$(PYTEST) $(1); code=$$?; wait $$beside || code=1; cat var/beside.log; exit $$code
endef
# Of `make test`, each test has its turn at one of four moments; of `make test-all` and `make test-shifted`, at each.
TEST_SHIFTED = echo "At other moments:"; $(SHIFT) --if-possible +40 \
	$(VENV_PYTHON) -m pytest --quiet -p no:xdist --moments $(1) \
	-m "clock and not (browser or faults or races)" \
	$$(grep -rls "mark\.clock" --include="test_*.py" $(APPS))

test-shifted: .venv/requirements-dev
	@$(call TEST_SHIFTED,each)

# Needs etcd-server and haproxy of Debian, and root for cables to be cut; three minutes.
test-faults: .venv/requirements-dev .venv-cluster/requirements
	$(VENV_PYTHON) -m pytest --all -rP clientline/cells/tests/test_faults_of_a_cluster.py

# Besides, what needs pgbackrest and postgresql-15.
test-cluster: .venv/requirements-dev .venv-cluster/requirements
	$(VENV_PYTHON) -m pytest --all -rP -m cluster

test-quick: .venv/requirements-dev
	$(PYTEST) -m "not (browser or faults or races or sweep)"

check: lint
	$(VENV_PYTHON) -m clientline.tests.checks
	$(VENV_PYTHON) -m mypy

lint: .venv/requirements-dev
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

# Three nodes on this machine, ClientLine on top, and faults by command. Needs etcd-server and haproxy of Debian.
cluster: .venv/requirements .venv-cluster/requirements
	@$(VENV_PYTHON) manage.py rehearse_cluster

# Two of Patroni's needs have no wheel: they are built by the pinned setuptools and nothing else.
.venv-cluster/requirements: requirements-cluster.txt requirements-build.txt $(VENV_PYTHON)
	@$(VENV_PYTHON) -m venv --clear .venv-cluster
	@.venv-cluster/bin/python $(PIP_INSTALL) requirements-build.txt
	@.venv-cluster/bin/python $(PIP_INSTALL) requirements-cluster.txt --no-build-isolation --no-binary ydiff,python-etcd
	@touch $@

texts: .venv/requirements
	$(VENV_PYTHON) manage.py catalogues

docs: .venv/requirements-dev
	$(VENV_PYTHON) -m sphinx -q -W --keep-going -b html docs var/site
	@echo "The site is in var/site/index.html."

format: .venv/requirements-dev
	$(VENV_PYTHON) -m ruff format .
	$(VENV_PYTHON) -m ruff check --fix .

# The two stamps below are touched only after pip succeeded.
.venv/requirements: requirements.txt $(VENV_PYTHON)
	@echo "Installing what ClientLine needs (once, until requirements.txt changes) ..."
	@$(VENV_PYTHON) $(PIP_INSTALL) requirements.txt
	@touch $@

.venv/requirements-dev: requirements-dev.txt .venv/requirements
	@echo "Installing what the tests need ..."
	@$(VENV_PYTHON) $(PIP_INSTALL) requirements-dev.txt --no-compile  # most modules are never imported
	@touch $@

$(VENV_PYTHON):
	@test -n "$(PYTHON)" || { echo "ClientLine needs Python 3.11 or newer, and none was found: install it, or say make PYTHON=/path/to/python3."; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: on Debian and Ubuntu, apt install python3-venv."; exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version) ..."
	@"$(PYTHON)" -m venv --clear .venv

# Each after those that it is held to. The newest Django wants a newer Python than ours does.
pins: .venv-tools/requirements
	$(UV_COMPILE) --python-version 3.11 requirements.in --output-file requirements.txt
	$(UV_COMPILE) --python-version 3.11 requirements-stripe.in --constraints requirements.txt \
		--output-file requirements-stripe.txt
	$(UV_COMPILE) --python-version 3.11 requirements-anymail.in --constraints requirements.txt \
		--constraints requirements-stripe.txt --output-file requirements-anymail.txt
	$(UV_COMPILE) --python-version 3.11 requirements-dev.in --constraints requirements.txt \
		--constraints requirements-stripe.txt --constraints requirements-anymail.txt \
		--output-file requirements-dev.txt
	$(UV_COMPILE) --python-version 3.12 requirements-dev.in --override requirements-next.in \
		--output-file requirements-next.txt
	$(UV_COMPILE) --python-version 3.11 requirements-tools.in --output-file requirements-tools.txt
	$(UV_COMPILE) --python-version 3.11 requirements-clients.in --output-file requirements-clients.txt
	$(UV_COMPILE) --python-version 3.11 requirements-build.in --output-file requirements-build.txt
	$(subst --no-build,,$(UV_COMPILE)) --python-version 3.11 requirements-cluster.in --output-file requirements-cluster.txt

# Strict: where it finds no page about a release, pip-audit would otherwise call that release sound.
# One after the other: it refuses lists that pin two releases of one package.
audit: .venv-tools/requirements
	@code=0; for list in $(AUDITED); do \
		if report=$$($(AUDIT) --requirement $$list 2>&1); then echo "$$list: $$report"; \
		elif echo "$$report" | grep -q "^Found [0-9]* known"; then echo "$$list: $$report"; code=1; \
		else echo "Nothing in $$list was audited: that needs PyPI itself and its JSON pages, which few mirrors have" \
			"($$(echo "$$report" | tail -n 1))."; exit 1; fi; \
	done; exit $$code

.venv-tools/requirements: requirements-tools.txt $(VENV_PYTHON)
	@$(VENV_PYTHON) -m venv --clear .venv-tools
	@.venv-tools/bin/python $(PIP_INSTALL) requirements-tools.txt
	@touch $@

# A generator of clients has packages of its own: the test that needs it calls this, in `make test-all`.
.venv-clients/requirements: requirements-clients.txt $(VENV_PYTHON)
	@$(VENV_PYTHON) -m venv --clear .venv-clients
	@.venv-clients/bin/python $(PIP_INSTALL) requirements-clients.txt
	@touch $@

# Not part of `make test`: what it finds is work to come, and not every machine has these Pythons.
test-next: $(NEXT_PYTHONS:%=test-next-%)

test-next-%:
	@"$*" -c "" 2>/dev/null || { echo "No $* was found: make test-next NEXT_PYTHONS=... names those to use."; exit 1; }
	@$(MAKE) --no-print-directory .venv-next-$*/requirements
	.venv-next-$*/bin/python -m pytest --numprocesses auto --dist loadgroup

.venv-next-%/requirements: requirements-next.txt
	@echo "Making .venv-next-$* with the Django to come ..."
	@"$*" -m venv --clear .venv-next-$*
	@.venv-next-$*/bin/python $(PIP_INSTALL) requirements-next.txt
	@touch $@

.PRECIOUS: .venv-next-%/requirements
.PHONY: help run test test-shifted test-quick test-all test-faults test-cluster check lint texts docs cluster format pins audit test-next
