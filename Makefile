# The table of contents; the work is in scripts/.
.DEFAULT_GOAL := help
.PHONY: help run test build lint fmt audit long

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-6s %s\n", $$1, $$2}' Makefile

run: ## build and show a contact center at work on 127.0.0.1:8080, kept in ./data/demo
	@scripts/run.sh

test: ## everything that must pass before a change is merged
	@scripts/test.sh

build: ## the release binary with the web in it
	@scripts/build.sh

lint: ## formatting, clippy, dependency policy, shell scripts
	@scripts/lint.sh

fmt: ## format the code
	@cargo fmt --all

audit: ## known vulnerabilities in dependencies (needs the network)
	@scripts/deny.sh advisories

long: ## crash and load runs on both databases (CYCLES, RATE, SECS, AGENTS)
	@scripts/long.sh
