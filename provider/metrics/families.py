"""Families of metrics: a name with its help text, and a value for each set of labels."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

Labels = TypeVar("Labels", bound=tuple[str, ...])


class Families:
    """What a scrape is written from."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        """Give it all."""
        return self._families


def gauge(name: str, words: str, values: Mapping[Labels, float], *labels: str) -> Metric:
    """Return a gauge."""
    family = GaugeMetricFamily(name, words, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def counter(name: str, words: str, values: Mapping[Labels, float], *labels: str) -> Metric:
    """Return a counter; in the text format its name ends with `_total`."""
    family = CounterMetricFamily(name, words, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family
