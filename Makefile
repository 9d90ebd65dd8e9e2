# Debian keeps nginx in /usr/sbin, which is not on everybody's PATH.
export PATH := $(PATH):/usr/sbin:/sbin

# The version is asked of git here and not by the go command, which refuses to
# build at all in a clone that belongs to another user.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 30s
SOAK ?= 10m
KILLS ?= 100
HANGUPS ?= 100
MUTANTS ?= 25
SEED ?= 1
MUTATED ?= ./hub ./hub/disk ./hub/socket ./tcpgw ./wsgw
BENCH ?= .
BENCHRUNS ?= 5
TOOL := go tool -modfile=.ci/tools.mod

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build test deps lint fuzz soak kills hangups mutants bench

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## run from source (ARGS='--tcp :4000')
	go run -buildvcs=false ./cmd/partyline $(ARGS)

build: ## build ./partyline, static and without machine paths
	CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags '-s -w -X main.version=$(VERSION)' -o partyline ./cmd/partyline

test: deps build lint ## install what the tests need, build, lint, run all tests with -race (TESTFLAGS='-run Name')
	$(TOOL) gotestsum --format pkgname -- -race -timeout 15m $(TESTFLAGS) ./...
	@echo "Again without the race detector, which allocates and takes the time of others:"
	go test -timeout 8m -run 'TestOneMessage|TestQuietRooms|TestTidy|TestCanaries' ./hub ./cmd/partyline

deps: ## install what the tests need beside Go (Debian: by apt, only what is missing)
	@bash .ci/install

lint: ## gofumpt, gofmt, vet, other systems, staticcheck, shellcheck, the import rule
	@# gofumpt brings a printer of its own, which may align columns in another way than the
	@# toolchain's gofmt: a file has to satisfy both.
	@unformatted=$$($(TOOL) gofumpt -l . && gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted (mend it with: $(TOOL) gofumpt -w .; if gofmt -d still shows a column, name its longest value):" >&2; \
		echo "$$unformatted" | sort -u >&2; \
		exit 1; \
	fi
	go vet ./... ./.ci/mutants
	GOARCH=386 CGO_ENABLED=0 go vet ./...
	GOOS=darwin GOARCH=arm64 go build ./...
	@# SQLite takes minutes for each system: these two build what does not need it.
	GOOS=freebsd GOARCH=amd64 go build ./hub ./tcpgw ./wsgw ./web
	GOOS=windows GOARCH=amd64 go build ./hub ./tcpgw ./wsgw ./web
	$(TOOL) staticcheck ./... ./.ci/mutants
	@if command -v shellcheck >/dev/null; then \
		shellcheck $(filter-out %.mod %.sum %/mutants,$(wildcard .ci/*)); \
	else \
		echo "lint: no shellcheck here, the scripts go unchecked" >&2; \
	fi
	@bash .ci/imports

fuzz: ## run every fuzz target for FUZZTIME (30s), one at a time
	@FUZZTIME=$(FUZZTIME) bash .ci/fuzz

soak: ## simulate the hub, run random histories, and talk while 1 in 100 misbehaves, each for SOAK (10m)
	go test ./hub -run TestSimulation -v -count 1 -timeout 0 -args -sim.time $(SOAK) -sim.crowd 300
	go test ./hub ./hub/disk -run Histories -count 1 -timeout 0 -args -journal.time $(SOAK)
	SOAK=$(SOAK) go test -run 'TestSoak|TestSteadyReaders' -v -count 1 -timeout 0 ./cmd/partyline

kills: ## kill the server while there is talk, KILLS (100) times: nothing acknowledged is lost
	KILLS=$(KILLS) go test -run TestKilled -v -count 1 -timeout 0 ./cmd/partyline

hangups: ## have each client hang up HANGUPS (100) times in each of its ways: nothing that arrived is lost
	HANGUPS=$(HANGUPS) go test -run TestClients -v -count 1 -timeout 0 ./cmd/partyline

mutants: ## change MUTANTS (25) places in each package, one at a time: do its tests notice? (MUTATED=./hub, SEED=1)
	@# It takes some 20 minutes. A mutant may loop, and take memory until there is none.
	ulimit -v 8388608; nice -n 15 go run ./.ci/mutants -n $(MUTANTS) -seed $(SEED) $(MUTATED)

bench: ## compare with queue-per-member and the floor (BENCH='at rest' for single rows, BENCHRUNS=5)
	REACH='$(BENCH)' BENCHRUNS=$(BENCHRUNS) go test -run TestReach -v -count 1 -timeout 60m ./cmd/partyline/internal/load
