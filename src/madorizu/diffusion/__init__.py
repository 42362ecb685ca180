"""Training a LoRA and drawing with it: the only room that imports torch.

`settings`, `bases`, `adapter` and `progress` do so only inside functions, so that a
command line can read settings and find files without waiting for it.
"""
