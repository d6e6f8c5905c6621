# Tools that checks need are installed under .tools, each in a folder with its version.
GOLANGCI := v2.15.0
LINTER := .tools/golangci-lint-$(GOLANGCI)/golangci-lint
VERSION := $(shell git describe --always --dirty 2>/dev/null)

.PHONY: help run test race lint clients verify soak bench bench-large build clean
.PHONY: types schemathesis dashboard
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## serve; without an account, sample data from a built-in Airtable
	go run ./functions/server

test: ## the tests: no network, nothing to install, about two minutes
	go test $(TESTFLAGS) ./...

race: ## the tests under the race detector (needs a C compiler)
	go test -race ./...

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

verify: types schemathesis dashboard
verify: lint race clients ## all that CI checks beside the tests

soak: ## the long versions of tests: thousands of random histories, a hundred refreshes of two hosts, fuzzing; hours
	go test ./internal/refresh -run 'RandomEdits|IncrementalsAndASweep' -rapid.checks=5000 -timeout 6h
	go test ./internal/snapshot ./internal/catalog -rapid.checks=2000 -timeout 2h
	go test ./functions/server -run TwoHosts -hosts.refreshes=100 -timeout 1h
	.ci/fuzz 1m

bench: ## the benchmarks
	go test -run '^$$' -bench . -skip HalfAMillion -benchmem ./...

bench-large: ## pages and memory at 500,000 records: some 10 minutes and 10 GB of disk
	go test -run '^$$' -bench HalfAMillion -timeout 2h ./internal/httpapi

build: ## bin/server, static and stripped, for this machine
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X voc/internal/app.version=$(VERSION)' -o bin/server ./functions/server

clean: ## remove what was built and installed here; ./data, the server's store, stays
	rm -rf bin .tools

$(LINTER):
	GOBIN=$(CURDIR)/$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
