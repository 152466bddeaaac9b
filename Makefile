# Everything that is done with this project, by name. `make help` lists it.

GOLANGCI_VERSION := v2.15.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)
TEST_TIMEOUT := 25m

# The race detector watches everything but the two packages that are SQLite's C,
# translated: they keep their data outside of Go's memory, where it sees nothing,
# and with it they take five times as long. `make check` vets what is tested.
RACE := -race -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc=-race=false'
GO_TEST := go test -vet=off $(RACE)

# Starts the PostgreSQL that all packages share. The race detector needs cgo.
RUN = $(PLAIN) go build -o bin/test-run ./test/run && bin/test-run

# One setting for whatever is built without the race detector: the binary, what
# tests build themselves, vet and the linters. Then they share one build cache,
# which costs five minutes of processor to fill, and not one each.
export GOFLAGS += -trimpath
PLAIN := CGO_ENABLED=0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build, and serve the demo on http://127.0.0.1:8080
	./bin/vezne demo

.PHONY: build
build: ## build bin/vezne; needs Go and nothing else
	$(PLAIN) go build -o bin/vezne ./cmd/vezne

.PHONY: setup
setup: ## install what tests need and this machine lacks: Debian packages and axe-core
	test/setup

.PHONY: test
test: setup ## run every test, with the race detector
	$(RUN) $(GO_TEST) -timeout $(TEST_TIMEOUT) ./...

.PHONY: test-busy
test-busy: setup ## the same while another process keeps every processor busy
	$(RUN) -busy $(GO_TEST) -count=1 -timeout 45m ./...

.PHONY: quick
quick: ## build, vet, and run the tests that need no other program, without the race detector
	@$(PLAIN) test/quick

.PHONY: check
check: check-generate check-format check-lint check-arch ## generated files, format, vet and lint, import rules

.PHONY: check-generate
check-generate:
	$(PLAIN) test/check-generate

.PHONY: check-format
check-format:
	@files=$$(gofmt -l .); \
	if [ -n "$$files" ]; then echo "not formatted by gofmt:"; echo "$$files"; exit 1; fi
	go mod tidy -diff

# Vet is one of the linters.
.PHONY: check-lint
check-lint: $(GOLANGCI)
	$(PLAIN) $(GOLANGCI) run ./...

.PHONY: check-arch
check-arch:
	$(PLAIN) go test -vet=off ./internal/arch/...

.PHONY: check-deploy
check-deploy: ## prove image, chart, unit, alerts and dashboard without a container engine; needs root on Debian
	test/check-deploy

.PHONY: lint
lint: check-lint ## the linters alone

.PHONY: screenshots
screenshots: setup ## write a picture of every page, language and width into tmp/screenshots
	go test -count=1 -timeout $(TEST_TIMEOUT) -run '^TestEvery(Page|Document)$$' ./internal/httpapi/pages -args -screenshots $(CURDIR)/tmp/screenshots

# One run of a harness; BENCH_QUICK=1 is for trying it out.
BENCH := BENCH_REPORT=$(CURDIR)/docs/benchmarks go test -count=1 -run=NONE -benchtime=1x

# The build that the present one is held against: the last before the groundwork for three surfaces.
BENCH_AGAINST ?= cf2a73e

.PHONY: bench
bench: setup ## measure the table of speed, beside floors and an earlier build; writes payments.md, growth.md and against.md of docs/benchmarks
	BENCH_AGAINST=$(BENCH_AGAINST) $(BENCH) -bench='^Benchmark(Table|Growth|Against)$$' -timeout 2h ./test/bench

.PHONY: bench-against
bench-against: setup ## measure payments beside the build of the commit BENCH_AGAINST; writes docs/benchmarks/against.md
	BENCH_AGAINST=$(BENCH_AGAINST) $(BENCH) -bench='^BenchmarkAgainst$$' -timeout 1h ./test/bench

.PHONY: bench-growth
bench-growth: setup ## measure lists and searches with up to 5 million payments; writes docs/benchmarks/growth.md
	$(BENCH) -bench='^BenchmarkGrowth$$' -timeout 90m ./test/bench

.PHONY: bench-long
bench-long: setup ## pay for an hour on both engines and see that nothing grows; writes docs/benchmarks/long-run.md
	$(BENCH) -bench='^BenchmarkLong$$' -timeout 2h ./test/bench

CHAOS_DURATION ?= 10m

.PHONY: chaos
chaos: ## break everything for ten minutes on each storage; writes docs/benchmarks/chaos.md
	@mkdir -p docs/benchmarks
	CHAOS_DURATION=$(CHAOS_DURATION) CHAOS_REPORT=$(CURDIR)/docs/benchmarks/chaos.md \
		go test -count=1 -timeout 60m -v -run '^(TestSQLite|TestPostgreSQL)$$' ./test/chaos

.PHONY: generate
generate: ## write generated files anew
	go generate ./...

.PHONY: clean
clean: ## remove what was built
	rm -rf bin .tools

$(GOLANGCI):
	@mkdir -p .tools
	$(PLAIN) GOBIN=$(CURDIR)/.tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv .tools/golangci-lint $@
