# Two commands on a fresh machine: `make serve` and `make test`. Everything they need goes into .venv.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
export VENV
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help serve demo test test-vllm lint types contracts check format generate clean

help:  ## Show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-18s%s\n", $$1, $$2}'

serve:  ## Install and start the proxy on 127.0.0.1:8080 (ARGS="--config guard.yaml" for your own config)
	@scripts/setup.sh serve
	@exec $(BIN)/guard serve $(ARGS)

demo:  ## Send five prompts through the running proxy and show what became of them
	@scripts/setup.sh serve
	@$(BIN)/guard demo $(ARGS)

# vLLM pins torch and much else, so its tests run in an environment of their own, and first: the last line is the summary
# of all others. VLLM_TESTS=no leaves them out (3.5 GB, some ten minutes); so do ARGS, which choose among the others.
VLLM_TESTS ?= $(if $(ARGS),no,$(if $(filter Linux,$(shell uname -s)),yes,no))

test:  ## Install and run every test (ARGS="tests/guard -k config" for some, VLLM_TESTS=no for all but vLLM's)
	@if [ "$(VLLM_TESTS)" = yes ]; then $(MAKE) test-vllm ARGS=; fi
	@if [ -z "$(ARGS)" ]; then scripts/setup.sh clients; fi
	@scripts/setup.sh dev
	@vllm=$(abspath $(or $(VENV_VLLM),.venv-vllm))/bin/python; \
	if [ -x "$$vllm" ]; then export GUARDCHAIN_VLLM_PYTHON="$$vllm"; fi; \
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest $(ARGS)

test-vllm:  ## Install vLLM for CPUs into .venv-vllm and test the plugin on it (ARGS="-k eager" for some)
	@scripts/setup.sh vllm
	@HF_HUB_OFFLINE=1 $${VENV_VLLM:-.venv-vllm}/bin/python -m pytest tests/vllm $(ARGS)

lint:  ## Style
	@scripts/setup.sh dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:  ## mypy --strict
	@scripts/setup.sh dev
	@$(BIN)/mypy

contracts:  ## Who may import whom
	@scripts/setup.sh dev
	@PYTHONPATH=. $(BIN)/lint-imports

check:  ## Everything CI runs
	@$(MAKE) lint
	@$(MAKE) types
	@$(MAKE) contracts
	@$(MAKE) test

format:  ## Rewrite to the house style
	@scripts/setup.sh dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

generate:  ## Rewrite what is generated from the code: JSON Schema, configuration and metrics reference
	@scripts/setup.sh dev
	@$(BIN)/python scripts/generate.py

clean:  ## Remove the environment and all caches
	rm -rf $(VENV) .venv-vllm .venv-clients tests/conformance/clients/node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
