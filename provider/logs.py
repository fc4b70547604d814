"""Log lines: for people or for programs, on standard error, from us and from the libraries alike."""

import logging
import sys
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor

# What these say at `info` is of no use to an operator: each request, each step of a start.
_QUIET: Final = ("httpx", "httpcore", "uvicorn.access", "alembic", "asyncio")


def _without_color_message(_logger: object, _name: str, fields: EventDict) -> EventDict:
    """Drop what Uvicorn adds for its own formatter."""
    fields.pop("color_message", None)
    return fields


def configure(level: str, style: Literal["text", "json"]) -> None:
    """Send every log line through one formatter. To be called once, by whoever starts the process."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if style == "json":
        last.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _without_color_message],
            processors=[*last, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
