# Debian installs nginx in /usr/sbin, which may not be in PATH.
export PATH := $(PATH):/usr/sbin:/sbin

# A program with the race detector sleeps for a second before it exits, unless told otherwise.
export GORACE ?= atexit_sleep_ms=10

# The version comes from git and not from the go command, which refuses to build in a
# clone that belongs to another user.
VERSION ?= $(shell git describe --tags --always --abbrev=12 --dirty 2>/dev/null || echo dev)
COMMIT ?= $(shell git describe --match= --always --abbrev=40 --dirty 2>/dev/null)
FUZZTIME ?= 30s
SOAK ?= 10m
KILLS ?= 100
RESTARTS ?= 100
HANGUPS ?= 100
MUTANTS ?= 25
SEED ?= 1
MUTATED ?= ./hub ./hub/wire ./hub/names ./hub/clean ./hub/admission ./hub/history ./hub/history/ring ./hub/history/sqlite ./hub/socket ./tcpgw ./wsgw ./client
LINES ?= 1000000
KEYS ?= 500
BENCH ?= .
BENCHRUNS ?= 5
BUILD := partyline/cmd/partyline/internal/build
E2E := ./cmd/partyline/internal/e2e
# The packages that use raw descriptors, or what is above them.
PORTABLE := ./hub/socket ./tcpgw ./wsgw ./cmd/partyline/internal/listen
TOOL := go tool -modfile=.ci/tools.mod

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run build release systems same test check deps lint fuzz soak kills cluster shared restarts hangups mutants bench scale speed page screenshots keys record

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## run from source (ARGS='--tcp :4000')
	go run -buildvcs=false ./cmd/partyline $(ARGS)

build: ## build ./partyline, static and without machine paths
	CGO_ENABLED=0 go build -tags nethttpomithttp2 -trimpath -buildvcs=false \
		-ldflags '-s -w -X $(BUILD).version=$(VERSION) -X $(BUILD).commit=$(COMMIT)' -o partyline ./cmd/partyline

release: ## build archives for all systems, packages for Debian and checksums into dist/, of the commit and nothing else
	rm -rf dist
	go run ./cmd/partyline/internal/release -out dist

systems: ## vet all packages for macOS, Windows and FreeBSD, which takes minutes the first time
	GOOS=darwin go vet ./...
	GOOS=windows go vet ./...
	GOOS=freebsd go vet ./...

same: ## build a release for Linux twice, from different folders, and compare all bytes: 4 minutes
	BUILD_TWICE=1 go test -run TestSameBytes -v -count 1 -timeout 20m $(E2E)/release

test: deps build lint ## lint, unit tests and the main end-to-end tests with -race: 6 minutes (TESTFLAGS='-run Name')
	$(TOOL) gotestsum --format pkgname -- -race -short -p 4 -parallel 4 -timeout 8m $(TESTFLAGS) ./...

check: deps build lint ## lint and all tests, also those that take long (TESTFLAGS='-run Name')
	$(TOOL) gotestsum --format pkgname -- -race -p 3 -timeout 15m $(TESTFLAGS) ./...
	@echo "Again as on a system without raw descriptors:"
	go test -tags portable -short -timeout 8m $(PORTABLE)
	@echo "Again without the race detector, which allocates and slows down other goroutines:"
	go test -timeout 8m -run 'TestOneMessage|TestQuietRooms|TestTidy|TestAbuse/TCP|TestPipeAcrossKills' ./hub $(E2E)/abuse $(E2E)/talk

deps: ## install what the tests need besides Go, if it is missing: programs (Debian, with apt) and npm packages
	@bash .ci/install
	@bash .ci/js/install

