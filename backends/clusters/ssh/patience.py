"""How long an answer is waited for."""

from __future__ import annotations

import asyncio

LONGEST_TIMES = 12
"""How many times its patience an answer may take that comes bit by bit."""


class Patience:
    """With an answer: it begins anew with each part that comes, where that is wanted, and ends all
    the same."""

    def __init__(self, each_s: float, *, renewed: bool) -> None:
        self._began = asyncio.get_running_loop().time()
        self._longest_s = LONGEST_TIMES * each_s if renewed else each_s
        self._each_s = each_s
        self._something_came = False
        self.limit = asyncio.timeout_at(self._began + each_s)

    def renew(self) -> None:
        self._something_came = True
        if not self.limit.expired():
            soon = asyncio.get_running_loop().time() + self._each_s
            self.limit.reschedule(min(soon, self._began + self._longest_s))

    def exhausted(self) -> str:
        took_s = asyncio.get_running_loop().time() - self._began
        what = "did not end" if self._something_came else "gave no answer"
        return f"{what} within {took_s:.3g} s"
