# Checks install their tools under .tools, one directory a version.
GOLANGCI := v2.15.0
LINTER := .tools/golangci-lint-$(GOLANGCI)/golangci-lint
GOVULNCHECK_VERSION := v1.9.0
GOVULNCHECK := .tools/govulncheck-$(GOVULNCHECK_VERSION)/govulncheck
SAM_VERSION := 1.170.0
SAM := .tools/aws-sam-cli-$(SAM_VERSION)/bin/sam
CHECKOV_VERSION := 3.3.30
CHECKOV := .tools/checkov-$(CHECKOV_VERSION)/bin/checkov
VERSITYGW_VERSION := v1.8.0
MINISTACK_VERSION := 1.5.33
MINISTACK := .tools/ministack-$(MINISTACK_VERSION)/bin/ministack
VERSITYGW := .tools/versitygw-$(VERSITYGW_VERSION)/versitygw
VERSION := $(shell git describe --always --dirty 2>/dev/null)

# Tests, runs and releases share one set of flags. -trimpath and CGO_ENABLED are part of the build
# cache's keys, so a second set would compile every package again, SQLite's too.
export GOFLAGS := $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)) -trimpath
export CGO_ENABLED := 0

# `sam build` has no Go flags; it reads these from the environment.
LDFLAGS := -s -w -X voc/internal/app.version=$(VERSION)
LAMBDA := GOFLAGS='$(GOFLAGS) -tags=lambda.norpc "-ldflags=$(LDFLAGS)"'

STAGE := prod# a section of samconfig.toml: prod or dev
export SAM_CLI_TELEMETRY := 0

.PHONY: help run test clock race lint vuln fuzz shells container clients types schemathesis dashboard page verify busy soak bench bench-http bench-hostile bench-sync bench-cold bench-scale build clean
.PHONY: s3 sam-build sam-validate sam-events sam-local sam-invoke account deploy deploy-api smoke outputs parameters remove
.PHONY: invoke-check invoke-full invoke-incremental invoke-sweep invoke-rollback status schedules test-events logs
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start the server; without a base and a token, it serves the emulator's sample data
	@echo 'Compiling voc: some minutes the first time, seconds afterwards.'
	@go run ./functions/server

# Many tests wait for Airtable's rate limit or for a process, so six at a time keep two cores busy.
test: ## run the tests, without network or installation: about a minute
	go test -parallel 6 $(TESTFLAGS) ./...

# The dates that `make clock` sets: offsets in days, or instants.
CLOCKS := +40d +400d
clock: ## run the tests on other dates, for example CLOCKS=2028-02-29T12:00:00Z
	@for when in $(CLOCKS); do .ci/clock $$when go test -count=1 -vet=off -p 4 -parallel 6 ./... || exit; done

# With -short, tests draw fewer random cases, inject one fault for each operation, and live through a
# weekend, not a fortnight. None is skipped. CI moves the clock of these tests.
# What computes for one call is not instrumented: SQLite's translated C, the compressors, the cipher
# of bcrypt, and two tools of tests. Goroutines meet in the code around them. SQLite's locks are in
# modernc.org/libc, so the detector knows the order of events. httpapi's tests take 46 s of
# processor time, and 102 s if only SQLite is left out (November 2026).
SEQUENTIAL := modernc.org/sqlite/lib github.com/klauspost/compress/zstd \
	github.com/klauspost/compress/huff0 github.com/andybalholm/brotli/... \
	golang.org/x/crypto/blowfish github.com/google/go-cmp/... \
	github.com/santhosh-tekuri/jsonschema/...
race: export CGO_ENABLED := 1
race: ## run the tests under the race detector, with fewer random cases (needs a C compiler)
	$(CLOCK) go test -race -short -vet=off $(SEQUENTIAL:%=-gcflags=%=-race=false) $(TESTFLAGS) ./...

lint: $(LINTER) ## run the linters; check the format and go.mod
	go mod tidy -diff
	$(LINTER) run ./...

vuln: $(GOVULNCHECK) ## look for known vulnerabilities, where their database can be reached
	.ci/vuln $(GOVULNCHECK)

fuzz: ## fuzz every parser of untrusted input, for three seconds each
	.ci/fuzz

clients: build ## run Airtable's own clients against the emulator, Datasette on an export, and Python clients of the API (needs Node, Python and jq)
	.ci/clients
	.ci/with-server .ci/python-clients

types: build ## generate TypeScript types from /api/openapi.json and compile a client (needs Node)
	.ci/with-server .ci/types

schemathesis: build ## test the server against its OpenAPI description for a minute (needs Python)
	.ci/with-server .ci/schemathesis

dashboard: build ## send the dashboard's requests from headless Chromium (needs Node and Chromium)
	.ci/with-server .ci/dashboard

