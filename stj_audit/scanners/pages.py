"""The pages of a list: one call after the other, each with the token that came with the one before."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stj_audit.aws_failures import BrokenAnswer
from stj_audit.scanners.guard import RAW

NEXT_TOKEN = ("NextToken", "NextToken")


def pages(
    operation: str, call: Callable[..., Any], *, token: tuple[str, str] = NEXT_TOKEN, **asked: Any
) -> Iterator[Mapping[str, Any]]:
    """
    Every page that `call` gives. `token`: the member that it is asked with, and the one of the answer.

    Raises BrokenAnswer where the pages go in a circle: botocore's paginators see only a token that comes twice in a row.
    """
    sent, came = token
    seen: set[str] = set()
    while True:
        answer = call(**asked)
        page = answer.get(RAW, answer)
        yield page
        following = page.get(came)
        if not following:
            return
        if following in seen:
            raise BrokenAnswer(operation)
        seen.add(following)
        asked[sent] = following
