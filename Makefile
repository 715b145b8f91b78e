# `make report` writes the report of the sample days, `make check` runs the checks
# before a commit, `make test` runs all checks, and `make jupyter` opens the
# notebooks. Each target installs what it needs into this folder. Only `make test`
# as root on Debian also installs packages: those in testdata/debian-packages.

SHELL     := /bin/bash
TOOLS     := $(CURDIR)/.tools
VENV      := $(CURDIR)/.venv
PYTHON    ?= python3
REPORTGEN := $(TOOLS)/bin/reportgen
LINT      := $(TOOLS)/bin/golangci-lint
LINT_VERSION := v2.15.0
VALE      := $(TOOLS)/bin/vale
VALE_VERSION := v3.21.0
VULN      := $(TOOLS)/bin/govulncheck
VULN_VERSION := v1.9.0
GOTESTSUM := $(TOOLS)/bin/gotestsum
GOTESTSUM_VERSION := v1.13.0

# The number of flows of a sample day. All files together are smaller than 3 MB.
SAMPLE_FLOWS := 180000

.PHONY: faults flips soak fuzz-long sbom licenses peers queries questions cases import-cases help report test check jupyter jupyterlab-check sample golden evaluate fortnight lint vuln fuzz bench clean reportgen

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

reportgen: ## build the program into .tools/bin
	@CGO_ENABLED=0 go build -trimpath -o $(REPORTGEN) ./reportgen # as a release is built, so that tests of releases only link

report: reportgen ## write the report of the sample days to report/
	$(REPORTGEN) run --strict -o report notebooks
	@echo "open report/index.html"

fortnight: reportgen ## write a series of reports, one for each day of testdata/fortnight, to fortnight/
	$(REPORTGEN) run -o fortnight notebooks/fortnight
	@echo "open fortnight/index.html"

sample: reportgen ## regenerate the sample days in testdata/
	$(REPORTGEN) synth -o testdata --flows $(SAMPLE_FLOWS)
	$(REPORTGEN) synth -o testdata/fortnight --days 14 --start 2024-03-08 --hosts 60 --flows 20000

golden: ## regenerate the golden files; review the diff
	go test ./reportgen -run TestGoldenReport -update
	go test -short $$(grep -rlE 'testenv\.(Golden|Updating)' --include='*_test.go' pkg reportgen/*/ | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

# The labelled recordings of real networks are not part of the repository.
# Without them, their section is left out. It compares with msticpy, if that can
# be installed.
REAL ?= $(wildcard ../shared/data)

evaluate: reportgen $(if $(REAL),$(TOOLS)/msticpy/.made) ## measure the detections; writes testdata/evaluation.md
	$(REPORTGEN) evaluate worlds $(REAL:%=--real %) $$(test ! -x $(TOOLS)/msticpy/bin/python || echo --msticpy $(TOOLS)/msticpy/bin/python) -o testdata/evaluation.md

$(TOOLS)/msticpy/.made: reportgen/internal/evaluation/testdata/msticpy.txt
	@rm -rf $(@D); mkdir -p $(TOOLS)
	@if $(PYTHON) -m venv $(@D) && $(@D)/bin/pip install --quiet --disable-pip-version-check -r $<; then touch $@; \
	else rm -rf $(@D); echo 'make evaluate: msticpy cannot be installed: its column is left empty' >&2; fi

jupyter: reportgen $(VENV)/.jupyter ## open the guided tour in JupyterLab with the GoNB kernel
	$(REPORTGEN) kernel install --prefix $(VENV)
	cd notebooks && $(VENV)/bin/jupyter lab explore.ipynb --ip=127.0.0.1 $(if $(filter 0,$(shell id -u)),--allow-root)

# Pictures of what the browser shows are written to the folder JUPYTERLAB_PICTURES, if it is set.
jupyterlab-check: reportgen $(VENV)/.jupyter ## use JupyterLab in a browser as an analyst does, and print how long each step takes
	go test ./reportgen -run TestJupyterLab -count=1 -v

$(VENV)/.jupyter: notebooks/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

## Checks

# golangci-lint runs vet, with the tests, and go test compiles all packages, also those
# without tests, so that nothing else here needs to. Only go build would link the programs.
# Short tests allocate much in a short time: with GOGC=400, which collects garbage less often,
# some need half the processor time. Linters with an empty cache gain as well.
check lint: export GOGC := 400
check: lint ## build, vet, lint and short tests: run it before each commit
	go test -short -vet=off ./...

# The slowest packages come first, so that none of them runs alone at the end. The
# tests that were skipped, because the machine lacks data or a program that is not
# part of the module, are listed after the last package.
test: debian lint vuln $(VENV)/.test $(TOOLS)/.npm $(GOTESTSUM) reportgen ## run all checks, as CI does
	$(GOTESTSUM) --format pkgname -- -race -vet=off -timeout 40m ./reportgen ./reportgen/render ./reportgen/execute ./...
	$(MAKE) fuzz

# The Python packages that the tests of each package need.
REQUIREMENTS := $(wildcard pkg/*/testdata/requirements.txt reportgen/*/testdata/requirements.txt reportgen/internal/*/testdata/requirements.txt reportgen/testdata/requirements.txt)

