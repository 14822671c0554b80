# Everything a newcomer or a developer runs; `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
TICKS ?= 30
MINUTES ?= 3
SECTIONS ?=
SEEDS ?= 10000
STREAMS ?= 5000
FIRST ?= 1

.PHONY: help demo page live test check build install kafka kafka-stop registry registry-stop docs sbom figures bench bench-kafka bench-shards bench-peers flood readers hostile merged restart live-page samples slides diagrams simulate simulate-shards faults exchange-faults chaos chaos-shards clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: build ## Both jobs for TICKS=30 seconds: broker, events, live ladder, simulated exchanges, output/demo/
	@TICKS=$(TICKS) scripts/demo.sh

page: build ## Both jobs and the web page on HTTP_PORT=8080, on simulated data, until Ctrl-C
	@SHOW=page scripts/demo.sh

live: build ## Ask the real exchanges for MINUTES=3: quote, poll, analyse, report
	@MINUTES=$(MINUTES) scripts/live.sh

test: build ## All tests, with a broker of their own
	@scripts/test.sh

check: install ## Types, style and lint
	npm run --silent check

build: install ## Compile to dist/
	@npm run --silent build

install: node_modules/.installed ## Install the packages of package-lock.json

kafka: ## Start a broker on localhost:9092 (KAFKA_BROKERS, Docker or Java)
	@scripts/kafka.sh start

kafka-stop: ## Stop the broker that `make kafka` started
	@scripts/kafka.sh stop

registry: ## Start a schema registry on localhost:8081 (SCHEMA_REGISTRY_URL, Docker or Java)
	@scripts/registry.sh start

registry-stop: ## Stop the registry that `make registry` started
	@scripts/registry.sh stop

docs: install ## Write docs/DATA.md from schemas/, docs/CLI.md from the program, and the table of metrics in docs/OPERATIONS.md
	@npx tsx scripts/data-dictionary.ts && npx tsx scripts/command-reference.ts && npx tsx scripts/metrics-table.ts

sbom: install ## Write output/sbom.cdx.json: every package that comes with depthline, with its hash (CycloneDX)
	@npx tsx scripts/sbom.ts

live-page: install ## Build docs/live/index.html: the books in a browser, in one file
	@npx tsx scripts/live-page.ts

samples: build ## Make the files of output/ anew: five minutes on the emulator and simulated exchanges (some 6 minutes)
	@scripts/samples.sh

diagrams: install ## Render the Mermaid diagrams of docs/ to docs/images (needs Chromium)
	@scripts/diagrams.sh

slides: install ## Build docs/slides from docs/PRESENTATION.md as HTML and PDF (needs Chromium)
	@scripts/slides.sh

figures: install ## Write the figures of README.md and docs/PERFORMANCE.md, and their plots, from bench/results
	@npx tsx scripts/figures.ts

bench: build ## Measure the core, ticks, snapshots, replay, tick latency and exchange rounds (bench/README.md)
	@for name in replay core ticks snapshot tick-latency exchange-round exchange-latency; do npx tsx bench/$$name.ts || exit; done

bench-kafka: build ## `run` on a local broker: drain, ticks and latency, recovery (some 20 minutes)
	@npx tsx bench/kafka/drain.ts && npx tsx bench/kafka/ticks.ts && npx tsx bench/kafka/recovery.ts

bench-shards: build ## Shards and a merger beside one process: drains, the merger's cost, idle cost, rebalances (some 20 minutes)
	@npx tsx bench/kafka/shards.ts && npx tsx bench/kafka/shard-costs.ts

bench-peers: build ## Beside Flink and Spark: needs Java 17, Maven, Go (RUNS=3 ENGINES="…" TESTS="…"; some 80 minutes)
	@npx tsx bench/peers/peers.ts

flood: build ## A topic of a million broken records, drained while ticks go on
	@npx tsx bench/flood.ts

readers: build ## 200 readers of the stream of `serve`: what they get, and what `run` notices of them
	@npx tsx bench/stream-readers.ts

hostile: build ## A million hostile records against the naive book
	@npx tsx bench/hostile.ts

merged: install ## STREAMS=5000 random streams through 1 to 8 shards and a merger, against one process
	@STREAMS=$(STREAMS) npx vitest run src/jobs/merged-books.property.test.ts

restart: build ## Ten million open orders: read, snapshot, kill -9, restart (some minutes)
	@npx tsx bench/restart.ts

simulate: install ## SEEDS=10000 simulations of the job under faults, or SEED=n alone with its trace
	@SEEDS=$(SEEDS) SEED=$(SEED) FIRST=$(FIRST) npx tsx bench/simulate.ts

simulate-shards: install ## The same of shards and merger: rebalances, crashes, clocks, compaction
	@ROLE=shard SEEDS=$(SEEDS) SEED=$(SEED) FIRST=$(FIRST) npx tsx bench/simulate.ts

faults: build ## Kills, stops, broker and network faults, judged (docs/faults/README.md; SECTIONS="kills points takeovers broker network")
	@npx tsx faults/faults.ts $(SECTIONS)

exchange-faults: build ## KILLS=20 of poll and as many of analyse, at random, judged
	@npx tsx faults/exchange.ts

chaos: build ## A minute to watch: the live ladder while the processor is killed every 5 s, then judged
	@npx tsx faults/chaos.ts

chaos-shards: build ## Shards and merger against replay, under kills for CHAOS_SECONDS=300, and on three brokers, judged (SECTIONS="equal chaos brokers")
	@npx tsx faults/shards.ts $(SECTIONS)

clean: ## Remove what was built and measured, not the broker's data
	rm -rf dist output/demo

node_modules/.installed: package.json package-lock.json
	@scripts/node-version.sh
	npm ci --no-fund --no-audit --loglevel=error
	@touch $@
