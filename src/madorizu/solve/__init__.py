"""Blocks of the plan solver, on OR-tools CP-SAT. Knows the catalogue, never the rules."""