lint: ## gofumpt, gofmt, vet, other systems, staticcheck, shellcheck, the import rule, types and faults of JavaScript
	@# gofumpt has its own printer, which may align columns differently from the toolchain's
	@# gofmt. A file must satisfy both.
	@unformatted=$$($(TOOL) gofumpt -l . && gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted (fix it with: $(TOOL) gofumpt -w .; if gofmt -d still shows a column, give its longest value a name):" >&2; \
		echo "$$unformatted" | sort -u >&2; \
		exit 1; \
	fi
	go vet ./... ./.ci/mutants
	GOARCH=386 CGO_ENABLED=0 go vet ./...
	go vet -tags portable ./...
	GOOS=darwin GOARCH=arm64 go build ./...
	@# SQLite takes minutes to build for each system. These two leave out what uses it: see make systems.
	GOOS=freebsd GOARCH=amd64 go vet $(PORTABLE) ./hub ./web ./client
	GOOS=windows GOARCH=amd64 go vet $(PORTABLE) ./hub ./web ./client
	@# It fails if a package that another one imports has no files for the system.
	GOOS=windows go list -deps -test ./... >/dev/null
	$(TOOL) staticcheck ./... ./.ci/mutants
	@if command -v shellcheck >/dev/null; then \
		shellcheck $(filter-out %.mod %.sum %/mutants %/js,$(wildcard .ci/*)) .ci/js/install .ci/js/check cmd/partyline/internal/release/debian/*; \
	else \
		echo "lint: shellcheck is not installed, the scripts are not checked" >&2; \
	fi
	@bash .ci/imports
	@bash .ci/js/check

fuzz: ## run every fuzz target for FUZZTIME (30s), one at a time
	@FUZZTIME=$(FUZZTIME) bash .ci/fuzz

soak: ## simulate the hub, compare journals with a model, and talk while 1 client in 100 misbehaves, each for SOAK (10m)
	go test ./hub -run TestSimulation -v -count 1 -timeout 0 -args -sim.time $(SOAK) -sim.members 300
	go test ./hub/history ./hub/history/sqlite -run Model -count 1 -timeout 0 -args -journal.time $(SOAK)
	SOAK=$(SOAK) go test -run 'TestSoak|TestSteadyReaders' -v -count 1 -timeout 0 $(E2E)/abuse

kills: ## kill the server while clients talk, KILLS (100) times: no acknowledged message is lost
	KILLS=$(KILLS) go test -run TestKilled -v -count 1 -timeout 0 $(E2E)/history

cluster: ## run several NATS servers and partylines, also of the release before, and kill each under load KILLS (2) times: 5 minutes
	CLUSTER=1 go test -race -v -run 'TestJournal|TestShared|TestLostServers|TestPartition|TestFullDiskOfOne' -count 1 -timeout 15m ./hub/history/jetstream
	CLUSTER=1 go test -race -v -run TestSimulationOverNATS -count 1 -timeout 5m ./hub
	CLUSTER=1 go test -v -run 'TestOneOrder|TestRestarts|TestMixed|TestRollingUpgrade' -count 1 -timeout 10m $(E2E)/cluster

shared: ## run the end-to-end tests that do not concern local disks again, with the history of each server in NATS
	NATS=1 go test -short -p 1 -count 1 -timeout 15m $(E2E)/chat $(E2E)/clients $(E2E)/proxy $(E2E)/listening $(E2E)/operate $(E2E)/talk $(E2E)/page $(E2E)/abuse

restarts: ## restart the server under load RESTARTS (100) times, with and without nginx: nothing that was said is lost
	RESTARTS=$(RESTARTS) go test -run TestRestarts -v -count 1 -timeout 0 $(E2E)/service

hangups: ## disconnect each client HANGUPS (100) times in each of its ways: no line that arrived is lost
	HANGUPS=$(HANGUPS) go test -run TestClients -v -count 1 -timeout 0 $(E2E)/clients

mutants: ## change MUTANTS (25) positions in each package, one at a time, and list what its tests miss (MUTATED=./hub, SEED=1)
	@# This takes about 20 minutes. ulimit stops a mutant that allocates without end.
	ulimit -v 8388608; nice -n 15 go run ./.ci/mutants -n $(MUTANTS) -seed $(SEED) $(MUTATED)

bench: ## compare with queue-per-member and the floor (BENCH='at rest' for some rows, BENCHRUNS=5)
	BENCH='$(BENCH)' BENCHRUNS=$(BENCHRUNS) go test -run TestBench -v -count 1 -timeout 60m ./cmd/partyline/internal/load

scale: ## simulate 100 partylines with 10 million members, and print which part saturates first (ARGS='-members 1000000')
	go run ./cmd/partyline/internal/scale $(ARGS)

speed: ## measure how many of LINES (1000000) lines a second talk says and prints in a pipe
	LINES=$(LINES) go test -run TestSpeed -v -count 1 -timeout 10m $(E2E)/talk

page: ## measure the page in Chromium: its weight, its cost while messages arrive, its memory and scrolling: 5 minutes
	FIGURES=1 go test -run TestFigures -v -count 1 -timeout 30m $(E2E)/page

screenshots: ## write pictures of the page into docs/screenshots (needs the fonts of fonts-noto-cjk)
	SCREENSHOTS=$(CURDIR)/docs/screenshots go test -run TestScreenshots -count 1 -timeout 15m $(E2E)/page

keys: ## measure talk on a terminal: its CPU time, and the time from each of KEYS (500) keys to its echo
	KEYS=$(KEYS) go test -run TestKeys -v -count 1 -timeout 20m $(E2E)/talk

record: ## write the recording in README.md, and the golden screens of talk
	go test -run 'TestRecording|TestScreens|TestNetcatScreen' -count 1 $(E2E)/talk -update