page: build ## open the page of servers of sample data in headless Chromium, and keep pictures in .tools/page (needs Node and Chromium)
	.ci/page

s3: $(VERSITYGW) ## run the store suite against versitygw, an S3-compatible server
	.ci/s3 $(VERSITYGW)

container: build ## start the container image and ask it (needs Docker)
	.ci/container

shells: ## enter the secret of the pages in bash and zsh
	.ci/shells

# The longest first, so that no check is left to run alone.
ifneq ($(filter verify,$(MAKECMDGOALS)),)
DOCKER_CHECKS := $(shell docker info >/dev/null 2>&1 && echo sam-events container)
endif
verify: race account $(DOCKER_CHECKS) lint page vuln shells clients types schemathesis dashboard s3 sam-validate ## run all CI checks except the tests
ifeq ($(DOCKER_CHECKS),)
	@echo 'Skipped, because Docker is not running: make container, the image, and make sam-events, the functions on all of infra/events.'
endif

busy: ## run the tests ten times while two loops keep the processors busy: about an hour
	.ci/busy $(MAKE) test TESTFLAGS=-count=1

soak: busy ## run the long tests, for hours: thousands of random histories, a hundred refreshes by two hosts, fuzzing; VOC_SAMPLE=/path/to/records.jsonl.gz adds that file
	go test -count=1 ./internal/feedback ./internal/airtablesim
	go test ./internal/refresh -run RandomEdits -rapid.checks=5000 -timeout 6h
	go test ./internal/refresh -run IncrementalsAndASweep -rapid.checks=625 -timeout 6h # in eight shards
	go test ./internal/snapshot/... ./internal/manifest -rapid.checks=2000 -timeout 2h
	go test ./functions/server -run TwoHosts -hosts.refreshes=100 -timeout 1h
	.ci/fuzz 1m

bench: ## run the benchmarks on VOC_SAMPLE=/path/to/records.jsonl.gz, or by default on repeated test records
	go test -run '^$$' -bench . -skip 'HalfAMillion|FullRefresh|ColdStart|Resident|Hostile|HTTP' -benchmem ./...

bench-http: ## load the built server from outside, with repeated and with distinct requests, beside a floor (Linux)
	go test -run '^$$' -bench HTTP -benchtime 5x -timeout 30m ./functions/server

bench-hostile: ## attack the built server with VOC_SAMPLE and measure what other clients notice: milliseconds, memory
	go test -run '^$$' -bench Hostile -benchtime 5s -timeout 30m ./functions/server

bench-sync: ## measure a full refresh at 50, 150, 300 and 600 ms a page, and one edit: two minutes
	go test -run '^$$' -bench 'FullRefresh|OneEdit' -benchtime 1x ./functions/server

bench-cold: ## measure cold starts and memory of the API
	go test -run '^$$' -bench 'ColdStart|Resident' ./functions/api

bench-scale: ## measure pages and memory with 500,000 records: 10 minutes, 10 GB of disk
	go test -run '^$$' -bench HalfAMillion -timeout 2h ./internal/httpapi

build: ## build bin/voc, bin/api and bin/refresh, static and stripped, for this machine
	@echo 'Compiling: some minutes the first time, seconds afterwards.'
	go build -ldflags '$(LDFLAGS)' -o bin/voc ./functions/server
	$(LAMBDA) go build -o bin/ ./functions/api ./functions/refresh

.PHONY: generate costs
costs: ## compute the table of infra/COSTS.md from infra/costs.json
	go test -count=1 ./internal/repotest -run 'TestGeneratedParts/costs' -update

generate: ## write the generated parts of infra/*.md and the third-party notices
	go test -count=1 ./internal/repotest -run 'TestGeneratedParts|TestNotices' -update

clean: ## remove build output and installed tools, but not ./data, the server's store
	rm -rf bin .tools .aws-sam

sam-build: $(SAM) ## build the functions for AWS
	$(LAMBDA) $(SAM) build

sam-validate: export AWS_DEFAULT_REGION := us-east-1
sam-validate: $(SAM) $(CHECKOV) ## lint and test the template, before and after its transformation
	$(SAM) validate --lint
	$(dir $(SAM))python .ci/sam-transform
	$(dir $(SAM))cfn-lint .aws-sam/transformed.json
	$(dir $(SAM))python .ci/sam-transformed-test
	$(dir $(SAM))python .ci/deployer-policy --check
	$(CHECKOV) --skip-download --quiet --compact --framework cloudformation --file template.yaml

sam-events: $(SAM) $(VERSITYGW) build ## run the functions on all of infra/events with sam local (needs Docker)
	$(LAMBDA) $(SAM) build --config-env local
	SAM=$(SAM) VERSITYGW=$(VERSITYGW) .ci/sam-world .ci/sam-events

