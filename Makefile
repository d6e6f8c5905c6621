# Tools that checks need are installed under .tools, each in a folder with its version.
GOLANGCI := v2.15.0
LINTER := .tools/golangci-lint-$(GOLANGCI)/golangci-lint
SAM_VERSION := 1.170.0
SAM := .tools/aws-sam-cli-$(SAM_VERSION)/bin/sam
CHECKOV_VERSION := 3.3.30
CHECKOV := .tools/checkov-$(CHECKOV_VERSION)/bin/checkov
VERSITYGW_VERSION := v1.8.0
MINISTACK_VERSION := 1.5.33
MINISTACK := .tools/ministack-$(MINISTACK_VERSION)/bin/ministack
VERSITYGW := .tools/versitygw-$(VERSITYGW_VERSION)/versitygw
VERSION := $(shell git describe --always --dirty 2>/dev/null)

# One set of flags for what is tested, run and released: -trimpath and CGO_ENABLED are part of every
# package that is compiled, SQLite's too, and with two sets each is compiled twice.
export GOFLAGS := $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)) -trimpath
export CGO_ENABLED := 0

# `sam build` knows no flags of Go; it takes these from the environment.
LDFLAGS := -s -w -X voc/internal/app.version=$(VERSION)
LAMBDA := GOFLAGS='$(GOFLAGS) -tags=lambda.norpc "-ldflags=$(LDFLAGS)"'

STAGE := prod# of samconfig.toml; dev is the other one
export SAM_CLI_TELEMETRY := 0

.PHONY: help run test clock race lint clients types schemathesis dashboard verify busy soak bench bench-large build clean
.PHONY: s3 sam-build sam-validate sam-events sam-local sam-invoke account deploy deploy-api smoke outputs parameters remove
.PHONY: invoke-check invoke-full invoke-incremental invoke-sweep invoke-rollback status schedules test-events logs
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## serve; without an account, sample data from a built-in Airtable
	go run ./functions/server

# Many tests wait, for Airtable's pace or for a process: six at once use two processors well.
test: ## the tests: no network, nothing to install, about two minutes
	go test -parallel 6 $(TESTFLAGS) ./...

# Where the clock is set for the tests: days from now, or instants.
CLOCKS := +3d +40d +400d
clock: ## the tests on other days, e.g. make clock CLOCKS=2028-02-29T12:00:00Z
	@for when in $(CLOCKS); do .ci/clock $$when go test -count=1 ./... || exit; done

# With -short, tests try fewer cases at random and one fault for each operation, and skip nothing.
# SQLite's translated C is not instrumented, which halves the time. Its locks are: they are calls of
# modernc.org/libc, so that the detector knows what happens before what.
race: export CGO_ENABLED := 1
race: ## all packages under the race detector, with reduced counts (needs a C compiler)
	go test -race -short -gcflags=modernc.org/sqlite/lib=-race=false $(TESTFLAGS) ./...

lint: $(LINTER) ## linters, format, tidy modules
	go mod tidy -diff
	$(LINTER) run ./...

clients: build ## Airtable's own clients against the emulator (needs Node and Python)
	.ci/clients

types: build ## TypeScript types of /api/openapi.json, and a program that uses them (needs Node)
	.ci/with-server .ci/types

schemathesis: build ## the server against its own description, for a minute (needs Python)
	.ci/with-server .ci/schemathesis

dashboard: build ## the dashboard's requests from headless Chromium (needs Node and Chromium)
	.ci/with-server .ci/dashboard

s3: $(VERSITYGW) ## the suite of the stores over versitygw, an S3-compatible server
	.ci/s3 $(VERSITYGW)

verify: lint race clients types schemathesis dashboard s3 sam-validate account ## all that CI checks beside the tests
	@if docker info >/dev/null 2>&1; then $(MAKE) sam-events; \
	else echo 'Not run, for no Docker answers: make sam-events, the functions on all of infra/events.'; fi

busy: ## the tests ten times in a row, beside two loops that keep processors busy: about an hour
	.ci/busy $(MAKE) test TESTFLAGS=-count=1

soak: busy ## the long versions of tests: thousands of random histories, a hundred refreshes of two hosts, fuzzing; hours. VOC_SAMPLE=/path/to/records.jsonl.gz compares over that file too
	go test -count=1 ./internal/feedback ./internal/airtablesim
	go test ./internal/refresh -run RandomEdits -rapid.checks=5000 -timeout 6h
	go test ./internal/refresh -run IncrementalsAndASweep -rapid.checks=625 -timeout 6h # in eight shards
	go test ./internal/snapshot/... ./internal/manifest -rapid.checks=2000 -timeout 2h
	go test ./functions/server -run TwoHosts -hosts.refreshes=100 -timeout 1h
	.ci/fuzz 1m

bench: ## the benchmarks. VOC_SAMPLE=/path/to/records.jsonl.gz measures with that file, else the repository's records are repeated
	go test -run '^$$' -bench . -skip HalfAMillion -benchmem ./...

bench-large: ## pages and memory at 500,000 records: some 10 minutes and 10 GB of disk
	go test -run '^$$' -bench HalfAMillion -timeout 2h ./internal/httpapi

build: ## bin/voc, bin/api and bin/refresh, static and stripped, for this machine
	go build -ldflags '$(LDFLAGS)' -o bin/voc ./functions/server
	$(LAMBDA) go build -o bin/ ./functions/api ./functions/refresh

.PHONY: generate
generate: ## write the parts of infra/*.md that come from the code, and the third-party notices
	go test -count=1 ./internal/repotest -run 'TestGeneratedParts|TestNotices' -update

