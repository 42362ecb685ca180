"""Runs that show what a model can do, and their reports."""
