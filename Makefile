# Everything happens in a virtual environment of its own, .venv; `make demo` and `make test` set it up and can be run again.
PYTHON ?= python3
BIN := .venv/bin
# A file of tests stays on one processor, which starts each engine that it needs once; more than four such processes only wait for memory.
PYTEST := $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# What is compiled at the installation, which has to be done again after a change.
BUILT_FROM := pyproject.toml hatch_build.py stj_audit/items/_scanner.pyx

# Every package that lint and tests run on, on Python 3.11 and later, each with its hashes
LOCK := requirements/ci.txt

.PHONY: demo test test-cluster quick lint format bench picture lambda lock audit release clean

demo: .venv/demo-is-installed ## audit the three demo tables and write the report files
	$(BIN)/stj-audit demo

test: .venv/dev-is-installed ## the whole test suite
	$(PYTEST)

test-cluster: .venv-cluster/is-installed ## the tests on Spark, in an environment of their own: PySpark takes half a gigabyte
	STJ_AUDIT_REQUIRE_CLUSTER=1 .venv-cluster/bin/pytest -m cluster tests/items/test_cluster.py

quick: .venv/dev-is-installed ## the tests that take little, and neither an engine nor a process of their own: under a minute
	$(PYTEST) -m "not dynamodb_local and not browser and not process and not cluster and not slow"

lint: .venv/dev-is-installed ## format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev-is-installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev-is-installed ## how quick it is, against what people use otherwise: some minutes; one line for each benchmark
	$(BIN)/python -m benchmarks

picture: .venv/dev-is-installed ## draw the README's picture anew, from the demo's report
	$(BIN)/stj-audit demo --quiet > /dev/null
	$(BIN)/python -m tests.render.screenshots stj-audit-demo/report.html docs/pictures --top

lambda: .venv/pip-is-new ## the package for AWS Lambda (arm64); see docs/schedule.md
	$(BIN)/python deploy/build_lambda.py dist/stj-audit-lambda.zip

lock: .venv-tools/is-installed ## renew requirements/ci.txt: after a change of the dependencies, and to get newer ones
	.venv-tools/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --extra demo --group dev --output-file $(LOCK) pyproject.toml

audit: .venv-tools/is-installed ## whether anything is known against what is in the lock; asks the database of PyPI
	.venv-tools/bin/pip-audit --strict --require-hashes --disable-pip --requirement $(LOCK)

release: .venv/dev-is-installed ## the source archive and the wheel without compiled code, which are the same to the byte wherever they are built
	STJ_AUDIT_BUILD=pure SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build --directory dist

.venv-tools/is-installed:
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/python -m pip install --quiet uv pip-audit
	touch $@

.venv/pip-is-new:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	touch $@

.venv/demo-is-installed: .venv/pip-is-new $(BUILT_FROM)
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	touch $@

# Nothing but what is in the lock, by its hashes; the project is then built with what is there
.venv/dev-is-installed: .venv/pip-is-new $(BUILT_FROM) $(LOCK)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv-cluster/is-installed: $(BUILT_FROM)
	$(PYTHON) -m venv .venv-cluster
	.venv-cluster/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-cluster/bin/python -m pip install --quiet --editable ".[demo,spark]" --group test
	touch $@

clean:
	rm -rf .venv .venv-cluster .venv-tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis stj-audit-demo
