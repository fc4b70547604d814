"""Rules and requests for property tests, as the tests against a real Traefik have them."""

from random import Random

from hypothesis import strategies as st

from provider import rules
from provider.rules import BadRequest, BadRule, Request, Rule
from tests.e2e.requests import sent as random_sent
from tests.e2e.rule_texts import rule as random_rule


def _rule(seed: int) -> Rule | None:
    try:
        return rules.parse(random_rule(Random(seed), wild=False, depth=seed % 4))
    except BadRule:
        return None


def _request(seed: int) -> Request | None:
    sent = random_sent(Random(seed))
    try:
        return rules.received(sent.host or "", sent.target, sent.method, sent.headers, sent.client)
    except BadRequest:
        return None


seeds = st.integers(0, 2**32)
accepted_rules = seeds.map(_rule).filter(lambda rule: rule is not None)
seen_requests = seeds.map(_request).filter(lambda request: request is not None)
