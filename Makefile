# Each target does all the set-up it needs, on a machine with Python 3.11+, git and make.
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo
COOLDOWN ?= 7 days
LOCK = $(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --exclude-newer "$(COOLDOWN)" \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(BIN)/.run $(BIN)/.test  ## make the environment, .venv

demo: $(BIN)/.run  ## archive 45 days of the bundled sample service and build their site, in build/demo
	$(BIN)/python -m orarchive.sample.demo $(DEMO)

serve:  ## show the demo's site on http://127.0.0.1:8000
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory $(DEMO)/site 8000

test: check  ## check the code and run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

check: setup  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup  ## put the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## measure speed, memory and growth, for an hour or so; ARCHIVE_REAL_DATA adds recorded data
	$(BIN)/python -m bench.hour
	$(BIN)/python -m bench.history
	$(BIN)/python -m bench.growth
	$(BIN)/python -m bench.site
	$(BIN)/python -m bench.next_hour

soak: setup  ## live through 2,000 simulated hours with all that goes wrong, for a quarter of an hour
	$(BIN)/python -m tests.support.soak 2000

cassettes: setup  ## record the cassettes anew, against the sample service or OPENROUTER_BASE_URL
	$(BIN)/python -m pytest --record-mode=rewrite --allowed-hosts='.*' tests/pipeline/test_cassettes.py

lock: setup  ## write the lock files anew; COOLDOWN="0 days" takes what was released this week, too
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) pyproject.toml -o requirements/run.lock
	$(LOCK) -c requirements/run.lock pyproject.toml --group test --group lint -o requirements/test.lock
	$(LOCK) -c requirements/run.lock --group audit -o requirements/audit.lock

clean:  ## remove what was made here: environment, demo, caches
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/.run: requirements/run.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

$(BIN)/.test: requirements/test.lock $(BIN)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.PHONY: help setup demo serve test check format bench soak cassettes lock clean
