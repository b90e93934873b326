# Each target does all of its own set-up. `make demo` and `make test` are the two to know.
SHELL := /bin/bash
PY := .venv/bin/python
CHECKED := bizproc_admin config sandbox tests scripts benchmarks manage.py
# what was compiled once is kept, whatever the surroundings say: hundreds of processes are started
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup setup-runtime env demo run worker sandbox sync test check unit contract http workers browser \
        services bench format lock screenshots

help:            ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t16

setup:           ## everything for running and testing into .venv
	@scripts/setup all

setup-runtime:
	@scripts/setup runtime

env: setup-runtime
	@$(PY) config/first_run.py

demo: setup-runtime ## a living portal and the console beside it; RESET=1 starts afresh
	@$(PY) scripts/demo.py

run: env         ## the web process of a local installation, reloading
	@$(PY) manage.py migrate --verbosity 0
	@DEBUG=on $(PY) manage.py runserver

worker: env      ## both workers of a local installation
	@$(PY) scripts/worker.py

sandbox: setup-runtime ## the emulated portal alone, on port 8400
	@mkdir -p var
	@$(PY) -m sandbox --scenario demo --state var/sandbox.state --control

sync: env        ## every feed once, in the foreground
	@$(PY) manage.py sync

test: check unit contract http ## all checks and suites on SQLite
	@$(MAKE) --no-print-directory -j2 --output-sync=target workers browser
	@echo "make test: all suites passed"

check: setup     ## static checks
	@scripts/check

unit contract http workers: setup ## one suite
	@$(PY) -m pytest -q tests/$@

browser: setup   ## journeys in Chromium
	@chromium=$$(scripts/chromium) && CHROMIUM=$$chromium $(PY) -m pytest -q tests/browser

services: setup  ## the http and worker suites on PostgreSQL and Redis
	@scripts/services

bench: setup     ## benchmarks, as ratios against a reference
	@$(PY) -m benchmarks

screenshots: setup ## the pictures of docs/using.md, from the demo
	@chromium=$$(scripts/chromium) && CHROMIUM=$$chromium $(PY) scripts/screenshots.py

format: setup    ## format code and templates
	@.venv/bin/ruff check -q --fix $(CHECKED) || true
	@.venv/bin/ruff format -q $(CHECKED)
	@find templates -name '*.html' -print0 | xargs -0 .venv/bin/djade --target-version 5.2 || true

lock: setup      ## compile requirements.txt and requirements-dev.txt anew
	@for name in requirements requirements-dev; do \
	  env -u PIP_FIND_LINKS -u UV_FIND_LINKS .venv/bin/uv pip compile -q --generate-hashes --universal -p 3.11 \
	    --no-header --no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt; done