sam-local: $(SAM) $(VERSITYGW) build ## serve the API on port 3000 with sam local, an S3 store and the emulator (needs Docker)
	$(LAMBDA) $(SAM) build --config-env local
	SAM=$(SAM) VERSITYGW=$(VERSITYGW) .ci/sam-world .ci/sam-local

account: $(SAM) $(MINISTACK) build ## deploy, use, break, upgrade and delete a stack on an emulated account: about three minutes
	SAM=$(abspath $(SAM)) MINISTACK=$(abspath $(MINISTACK)) $(dir $(SAM))python -B .ci/account

# Targets that operate a stack run the SAM CLI's Python, which has the AWS clients.
STACK_TOOL := STAGE=$(STAGE) SAM=$(abspath $(SAM)) $(dir $(SAM))python -B infra/stack
export BASE ORIGIN PUBLIC SET PARAMETERS YES ACCEPT SNAPSHOT FILE JSON

deploy: sam-build ## deploy to AWS: BASE=app… ORIGIN=https://… the first time; PUBLIC=1 allows reads without a token; GUIDED=--guided asks for each parameter
ifdef GUIDED
	@.ci/parameters
	cp samconfig.toml .aws-sam/guided.toml # --guided saves to this copy, not to the tracked file
	$(SAM) deploy --config-file $(CURDIR)/.aws-sam/guided.toml --config-env $(STAGE) --guided
	$(STACK_TOOL) smoke
else
	@$(STACK_TOOL) deploy
endif

deploy-api: sam-build ## deploy only the API's code; run it before deploy if a release changes the snapshot format
	@$(STACK_TOOL) deploy-api

smoke: $(SAM) ## check the deployed API: health, a page, a 304 and a preflight
	@$(STACK_TOOL) smoke

outputs: $(SAM) ## print the URL and the names of a deployed stack
	@$(STACK_TOOL) outputs

parameters: $(SAM) ## write the parameters of a deployed stack to a file, for deploy PARAMETERS=…
	@$(STACK_TOOL) parameters

invoke-check: $(SAM) ## report whether a refresh on AWS would work
	@$(STACK_TOOL) invoke-check

invoke-full invoke-incremental invoke-sweep: $(SAM) ## start a refresh on AWS and print its run id; ACCEPT=1 passes the publish gate
	@$(STACK_TOOL) $@

invoke-rollback: $(SAM) ## roll back on AWS to SNAPSHOT=…, or to the previous snapshot
	@$(STACK_TOOL) $@

status: $(SAM) ## print what the deployed stack serves, without an API token; JSON=1 prints everything
	@$(STACK_TOOL) status

schedules: $(SAM) ## report how often the schedules on AWS fired, and the messages in the dead-letter queue
	@$(STACK_TOOL) schedules

test-events: $(SAM) ## add check, full, sweep, rollback, status, watch and drill to the console's Test menu
	@$(STACK_TOOL) test-events

remove: $(SAM) ## delete the stack from AWS, but not the bucket and the SecureStrings
	$(SAM) delete --config-env $(STAGE)

FUNCTION := RefreshFullFunction
EVENT := check
sam-invoke: $(SAM) $(VERSITYGW) build ## invoke FUNCTION=RefreshFullFunction with EVENT=check from infra/events, with sam local (needs Docker)
	$(LAMBDA) $(SAM) build --config-env local
	VERSITYGW=$(VERSITYGW) .ci/sam-world $(SAM) local invoke $(FUNCTION) --config-env local --event infra/events/$(EVENT).json

logs: $(SAM) ## follow the logs of the deployed functions
	$(SAM) logs --config-env $(STAGE) --tail

$(LINTER):
	GOBIN=$(CURDIR)/$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

$(GOVULNCHECK):
	GOBIN=$(CURDIR)/$(@D) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)

$(SAM):
	python3 -m venv $(@:%/bin/sam=%)
	$(@D)/pip install --quiet --disable-pip-version-check aws-sam-cli==$(SAM_VERSION)

$(CHECKOV): # separate from the SAM CLI: each pins another boto3
	python3 -m venv $(@:%/bin/checkov=%)
	$(@D)/pip install --quiet --disable-pip-version-check checkov==$(CHECKOV_VERSION)

$(VERSITYGW):
	GOBIN=$(CURDIR)/$(@D) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)

$(MINISTACK): # separate from the SAM CLI: each pins another boto3. The translator is the SAM CLI's
	python3 -m venv $(@:%/bin/ministack=%)
	$(@D)/pip install --quiet --disable-pip-version-check ministack==$(MINISTACK_VERSION) aws-sam-translator==1.115.0
