# `make` explains itself. Every target that needs Python packages makes the virtual environment first.

PY      ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
DATA    ?= $(if $(LIENTHONG_DATA),$(LIENTHONG_DATA),.data)
JOBS    ?= 3
MINUTES ?= 10
EDITS   ?= 10000
PROJECT := pyproject.toml
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
           --no-emit-index-url --no-header --no-annotate
# Does nothing where it is done already, or where there is no compiler.
STEPS   := @$(BIN)/python -m deploy.compile_steps
CODE    := schemas connectors streams console deploy tests

# Each start of a process would compile our code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PY=python3.13 make venv takes another Python (3.11 or newer); DATA=/some/where make run another data directory,"
	@echo "  PEOPLE=1000 make run a smaller city."

run: $(VENV)/run.stamp ## Start the whole city on this machine; Ctrl-C stops it, a second start resumes
	$(STEPS)
	@exec $(BIN)/python -m deploy.embedded up --data "$(DATA)" $(if $(PEOPLE),--people $(PEOPLE))

test: $(VENV)/dev.stamp ## Run all tests: unit, contract, golden, integration (against real servers)
	$(STEPS)
	@$(BIN)/python -m deploy.embedded fetch  # else the first tests would wait for it
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST)

chaos-engine: $(VENV)/dev.stamp ## Break the engine's workers, broker and network for MINUTES=10 (SEED=n repeats one) or CYCLES=20 of each fault, count every record
	$(BIN)/python -m tests.chaos.engine_campaign --minutes $(MINUTES) $(if $(CYCLES),--cycles $(CYCLES)) $(if $(SEED),--seed $(SEED)) $(CHAOS)

chaos: $(VENV)/dev.stamp ## Break everything under five systems for MINUTES=10 (SEED=n repeats one), compare what all hold with what people wrote
	$(STEPS)
	$(BIN)/python -m tests.chaos.campaign --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) --record docs/chaos-results.json $(CHAOS)

chaos-smoke: $(VENV)/dev.stamp ## The same in short: what every landing sees
	$(STEPS)
	$(BIN)/python -m tests.chaos.planted --quick
	$(BIN)/python -m tests.chaos.engine_campaign --cycles 1 --at-once 3 $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.chaos.campaign --smoke $(if $(SEED),--seed $(SEED)) $(CHAOS)

converge: $(VENV)/dev.stamp ## Write EDITS=10000 random edits into five systems at once (CHAOS="--cut 5": cut off in turn), compare what all hold
	$(STEPS)
	$(BIN)/python -m tests.chaos.converge --edits $(EDITS) $(if $(SEED),--seed $(SEED)) $(CHAOS)

chaos-planted: $(VENV)/dev.stamp ## Plant every known mistake into the product and see that the checkers see it
	$(BIN)/python -m tests.chaos.planted --record docs/chaos-results.json

bench: $(VENV)/dev.stamp ## Measure the peer, PostgreSQL's own replication and this under one load (docs/benchmark.md); half an hour, a quiet machine
	$(STEPS)
	$(BIN)/python -m tests.bench.bench_city $(BENCH)

lint: $(VENV)/dev.stamp ## Check style, types and import boundaries
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports

lock: $(VENV)/dev.stamp ## Remake the hash locks of the Python packages and of the servers' files
	printf 'setuptools>=80\nmypy>=2.4\n' | $(COMPILE) --extra postgres --extra sql_poll --extra rest --extra store --extra embedded $(PROJECT) - -o deploy/locks/run.txt $(UPGRADE)
	$(COMPILE) --extra postgres --extra sql_poll --extra rest --extra store --extra embedded --extra dev -c deploy/locks/run.txt $(PROJECT) -o deploy/locks/dev.txt $(UPGRADE)
	$(BIN)/python -m deploy.embedded pin-artifacts

rehearse: $(VENV)/dev.stamp ## Destroy all of a city but its systems and restore it; go from version FROM=HEAD~1 to this one and back
	$(STEPS)
	$(BIN)/python -m tests.chaos.rehearsal restore
	$(BIN)/python -m tests.chaos.rehearsal upgrade $(if $(FROM),--from $(FROM))

monitoring: $(VENV)/dev.stamp ## Remake the page of all metrics and Grafana's dashboards from their definitions
	$(BIN)/python -m deploy.monitoring

audit: $(VENV)/dev.stamp ## Write build/sbom.json (CycloneDX) and ask PyPI for known holes in what is pinned
	@mkdir -p build
	$(BIN)/python -m deploy.audit.sbom build/sbom.json
	@echo "build/sbom.json: the bill of materials"
	$(BIN)/python -m deploy.audit.holes

clean-data: $(VENV)/run.stamp ## Forget all data of `make run` (refused while it runs)
	@$(BIN)/python -m deploy.embedded clean-data --data "$(DATA)"

clean: ## Remove the virtual environment and what tools left behind; data stay
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

venv: $(VENV)/dev.stamp ## Make the virtual environment with the tools of developers

$(VENV)/bin/python:
	@bash deploy/setup/make_venv.sh "$(PY)" "$(VENV)"

$(VENV)/run.stamp: $(VENV)/bin/python deploy/locks/run.txt $(PROJECT)
	@bash deploy/setup/install_locked.sh "$(PY)" "$(VENV)" run

$(VENV)/dev.stamp: $(VENV)/bin/python deploy/locks/dev.txt $(PROJECT)
	@bash deploy/setup/install_locked.sh "$(PY)" "$(VENV)" dev

.PHONY: help run test chaos-engine bench chaos converge chaos-smoke chaos-planted lint lock clean-data clean venv monitoring audit rehearse
