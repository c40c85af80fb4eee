"""Checks of the overlay: each patch has at least one check that fails on MiniStack alone.

`python -m checks [word…]` starts a local cloud of its own on a free loopback port and runs the checks whose name has one
of the words (all without a word). It needs only the environment of `../requirements.txt`.
"""
