# The same words everywhere: setup | starter | demo | test | test-fast | prove | bench | format | lint | typecheck | clean
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIBRARY := .sandbox-library
MVN := mvn --batch-mode --no-transfer-progress --quiet -f java-host/pom.xml
PAGE := java-host/portal/page
CONFORMANCE := tests/conformance
PORTAL_JAR := java-host/portal/target/portal.jar
PORTAL_APP := java-host/portal/target/app
# Real processes on a small, noisy machine: what fails is run again, and the report says that it was. Plain pytest does not.
AGAIN := --reruns 2 --reruns-delay 1
STEP = @printf '\033[1m== %s\033[0m\n'

PROTO := python_runtime/sanca/python_runtime/service/engine.proto
PAGE_SOURCES := $(shell find $(PAGE) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
JAVA_SOURCES := $(shell find java-host -type f \( -path '*/src/main/*' -o -path '*/host/contract/*' -o -name pom.xml \) -not -path '*/target/*' -not -path '*/page/*' 2>/dev/null)

.PHONY: help setup starter demo test test-fast test-java test-page test-python prove bench format lint typecheck lock clean preflight

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

preflight:
	@scripts/preflight.sh

setup: preflight $(VENV)/.engine $(LIBRARY)/.made-from $(PORTAL_APP)/.built ## Build everything (engine in .venv, Java host, page); starts nothing

$(VENV)/.engine: requirements/engine.lock pyproject.toml hatch_build.py $(PROTO)
	$(STEP) "Engine: Python packages into $(VENV) (first time: about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/engine.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# What actions may import (numpy, pandas, charts …): never the engine's packages, and the sandbox shows nothing of .venv.
$(LIBRARY)/.made-from: requirements/guest.lock $(VENV)/pyvenv.cfg | $(VENV)/.engine
	$(STEP) "Sandbox: the libraries for actions into $(LIBRARY) (first time: half a minute)"
	@$(BIN)/sanca setup-libraries

$(VENV)/pyvenv.cfg: | $(VENV)/.engine ; # made with the environment; another Python needs other libraries

$(VENV)/.dev: $(VENV)/.engine requirements/dev.lock
	$(STEP) "Engine: what tests and linters need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

$(PAGE)/node_modules/.installed: $(PAGE)/package-lock.json
	$(STEP) "Page: npm packages"
	@cd $(PAGE) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGE)/dist/.built: $(PAGE)/node_modules/.installed $(PAGE_SOURCES)
	$(STEP) "Page: build"
	@cd $(PAGE) && npm run build --silent
	@touch $@

$(PORTAL_JAR): $(JAVA_SOURCES) $(PROTO) $(PAGE)/dist/.built
	$(STEP) "Java host: build (first time: two to three minutes)"
	@$(MVN) -DskipTests package
	@touch $@

# Unpacked, with an archive of its classes: the portal starts in two thirds of the time. The training run makes the
# application's beans and starts none of its processes. The archive fits only the path it was made with, word for word.
# See docs/decisions/0006.
$(PORTAL_APP)/.built: $(PORTAL_JAR)
	@rm -rf $(PORTAL_APP) && java -Djarmode=tools -jar $(PORTAL_JAR) extract --destination $(PORTAL_APP)
	@home=$$(mktemp -d) && SANCA_HOME=$$home java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xlog:disable -Xlog:all=off \
	  -XX:ArchiveClassesAtExit=$(CURDIR)/$(PORTAL_APP)/portal.jsa -Dspring.context.exit=onRefresh \
	  -jar $(CURDIR)/$(PORTAL_APP)/portal.jar; rm -rf $$home
	@touch $@

starter: preflight ## Install the Spring Boot starter into the local Maven repository, for portals of your own
	$(STEP) "Starter: into the local Maven repository"
	@$(MVN) -pl sanca-spring-boot-starter -am -Dmaven.test.skip -Dspotless.check.skip install

demo: setup ## Start the demo portal with its fleet and the engine; prints a sign-in address
	@scripts/demo.sh

test: preflight lint typecheck test-java test-page test-python ## Run every test but the long proofs

