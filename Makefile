# Everything one does with the project. `make` alone lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
bin := .venv/bin
state := $(or $(DIGIAULA_STATE),.digiaula)
export UV_PYTHON_DOWNLOADS := never
compose = docker compose --file docker-compose.yml --file deploy/compose/jitsi.yml

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):[^#]*## */\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-8s %s\n", $$1, $$2 }'

run: .venv/.embedded ## everything on this machine, with demo data; Ctrl-C stops it
	@$(bin)/python -u -m deploy.embedded

test: .venv/.test ## every test, against real PostgreSQL and NATS; other random draws: make test seed=7
	@$(bin)/python -m pytest tests -n 2 --dist loadfile $(if $(seed),--hypothesis-seed=$(seed))

check: .venv/.test ## format, lint, types, architecture and unit tests: under a minute
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/python requirements/lock.py --check
	$(bin)/python -m pytest -q $(wildcard tests/unit tests/architecture)

bench: .venv/.test ## how fast it is: a table, and build/bench.json
	@$(bin)/python -m bench

prove: .venv/.test ## every promise under fault, in some forty minutes: make prove p="A2 A5" seed=7 short=1
	@$(bin)/python -m tests.prove $(p) $(if $(seed),--seed $(seed)) $(if $(short),--short)

fuzz: .venv/.test ## generated bad requests to every address, for four minutes: make fuzz hours=8 seed=7
	@$(bin)/python -m tests.prove A25 $(if $(seed),--seed $(seed)) $(if $(hours),--hours $(hours))

e2e: .venv/.test ## journeys through real browsers and the whole system (needs a chromium)
	@$(bin)/python -m pytest tests/e2e

a11y: .venv/.test ## axe on every page and state, light and dark, narrow, by thumb (needs a chromium)
	@$(bin)/python -m pytest -m a11y tests

format: .venv/.test ## put the code in its one form
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

lock: ## renew requirements/*.txt from pyproject.toml (upgrade=1 takes the newest of everything)
	$(PYTHON) requirements/lock.py $(if $(upgrade),--upgrade)

up: ## the containers an association runs, Jitsi included
	./deploy/secrets/make
	$(compose) up --detach --build --wait

down: ## stop the containers; their data stays
	$(compose) down

sql: .venv/.embedded ## a database prompt while `make run` runs: make sql s=booking
	@$(bin)/python -m deploy.embedded.within $(or $(s),booking) sql

logs: ## follow the logs of `make run`: make logs s=booking
	@tail -n 50 -F $(state)/log/$(or $(s),*).log

redrive: .venv/.embedded ## put what a service gave up on back to work: make redrive s=notify
	@$(bin)/python -m deploy.embedded.within $(s) redrive

backup: .venv/.embedded ## a backup of `make run` into backups/, or make backup to=folder
	@$(bin)/python -m deploy.embedded.backup dump $(or $(to),backups)

restore: .venv/.embedded ## make restore from=backups/digiaula-…, where nothing is yet
	@$(bin)/python -m deploy.embedded.backup restore $(or $(from),-)

clean: ## remove the data of `make run` and everything built; .venv stays
	@$(PYTHON) -m deploy.embedded.clean
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help run test check bench prove fuzz e2e a11y format lock up down sql logs redrive backup restore clean

# One environment. The test lock holds everything the embedded one does, at the same versions,
# so installing it serves both: `make run` after `make test` installs nothing.
.venv/.embedded: requirements/embedded.txt
	$(call install,embedded)
	@touch $@

.venv/.test: requirements/test.txt
	$(call install,test)
	@touch $@ .venv/.embedded

# uv where it is there and can reach its index, pip otherwise.
define install
@test -x $(bin)/python || $(PYTHON) -m venv .venv || uv venv --quiet --seed --python $(PYTHON) .venv
@echo "installing requirements/$(1).txt"
@uv pip install --quiet --python $(bin)/python --require-hashes -r requirements/$(1).txt 2>/dev/null \
	|| $(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt
endef
