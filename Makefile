# Every job has one name; `make` alone lists them. JOBS says how many compilers run at once.
JOBS ?= 2
HOST ?= 127.0.0.1
PORT ?= 8080
# Suites that hold deadlines, of a fraction of a second or of a server that they wait for. They run after the others, two tests
# at a time. What is matched is `Target.Suite/test`: the dot and the slash keep a name from meaning longer ones.
DEADLINES = \.(ProbeTests|DeliveryLimitFlowTests|HTTPSecurityTests|HTTPSenderTests|ProcessMetricsTests|ConnectionTests|DrainTests|IdleConnectionTests|ServeTests|SlowClientTests|BadInputTests|ShutdownTests|RedisClientTests|RedisTests|LeaseTests|LogTailTests|NetworkProxyTests|CaptureTests|NATSClientTests|CacheTests|DeliveryFlowTests|WebhookFlowTests|DeadLetterFlowTests|ProviderFlowTests|BrokerFlowTests|LookupFlowTests|ReloadFlowTests|ObserverMetricsTests|QdrantClientTests|QdrantRoutesTests|MemoryAPITests|UserKeyTests|MemoryHistoryTests|EmbedderTests|EmbeddingSettingsTests|CrossEncoderTests|GraphEmbeddingTests|EmbeddingFlowTests|MemoryTenancyTests|MemoryBoundsTests|MemoryLimitTests|SearchBudgetTests|MemoriesCommandTests|CollectionBadInputTests|MemoryBadInputTests|QdrantBadInputTests|VectorEngineTests|EngineTests|PgvectorTests|RecallTests|RedisPoolTests|GraphEngineTests|GraphAgreementTests|HistoryReadingTests|LoadTestTests|BenchCommandTests)/
# Suites that kill servers and wait for them, two tests at a time too.
FAULTS = \.(InstancesTests|CrashTests|RelocationCrashTests|MemoryCrashTests|MemoryFullDiskTests|ReplicaFaultTests|ReplicatedServersTests|NetworkFaultTests|StandstillTests|ClockSkewTests|PgBouncerTests|PromotionTests|ObserverCrashTests|ObserverInstancesTests|ObserverIsolationTests|ObserverChangeTests|EngineFaultTests|QdrantEngineTests|FalkorDBFaultTests|GraphCrashTests|RecommendationCrashTests|ShopRecommendationCrashTests|RecommendationInstancesTests)/
# How many tests run at once: each may hold servers, connections and threads.
WIDTH ?= 16
# A test process that crashes tells where, and ends: with all of its threads that takes longer than anybody waits.
export SWIFT_BACKTRACE ?= enable=yes,threads=crashed,images=none,symbolicate=fast,timeout=60s
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= $(WIDTH)

.DEFAULT_GOAL := help
.PHONY: help setup setup-build setup-bench engines build release test check format bench bench-quality docs clean serve

help: ## Lists the jobs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

setup: ## Installs what building and testing need and this machine lacks
	@scripts/setup build test

setup-build:
	@scripts/setup build

setup-bench:
	@scripts/setup build bench

engines: ## Fetches the real engines that the tests need and Debian does not have
	@scripts/engines

build: setup-build ## Builds everything for debugging
	swift build -j $(JOBS) --build-tests

release: setup-build ## Builds the server as it is shipped
	MILLRACE_CROSS_MODULE=1 swift build -c release -j $(JOBS) --product millrace

# House rules are held by `check`: they keep every processor busy for a minute, and what waits beside them misses its time.
test: setup ## Runs all tests but those of house rules
	scripts/run-tests -j $(JOBS) --skip 'TidyTests|$(DEADLINES)|$(FAULTS)'
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2 scripts/run-tests --alone-again --skip-build --filter '$(DEADLINES)|$(FAULTS)'

check: setup-build ## Checks format and house rules
	swift format lint --strict --recursive Package.swift Sources Tests
	swift test -j $(JOBS) --filter TidyTests

format: ## Formats the sources as `check` wants them
	swift format --in-place --recursive Package.swift Sources Tests

bench: setup-bench release ## Measures the server beside nginx, SQLite and pgbench; writes docs/benchmarks*.md
	python3 Benchmarks/bench.py --write docs/benchmarks.md
	python3 Benchmarks/bench_scaling.py --write docs/benchmarks-scaling.md
	python3 Benchmarks/bench_observers.py --write docs/benchmarks-observers.md
	MILLRACE_CROSS_MODULE=1 swift build -c release -j $(JOBS) --product vector-bench
	python3 Benchmarks/bench_vectors.py --write docs/benchmarks-vectors.md
	python3 Benchmarks/bench_memories.py --write docs/benchmarks-memories.md
	python3 Benchmarks/bench_knowledge.py --write docs/benchmarks-knowledge.md
	python3 Benchmarks/bench_falkordb.py --write docs/benchmarks-falkordb.md
	python3 Benchmarks/bench_recommendations.py --write docs/benchmarks-recommendations.md
	python3 Benchmarks/bench_workload.py --write docs/benchmarks-workload.md

bench-quality: setup-bench release ## Measures how well recommendations predict, beside others; fails when they are worse
	python3 Benchmarks/bench_quality.py --write docs/benchmarks-recommendations.md

docs: setup-build ## Builds the reference of the rooms in .build/docs
	scripts/docs

serve: release ## Serves a small sample shop on http://127.0.0.1:8080
	@scripts/serve-sample $(HOST) $(PORT)

clean: ## Removes what was built; data in ./data stays
	swift package clean
	rm -rf .build/docs .build/bench
