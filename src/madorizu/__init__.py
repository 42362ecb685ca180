"""madorizu: floor plans of Japanese houses, drawn by a LoRA and checked."""

__version__ = "0.1.0"
