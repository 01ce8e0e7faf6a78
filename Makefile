# The commands of this project. `make run` and `make test` need git, make and either uv or Python 3.10; everything
# else they install themselves, once, from requirements.lock.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# With this variable set, each of the many processes would compile everything that it imports.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PYTHON := $(VENV)/bin/python
# A second environment: a current Python with SQLAlchemy 2, without Rasa.
CURRENT := .venv-current
ASSISTANT := $(VENV)/bin/assistant
# Unit tests run on all processors; tests that start a whole stack run one by one.
PARALLEL := -n auto --dist loadgroup
UPGRADED := $(if $(UPGRADE),--upgrade)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "make %-17s %s\n", $$1, $$2}'

.PHONY: run
run: setup ## Start the assistant on this machine (PORT=8080)
	@$(ASSISTANT) up $(if $(PORT),--port $(PORT))

.PHONY: test
test: setup ## Run all tests that need no external service
	@echo "== data and units"
	@$(PYTHON) -m pytest $(PARALLEL) tests/data tests/unit
	@$(ASSISTANT) train >/dev/null
	@echo "== processes, pages, training"
	@$(PYTHON) -m pytest $(PARALLEL) -m 'not stack' tests/end_to_end
	@echo "== the whole stack: conversations, end to end, faults"
	@$(PYTHON) -m pytest -m stack tests/conversations tests/end_to_end tests/faults

.PHONY: test-long
test-long: setup ## Run the tests that take minutes: load, generated conversations
	@$(ASSISTANT) train >/dev/null
	@$(PYTHON) -m pytest --long tests

.PHONY: test-current
test-current: setup-current ## Run the tests that need no Rasa on a current Python
	@[ -x $(CURRENT)/bin/python ] || exit 0; \
	echo "== without Rasa, on $$($(CURRENT)/bin/python --version)" && \
	$(CURRENT)/bin/python -m pytest $(PARALLEL) -m 'not rasa and not browser' tests/data tests/unit tests/end_to_end

.PHONY: setup
setup: ## Create or update the environment (.venv)
	@python=$$(sh deploy/local/find-python.sh 3.10) || { \
	  echo "Neither Python 3.10 nor uv was found, and one of them is needed." >&2; \
	  echo "Rasa does not run on a newer Python. Install uv or Python 3.10 and try again." >&2; exit 1; }; \
	sh deploy/local/make-environment.sh $(VENV) "$$python" requirements.lock --with-project

.PHONY: setup-current
setup-current: ## Create or update the environment without Rasa (.venv-current), if Python 3.11 to 3.13 or uv is there
	@python=$$(sh deploy/local/find-python.sh 3.13 3.12 3.11) || { \
	  if [ -n "$$CI" ]; then echo "CI needs Python 3.11, 3.12 or 3.13, and none was found" >&2; exit 1; fi; \
	  echo "== skipped: tests and types on a current Python (3.11, 3.12 or 3.13 was not found)"; exit 0; }; \
	[ -n "$$python" ] || exit 0; \
	sh deploy/local/make-environment.sh $(CURRENT) "$$python" requirements-current.lock

.PHONY: check
check: setup setup-current ## Check format, lint, spelling, types, imports and data
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/codespell
	@$(VENV)/bin/mypy
	@[ ! -x $(CURRENT)/bin/mypy ] || $(CURRENT)/bin/mypy --config-file mypy-current.ini
	@$(VENV)/bin/lint-imports
	@$(PYTHON) -m knowledge check

.PHONY: hooks
hooks: ## Run the quick checks before each commit (needs pre-commit)
	@pre-commit install

.PHONY: preview
preview: setup ## Print a topic as clients see it: make preview topic=GROUP/NAME
	@$(PYTHON) -m knowledge preview "$(topic)"

.PHONY: knowledge-report
knowledge-report: setup ## Show which texts carry each fact of the source, in which languages
	@$(PYTHON) -m knowledge report

.PHONY: bench
bench: setup ## Measure understanding against stock Rasa (half an hour)
	@$(PYTHON) -m bench.nlu --full --stock

.PHONY: topic
topic: setup ## Create a new topic: make topic name=GROUP/NAME
	@$(PYTHON) -m knowledge topic "$(name)"

.PHONY: language
language: setup ## Create a new language: make language code=CODE name=NAME
	@$(PYTHON) -m knowledge language "$(code)" $(if $(name),--name "$(name)")

.PHONY: env-example
env-example: setup ## Write .env.example from the settings
	@$(PYTHON) -m bot.settings.example > .env.example

.PHONY: lock
lock: ## Update the lock files and keep pinned versions (UPGRADE=1: newest versions; needs uv)
	@sh deploy/local/lock.sh $(UPGRADED) requirements.lock 3.10 rasa test check
	@sh deploy/local/lock.sh $(UPGRADED) requirements-current.lock 3.11 test check
