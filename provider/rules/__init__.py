"""Traefik's rule language: how rules are written, read and ranked, and which requests they match. Pure."""

from provider.rules.build import build, host_matcher, priority, quote, split
from provider.rules.conditions import Condition, Mismatch
from provider.rules.mistakes import BadRule
from provider.rules.parse import RULE_LENGTH, Rule, parse, read
from provider.rules.requests import BadRequest, Request, asked, received, sent
