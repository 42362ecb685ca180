"""Figures on plans, readings of pictures, and sets of them."""
