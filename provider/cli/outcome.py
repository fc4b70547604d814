"""What became of a write."""

from provider.cli import differences, liveness
from provider.cli.client import Client
from provider.cli.output import Output
from provider.cli.replies import Reply


def tell(client: Client, output: Output, answer: Reply, done: str) -> None:
    """Print what a write did, or would do, and whether it is live; to programs the object, if there is one."""
    if output.is_trial:
        differences.tell_trial(output, answer)
        return
    if not output.is_json:
        output.line(f"{done} (revision {answer.revision}).")
    elif answer.item:
        output.document(answer.item)
    differences.tell_conflicts(output, answer)
    liveness.tell(client, output, answer)
