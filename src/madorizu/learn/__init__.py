"""Teach the net that reads drawings (`vectorise`): examples, training, the file that ships.

Beside `diffusion` the only room that imports torch; nothing that reads drawings needs it.
"""
