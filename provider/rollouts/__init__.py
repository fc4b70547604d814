"""Rollouts: traffic moves from one service to another, step by step, and goes back by itself when something is wrong.

One is a row. Each step is committed before any edge is served it, so whoever starts again goes on from there. While it
runs, nothing of the desired state changes: what edges get is laid over it (`shifts`). At its end one revision makes it
last: all that referred to the service refers to its target from then on, and the service is left as it was.
"""