test-java: $(PAGE)/dist/.built ## Test the Java host
	$(STEP) "Java host: checks and tests"
	@$(MVN) -Dsurefire.rerunFailingTestsCount=2 verify
	@touch $(PORTAL_JAR)

test-page: $(PAGE)/node_modules/.installed ## Test the page
	$(STEP) "Page: checks and tests"
	@cd $(PAGE) && npm run lint --silent && npm test --silent

test-python: setup $(VENV)/.dev .peers/.installed $(CONFORMANCE)/node_modules/.installed ## Test the engine, the chain end to end and the page in a browser
	@scripts/preflight.sh browser container elasticsearch
	$(STEP) "Engine, chain and browser: tests"
	@$(BIN)/python -m pytest -m "not long" -n 2 --dist loadscope $(AGAIN)

test-fast: $(VENV)/.dev $(LIBRARY)/.made-from ## Only the tests that need neither JVM, browser, Elasticsearch nor peers
	@$(BIN)/python -m pytest -m "not long and not jvm and not browser and not elasticsearch and not slow and not peers"

prove: setup $(VENV)/.dev .peers/.installed .venv-evaluation/.installed ## The long proofs at full size
	@scripts/preflight.sh browser elasticsearch
	@$(BIN)/python -m pytest -m long

# What no package carries lies in folders of DATA: metatool, m3tooleval, tau_retail. Rows that lack their data say so.
DATA ?= $(SANCA_EVALUATION_DATA)

bench: setup .venv-evaluation/.installed ## Run every benchmark and print its rows (DATA=folder: with outside data)
	@failed=; for file in benchmarks/[a-z]*.py; do printf '\n== %s\n' "$$file"; \
	  .venv-evaluation/bin/python "$$file" $(if $(DATA),--data "$(DATA)") || failed="$$failed $$file"; done; \
	  test -z "$$failed" || { printf '\nThese could not be run to their end:%s\n' "$$failed"; exit 1; }

.venv-evaluation/.installed: requirements/evaluation.lock requirements/evaluation-data.lock pyproject.toml $(PROTO)
	$(STEP) "Evaluation: an environment of its own, with the peers"
	@test -x .venv-evaluation/bin/python || $(PYTHON) -m venv .venv-evaluation
	@.venv-evaluation/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/evaluation.lock
	@.venv-evaluation/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/evaluation-data.lock
	@.venv-evaluation/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# Agents, servers and clients that nobody here wrote, each kind with its own packages: what tests/peers talks to.
.peers/.installed: requirements/peers.lock requirements/peers-before.lock tests/peers/node/package-lock.json | $(VENV)/.engine
	$(STEP) "Peers: other people's agents, MCP servers and clients (first time: about a minute)"
	@for name in now before; do test -x .peers/$$name/bin/python || $(PYTHON) -m venv --without-pip .peers/$$name; done
	@$(BIN)/python -m pip --python .peers/now/bin/python install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements/peers.lock
	@$(BIN)/python -m pip --python .peers/before/bin/python install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements/peers-before.lock
	@cd tests/peers/node && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The official conformance suite of MCP, and the Node.js that it needs: the newer one that machines do not have yet.
$(CONFORMANCE)/node_modules/.installed: $(CONFORMANCE)/package-lock.json
	$(STEP) "MCP conformance: the official suite"
	@cd $(CONFORMANCE) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

format: $(VENV)/.dev $(PAGE)/node_modules/.installed ## Format all code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet .
	@$(MVN) spotless:apply
	@cd $(PAGE) && npm run format --silent

lint: $(VENV)/.dev ## ruff and import-linter
	$(STEP) "Lint and import rules"
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports

typecheck: $(VENV)/.dev ## mypy --strict
	$(STEP) "Types"
	@$(BIN)/mypy .

lock: ## Compile the Python lock files (needs uv)
	@requirements/lock.sh

clean: ## Remove everything that was built; keeps the demo's state in .sanca
	rm -rf $(VENV) $(LIBRARY) .venv-evaluation .elasticsearch .peers tests/peers/node/node_modules $(PAGE)/node_modules $(PAGE)/dist $(CONFORMANCE)/node_modules java-host/*/target java-host/target examples/*/target test-output
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
