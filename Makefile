# Everything a person types. `make run` and `make test` need git, make and either uv or Python 3.10; the rest they
# fetch themselves, once, from requirements.lock.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
# Where the environment forbids it, each of the many processes would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PYTHON := $(VENV)/bin/python
# The same code on a current Python, without Rasa.
CURRENT := .venv-current
ASSISTANT := $(VENV)/bin/assistant
# Units on all processors; what starts a whole stack runs alone.
PARALLEL := -n auto --dist loadgroup

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "make %-13s %s\n", $$1, $$2}'

.PHONY: run
run: setup ## Start the assistant on this machine (PORT=8080)
	@$(ASSISTANT) up $(if $(PORT),--port $(PORT))

.PHONY: test
test: setup ## Run every test that needs no outside service
	@echo "== data and units"
	@$(PYTHON) -m pytest $(PARALLEL) tests/data tests/unit
	@$(ASSISTANT) train >/dev/null
	@echo "== processes, pages, training"
	@$(PYTHON) -m pytest $(PARALLEL) -m 'not stack' tests/end_to_end
	@echo "== the whole stack: conversations, end to end, faults"
	@$(PYTHON) -m pytest -m stack tests/conversations tests/end_to_end tests/faults

.PHONY: test-long
test-long: setup ## Run the tests that take minutes: storms, generated conversations
	@$(ASSISTANT) train >/dev/null
	@$(PYTHON) -m pytest --long tests

.PHONY: test-current
test-current: ## Run the tests of the parts that do not need Rasa on a current Python
	@python=$$(sh deploy/local/find-python.sh 3.13 3.12 3.11) || { \
	  if [ -n "$$CI" ]; then echo "no Python from 3.11 to 3.13 here, and CI needs one" >&2; exit 1; fi; \
	  echo "== skipped: the tests on a current Python (there is none from 3.11 to 3.13 here)"; exit 0; }; \
	[ -n "$$python" ] || exit 0; \
	sh deploy/local/make-environment.sh $(CURRENT) "$$python" requirements-current.lock && \
	echo "== without Rasa, on $$($(CURRENT)/bin/python --version)" && \
	$(CURRENT)/bin/python -m pytest $(PARALLEL) -m 'not rasa and not browser' tests/data tests/unit tests/end_to_end

.PHONY: setup
setup: ## Make the environment (.venv), if it is missing or out of date
	@python=$$(sh deploy/local/find-python.sh 3.10) || { \
	  echo "Python 3.10 or uv is needed, and neither was found." >&2; \
	  echo "Rasa runs on no newer Python. Install uv or Python 3.10 and try again." >&2; exit 1; }; \
	sh deploy/local/make-environment.sh $(VENV) "$$python" requirements.lock --with-project

.PHONY: check
check: setup ## Format, lint, types, rules between rooms, data
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PYTHON) -m knowledge check

.PHONY: knowledge-report
knowledge-report: setup ## Show which texts carry each fact of the source, in which languages
	@$(PYTHON) -m knowledge report

.PHONY: bench
bench: setup ## Measure how messages are read, against stock Rasa (half an hour)
	@$(PYTHON) -m bench.nlu --full --stock

.PHONY: topic
topic: setup ## Scaffold a topic: make topic name=GROUP/NAME
	@$(PYTHON) -m knowledge topic "$(name)"

.PHONY: language
language: setup ## Scaffold a language: make language code=CODE name=NAME
	@$(PYTHON) -m knowledge language "$(code)" $(if $(name),--name "$(name)")

.PHONY: lock
lock: ## Renew the lock files, keeping what they pin (UPGRADE=1 takes the newest releases; needs uv)
	@sh deploy/local/lock.sh $(if $(UPGRADE),--upgrade) requirements.lock 3.10 rasa test check
	@sh deploy/local/lock.sh $(if $(UPGRADE),--upgrade) requirements-current.lock 3.11 test check