$(VENV)/.test: $(REQUIREMENTS)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(REQUIREMENTS:%=-r %)
	touch $@

# The npm packages of tests: the schemas of ECS and SARIF, and axe-core. Without npm, the tests
# are skipped.
$(TOOLS)/.npm: reportgen/internal/rendertest/fetch-axe
	if command -v npm >/dev/null; then \
	  npm install --silent --no-save --prefix $(VENV) @elastic/ecs@9.4.0 @microsoft/jest-sarif@1.0.0-beta.0 && reportgen/internal/rendertest/fetch-axe; \
	else echo 'npm not found: tests of ECS alerts and accessibility are skipped' >&2; fi
	mkdir -p $(@D) && touch $@

.PHONY: verapdf
verapdf: ## check the PDF that Typst prints with veraPDF: PDF/UA-1 and PDF/A-2b (needs Maven and Java)
	reportgen/internal/rendertest/fetch-verapdf
	go test -v -run TestVeraPDF ./reportgen/internal/typst

# The databases that need their own Python packages and start slowly. Trino is left out without
# Maven and Java 24 or later. ENGINES=spark,trino runs only these, and keeps the other rows of the table.
ENGINES ?= all
TRINO_JAVA ?= $(lastword $(sort $(wildcard /usr/lib/jvm/*2[4-9]*/bin/java)))

.PHONY: engines
engines: $(TOOLS)/engines/.made ## compare profiles that databases compute with those of a scan; writes testdata/engines.md
	@if [ -n "$(TRINO_JAVA)" ] && command -v mvn >/dev/null; then reportgen/internal/sqltext/testdata/fetch-trino $(TOOLS)/trino; \
	else echo 'make engines: Trino needs Maven, and Java 24 or later in TRINO_JAVA: it is left out' >&2; fi
	FLOWBOOK_TRINO=$$(ls -d $(TOOLS)/trino 2>/dev/null) FLOWBOOK_TRINO_JAVA=$(TRINO_JAVA) \
	FLOWBOOK_ENGINES=$(ENGINES) FLOWBOOK_ENGINES_TABLE=$(CURDIR)/testdata/engines.md FLOWBOOK_PYTHON=$(TOOLS)/engines/bin/python \
	  go test -v -timeout 3h -run TestEngine ./reportgen/internal/sqltext ./reportgen/internal/engines

$(TOOLS)/engines/.made: reportgen/internal/sqltext/testdata/engines.txt
	$(PYTHON) -m venv $(TOOLS)/engines
	$(TOOLS)/engines/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

