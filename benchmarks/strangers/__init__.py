"""How three imagined drawing offices draw a `madorizu.plan.Plan`; for benchmarks only."""
