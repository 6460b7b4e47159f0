# Each target does the set-up that it needs, on a machine with Python 3.11+, git and make.
PYTHON ?= python3
BIN := .venv/bin
DEMO := build/demo
SITE ?= $(DEMO)/site
LIGHTHOUSE := 13.5.0
COOLDOWN ?= 7 days
LOCK = $(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --exclude-newer "$(COOLDOWN)" \
	--custom-compile-command "make lock"

.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(BIN)/.run $(BIN)/.test  ## create the environment, .venv

demo: $(BIN)/.run  ## archive 45 days of the bundled sample service in build/demo and build the site
	$(BIN)/python -m orarchive.sample.demo $(DEMO)

serve:  ## serve the demo's site at http://127.0.0.1:8000
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory $(DEMO)/site 8000

test: check .compiled-tests  ## run the checks and all tests; make -j2 compiles the tests meanwhile
	$(BIN)/python -m pytest -n auto --dist worksteal

check: setup  ## check format, lint rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Otherwise each process of the tests compiles all of them. What fails here fails in the tests, with its reason.
.compiled-tests: setup
	-@$(BIN)/python -m pytest --collect-only -qq > /dev/null 2>&1

format: setup  ## format the code and apply lint fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## measure speed, memory and growth (about an hour); ARCHIVE_REAL_DATA adds recorded data
	$(BIN)/python -m bench.hour
	$(BIN)/python -m bench.history
	$(BIN)/python -m bench.growth
	$(BIN)/python -m bench.download
	$(BIN)/python -m bench.site
	$(BIN)/python -m bench.next_hour
	$(BIN)/python -m bench.year
	$(BIN)/python -m bench.export
	$(BIN)/python -m bench.check

lighthouse: setup  ## print Lighthouse's scores of a page of each kind (SITE=folder; needs npm, Chromium)
	npm install --silent --no-save --ignore-scripts --no-audit --no-fund --prefix build/lighthouse lighthouse@$(LIGHTHOUSE)
	$(BIN)/python -m bench.lighthouse $(SITE)

soak: setup  ## simulate 2,000 hours with every kind of failure (a quarter of an hour)
	$(BIN)/python -m tests.support.soak 2000

cassettes: setup  ## record the cassettes again, from the sample service or OPENROUTER_BASE_URL
	$(BIN)/python -m pytest --record-mode=rewrite --allowed-hosts='.*' tests/pipeline/test_cassettes.py

lock: setup  ## update the lock files; COOLDOWN="0 days" includes releases of this week
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --extra all pyproject.toml -o requirements/run.lock
	$(LOCK) -c requirements/run.lock --extra all pyproject.toml --group test --group lint -o requirements/test.lock
	$(LOCK) -c requirements/run.lock --group audit -o requirements/audit.lock

clean:  ## remove the environment, the demo and the caches
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/.run: requirements/run.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

$(BIN)/.test: requirements/test.lock $(BIN)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

.PHONY: help setup demo serve test check .compiled-tests format bench lighthouse soak cassettes lock clean