clean: ## remove what was built and installed here; ./data, the server's store, stays
	rm -rf bin .tools .aws-sam

sam-build: $(SAM) ## the functions, as deploy takes them to AWS
	$(LAMBDA) $(SAM) build

sam-validate: export AWS_DEFAULT_REGION := us-east-1
sam-validate: $(SAM) $(CHECKOV) ## the template and what CloudFormation makes of it: linters and tests
	$(SAM) validate --lint
	$(dir $(SAM))python .ci/sam-transform
	$(dir $(SAM))cfn-lint .aws-sam/transformed.json
	$(dir $(SAM))python .ci/sam-transformed-test
	$(dir $(SAM))python .ci/deployer-policy --check
	$(CHECKOV) --skip-download --quiet --compact --framework cloudformation --file template.yaml

sam-events: $(SAM) $(VERSITYGW) build ## the functions on all of infra/events, by sam local (needs Docker)
	$(LAMBDA) $(SAM) build --config-env local
	SAM=$(SAM) VERSITYGW=$(VERSITYGW) .ci/sam-world .ci/sam-events

sam-local: $(SAM) $(VERSITYGW) build ## the API on port 3000, by sam local, with an S3 store and the emulator (needs Docker)
	$(LAMBDA) $(SAM) build --config-env local
	SAM=$(SAM) VERSITYGW=$(VERSITYGW) .ci/sam-world .ci/sam-local

account: $(SAM) $(MINISTACK) build ## deploy, use, break, upgrade and delete a stack on an emulated account: about three minutes
	SAM=$(abspath $(SAM)) MINISTACK=$(abspath $(MINISTACK)) $(dir $(SAM))python -B .ci/account

# What looks after a stack on AWS: with the Python of the SAM CLI, which has the clients of AWS.
STACK_TOOL := STAGE=$(STAGE) SAM=$(abspath $(SAM)) $(dir $(SAM))python -B infra/stack
export BASE ORIGIN PUBLIC SET PARAMETERS YES ACCEPT SNAPSHOT FILE JSON

deploy: sam-build ## to AWS: BASE=app… ORIGIN=https://… the first time; PUBLIC=1 lets all read; GUIDED=--guided asks for everything
ifdef GUIDED
	@.ci/parameters
	cp samconfig.toml .aws-sam/guided.toml # what --guided saves goes there, and not into the tracked file
	$(SAM) deploy --config-file $(CURDIR)/.aws-sam/guided.toml --config-env $(STAGE) --guided
	$(STACK_TOOL) smoke
else
	@$(STACK_TOOL) deploy
endif

deploy-api: sam-build ## the API's code alone: before deploy, where a release changes the format of snapshots
	@$(STACK_TOOL) deploy-api

smoke: $(SAM) ## ask the deployed API for its health, a page, a 304 and a preflight
	@$(STACK_TOOL) smoke

outputs: $(SAM) ## the URL and the names of a deployed stack
	@$(STACK_TOOL) outputs

parameters: $(SAM) ## write the parameters of a deployed stack to a file; deploy PARAMETERS=… sets them again
	@$(STACK_TOOL) parameters

invoke-check: $(SAM) ## ask on AWS whether a refresh would work
	@$(STACK_TOOL) invoke-check

invoke-full invoke-incremental invoke-sweep: $(SAM) ## start a refresh on AWS and print its run id; ACCEPT=1 passes the publish gate
	@$(STACK_TOOL) $@

invoke-rollback: $(SAM) ## go back to SNAPSHOT=… on AWS, or to the previous one
	@$(STACK_TOOL) $@

status: $(SAM) ## what the deployed stack serves; needs no token of the API. JSON=1 prints all of it
	@$(STACK_TOOL) status

schedules: $(SAM) ## whether the schedules on AWS fire, and what is in the queue of failures
	@$(STACK_TOOL) schedules

test-events: $(SAM) ## put check, full, sweep, rollback and status into the menu of the console's Test button
	@$(STACK_TOOL) test-events

remove: $(SAM) ## delete the stack from AWS; the bucket and the SecureStrings stay
	$(SAM) delete --config-env $(STAGE)

FUNCTION := RefreshFullFunction
EVENT := check
sam-invoke: $(SAM) $(VERSITYGW) build ## hand FUNCTION=RefreshFullFunction the EVENT=check of infra/events, by sam local (needs Docker)
	$(LAMBDA) $(SAM) build --config-env local
	VERSITYGW=$(VERSITYGW) .ci/sam-world $(SAM) local invoke $(FUNCTION) --config-env local --event infra/events/$(EVENT).json

logs: $(SAM) ## follow the logs of the deployed functions
	$(SAM) logs --config-env $(STAGE) --tail

$(LINTER):
	GOBIN=$(CURDIR)/$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

$(SAM):
	python3 -m venv $(@:%/bin/sam=%)
	$(@D)/pip install --quiet --disable-pip-version-check aws-sam-cli==$(SAM_VERSION)

$(CHECKOV): # apart from the SAM CLI: each pins another boto3
	python3 -m venv $(@:%/bin/checkov=%)
	$(@D)/pip install --quiet --disable-pip-version-check checkov==$(CHECKOV_VERSION)

$(VERSITYGW):
	GOBIN=$(CURDIR)/$(@D) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)

$(MINISTACK): # apart from the SAM CLI: each pins another boto3. The translator is the SAM CLI's
	python3 -m venv $(@:%/bin/ministack=%)
	$(@D)/pip install --quiet --disable-pip-version-check ministack==$(MINISTACK_VERSION) aws-sam-translator==1.115.0