.PHONY: debian
debian:
	@testdata/debian-packages

lint: $(LINT) $(VALE) ## gofmt, golangci-lint, and the prose of code and documents
	@test -z "$$(gofmt -l pkg reportgen | tee /dev/stderr)" || { echo "run gofmt -w on these files"; exit 1; }
	go run ./reportgen/internal/prose -vale $(VALE)
	$(LINT) run ./...

$(LINT):
	GOBIN=$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

# The database of vulnerabilities is on the network, so without it there is
# nothing to check; any other failure counts.
vuln: $(VULN) ## look up known vulnerabilities of the dependencies
	@out=$$($(VULN) ./... 2>&1); status=$$?; echo "$$out"; \
	if [ $$status -ne 0 ] && grep -q 'fetching vulnerabilities' <<<"$$out"; then \
	  echo 'make vuln: the database cannot be reached: known vulnerabilities were not looked up' >&2; \
	else exit $$status; fi

$(VULN):
	GOBIN=$(TOOLS)/bin go install golang.org/x/vuln/cmd/govulncheck@$(VULN_VERSION)

$(VALE):
	GOBIN=$(TOOLS)/bin go install github.com/vale-cli/vale/v3/cmd/vale@$(VALE_VERSION)

$(GOTESTSUM):
	GOBIN=$(TOOLS)/bin go install gotest.tools/gotestsum@$(GOTESTSUM_VERSION)

# The limit is a number of inputs, not a time, so slow machines do the same work.
# The targets are read from the source: to ask the tests for them, all would be built.
fuzz: ## run every fuzz target for a short time
	@grep -rEo '^func Fuzz[[:alnum:]]+' --include='*_test.go' pkg reportgen | LC_ALL=C sort | while IFS=: read -r file target; do \
	  go test -vet=off "./$$(dirname "$$file")" -run '^$$' -fuzz "^$${target#func }\$$" -fuzztime $(FUZZ) -fuzzminimizetime 5x </dev/null || exit 1; \
	done

FUZZ ?= 1000x

fuzz-long: ## run every fuzz target for FUZZ_LONG (10m), for nights; a crash is saved in testdata/fuzz of its package
	@$(MAKE) --no-print-directory fuzz FUZZ=$(FUZZ_LONG)

FUZZ_LONG ?= 10m

faults: ## let each file system call of the commands fail, and kill them at each; prints what became of them
	FLOWBOOK_FAULTS=all go test ./reportgen -run 'TestFaults$$' -v -timeout 3h

flips: ## flip 1,000 bits of each kind of file that reportgen writes and reads again, and of tables of databases
	FLOWBOOK_FLIPS=1000 go test ./reportgen ./reportgen/internal/sqltext -run TestFlippedBits -v -timeout 1h

soak: ## preview a report for SOAK (1h) while it changes and clients misbehave; prints memory, goroutines and descriptors
	FLOWBOOK_SOAK=$(SOAK) go test ./reportgen -run TestPreviewSoak -v -timeout 0

SOAK ?= 1h

## Releases

CYCLONEDX := $(TOOLS)/bin/cyclonedx-gomod
CYCLONEDX_VERSION := v1.10.0

$(CYCLONEDX):
	GOBIN=$(TOOLS)/bin go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)

sbom: $(CYCLONEDX) ## write the modules of reportgen to release/sbom.json, in CycloneDX
	@mkdir -p release
	$(CYCLONEDX) app -json -noserial -licenses -main reportgen -output release/sbom.json .

licenses: ## write the licenses of the modules of reportgen to release/licenses.txt
	@mkdir -p release
	@go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./reportgen | LC_ALL=C sort -u | \
	while read -r module version dir; do \
	  files=$$(find "$$dir" -maxdepth 2 -type f \( -ipath "$$dir/licen[cs]e*" -o -iname 'copying*' \) | LC_ALL=C sort); \
	  if [ -z "$$files" ]; then echo "make licenses: $$module has no license" >&2; exit 1; fi; \
	  printf '%s %s\n\n' "$$module" "$$version"; cat $$files; printf '\n----\n\n'; \
	done > release/licenses.txt

