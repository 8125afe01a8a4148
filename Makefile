# make study STUDY=rnn_clip     run a study (ARGS="budget.trials=32" changes any part of it)
# make test                     format, lint, types, the documentation, and all tests but the slow ones
# make docs                     the documentation as a site: open docs/site/index.html
# make browser                  installs a browser for the tests that look at pages (as root, on Debian; else says what to do)
# make slow                     the tests that take minutes
# make benchmark                speed against a plain script and serial PyTorch; rankings of planted truths against peers

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDY ?= rnn_clip
JOBS ?= 2
ARGS ?=

.PHONY: study test docs browser slow benchmark
.DELETE_ON_ERROR:

study: $(VENV)/.installed
	$(BIN)/python -m gradstudy +study=$(STUDY) $(ARGS)

test: $(VENV)/.installed-for-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) docs
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m "not slow" -n $(JOBS) --dist loadfile

docs: $(VENV)/.installed-for-tests
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file docs/mkdocs.yml

browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$name >/dev/null && exit; done; \
	{ [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 || \
	echo "No browser could be installed here: install Chromium or Chrome, or see the tests that look at pages skipped."

slow: $(VENV)/.installed-for-tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slow -n $(JOBS) --dist loadfile

benchmark: $(VENV)/.installed-for-tests
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/members_per_second.py $(ARGS)
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/storing_a_trial.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/stacking_per_family.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/recorder_cost.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/planted_truths.py --quick
	OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/ranking_speed.py

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "gradstudy needs Python 3.11, 3.12 or 3.13; $$($(PYTHON) --version) came. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-for-tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,docs]'
	touch $@
