# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check

.PHONY: demo test test-trl test-verl check format docs bench clean

demo: $(VENV)/.installed
	@$(VENV)/bin/jeoul demo

test: $(VENV)/.installed-dev
	$(VENV)/bin/python -m pytest -n 2

# The same formulas as the frameworks': their own code is run, each in an environment of its own.
test-trl: .venv-trl/.installed
	.venv-trl/bin/python -m pytest tests/parity/test_trl_*.py

test-verl: .venv-verl/.installed
	.venv-verl/bin/python -m pytest tests/parity/test_verl_*.py

check: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(VENV)/.installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

docs: $(VENV)/.installed-dev
	$(PIP) install --quiet --constraint constraints.txt --editable ".[docs]"
	$(VENV)/bin/mkdocs build --strict

clean:
	rm -rf $(VENV) .venv-trl .venv-verl build dist site

$(VENV)/bin/python .venv-trl/bin/python .venv-verl/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Jeoul needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 …" >&2; exit 2; }
	$(PYTHON) -m venv $(@:/bin/python=)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Setting up $(VENV) (torch and transformers: a few minutes the first time) …"
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Setting up $(VENV) for development (a few minutes the first time) …"
	$(PIP) install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@ $(VENV)/.installed

PEER_PIP = $(@D)/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.venv-trl/.installed: pyproject.toml constraints.txt constraints-trl.txt | .venv-trl/bin/python
	@echo "Setting up .venv-trl (a few minutes the first time) …"
	$(PEER_PIP) --constraint constraints-trl.txt --editable . trl pytest
	@touch $@

# What verl.trainer.ppo.core_algos imports, instead of all that verl needs to train; the same of Jeoul.
.venv-verl/.installed: pyproject.toml constraints.txt constraints-verl.txt | .venv-verl/bin/python
	@echo "Setting up .venv-verl (a few minutes the first time) …"
	$(PEER_PIP) --constraint constraints-verl.txt codetiming cyclopts numpy omegaconf orjson pytest ray rich tensordict torch transformers
	$(PEER_PIP) --constraint constraints-verl.txt --no-deps --editable . verl
	@touch $@