# For 100 million flows: make bench FLOWS=1M,20M,100M.
FLOWS ?= 1M,20M
BENCHSTAT_VERSION := v0.0.0-20260908200009-22c9c6c9d4da

# With BASE=<commit>, only Go benchmarks run, alternating with those of that
# commit.
bench: reportgen $(TOOLS)/bench/.made $(TOOLS)/bin/benchstat ## compare with DuckDB, Polars and pandas; writes BENCHMARKS.md
	BENCHSTAT=$(TOOLS)/bin/benchstat $(TOOLS)/bench/bin/python -B testdata/bench/bench.py $(REPORTGEN) $(if $(BASE),--go $(BASE),BENCHMARKS.md $(FLOWS))

queries: reportgen $(TOOLS)/bench/.made ## compare ten queries with DuckDB, Polars and pandas; writes testdata/queries.md
	$(TOOLS)/bench/bin/python -B testdata/bench/queries.py $(REPORTGEN) testdata/queries.md $(FLOWS)

formats: reportgen $(TOOLS)/bench/.made ## measure the import of each format; writes testdata/formats.md
	$(TOOLS)/bench/bin/python -B testdata/bench/formats.py $(REPORTGEN) testdata/formats.md "$(REAL)" $(IMPORTED)

IMPORTED ?= 1M 10M

questions: reportgen $(TOOLS)/bench/.made ## ask ten questions of an analyst in pandas and in Flowbook; writes testdata/questions.md
	$(TOOLS)/bench/bin/python -B testdata/bench/questions.py $(REPORTGEN) testdata/questions.md

$(TOOLS)/bin/benchstat:
	GOBIN=$(TOOLS)/bin go install golang.org/x/perf/cmd/benchstat@$(BENCHSTAT_VERSION)

$(TOOLS)/bench/.made: testdata/bench/requirements.txt
	$(PYTHON) -m venv $(TOOLS)/bench
	$(TOOLS)/bench/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

MYST_VERSION := 1.8.3

peers: reportgen $(TOOLS)/peers/.made ## compare with nbconvert, papermill and mystmd; writes testdata/peers.md
	@test -e $(TOOLS)/peers/node_modules/mystmd || npm install --silent --no-save --prefix $(TOOLS)/peers mystmd@$(MYST_VERSION)
	$(TOOLS)/peers/bin/python -B testdata/peers/peers.py $(REPORTGEN) testdata/peers.md $(TOOL)

# Inputs that went wrong for users, and for Flowbook. They are not part of the repository.
CASES ?= $(abspath ../shared/cases)

import-cases: reportgen ## import the cases in CASES/logs and print right or wrong for each
	$(PYTHON) -B testdata/cases/imports.py $(REPORTGEN) $(CASES)/logs

cases: reportgen $(TOOLS)/peers/.made ## run the cases in the folder CASES and print right or wrong for each
	@status=0; for kind in notebooks hardening; do \
	  $(TOOLS)/peers/bin/python -B testdata/peers/peers.py $(REPORTGEN) --cases $(CASES)/$$kind || status=1; \
	done; \
	$(MAKE) --no-print-directory import-cases || status=1; \
	FLOWBOOK_CASES=$(CASES) go test -v -run '^TestDetectCases$$' -count=1 ./reportgen | grep -oE "(right|wrong): .*"; test $${PIPESTATUS[0]} = 0 || status=1; \
	exit $$status

$(TOOLS)/peers/.made: testdata/peers/requirements.txt
	$(PYTHON) -m venv $(TOOLS)/peers
	$(TOOLS)/peers/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean: ## remove all files of make, except the profile cache
	rm -rf $(TOOLS) $(VENV) report
