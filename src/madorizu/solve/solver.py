"""One CP-SAT solver for all models: on one thread, bounded by effort, so that a seed gives one answer everywhere."""

from __future__ import annotations

from ortools.sat.python import cp_model


def bounded(*, seed: int, effort: float, time_limit_s: float, gap: float = 0.0) -> cp_model.CpSolver:
    """Make a solver that gives the same answer for the same seed on every machine fast enough for the time limit.

    Args:
        seed: of its random choices.
        effort: limit in CP-SAT's deterministic seconds, its own measure of work.
        time_limit_s: limit by the clock; one that is past leaves a hundredth of a second.
        gap: relative distance from the best possible objective that is good enough.
    """
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_deterministic_time = effort
    solver.parameters.max_time_in_seconds = max(0.01, time_limit_s)
    solver.parameters.relative_gap_limit = gap
    return solver
