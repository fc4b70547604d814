"""Metrics, as Prometheus reads them.

Things are counted where they happen, as plain numbers, since a poll must stay cheap; what can be looked
up is looked up at each scrape. No label grows with what users keep or send. An edge stands under its own
name only if the settings name it, or if it is the default one: all others are counted together, under a
name that no edge can have. Whatever is not known now is left out, rather than told as 0.
"""
