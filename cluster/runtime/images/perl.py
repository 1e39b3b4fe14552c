"""perl: the script of Kubernetes' own example of a Job (`print bpi(2000)`), and prints; other scripts run until they are stopped, and say so.

Source: kubernetes.io/docs/concepts/workloads/controllers/job.
"""

from __future__ import annotations

import re
from itertools import pairwise

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running

MOST_DIGITS = 10_000
_BPI = re.compile(r"\s*print\s+bpi\(\s*([0-9]{1,5})\s*\)\s*;?\s*")
_PRINT = re.compile(r"""\s*print\s+(["'])([^"'$@\\]*)\1\s*;?\s*""")


def perl(me: Running) -> Act:
    """Run a script given with -e; it takes its time."""
    script = next((text for word, text in pairwise(me.argv) if re.fullmatch(r"-[a-zA-Z]*[eE]", word)), "")
    digits, text = _BPI.fullmatch(script), _PRINT.fullmatch(script)
    if digits is None and text is None:
        if tuple(me.argv) == IMAGE.command:
            return Act(code=0)  # the debugger reads the end of its input
        me.say(f"this is not simulated, and runs until it is stopped: {' '.join(me.argv)}"[:500], "stderr")
        return Act()
    if digits is not None and me.step == 0:
        return Act(500 + min(int(digits[1]), MOST_DIGITS) * 2)
    me.say(pi(min(int(digits[1]), MOST_DIGITS)) if digits is not None else text[2] if text is not None else "")
    return Act(code=0)


def pi(digits: int) -> str:
    """That many digits of pi, by Machin's formula."""
    one = 10 ** (digits + 10)
    found = 4 * (4 * _arc_cotangent(5, one) - _arc_cotangent(239, one))
    whole = str(found // 10**10)
    return whole[0] + "." + whole[1:digits] if digits > 1 else whole[0]


def _arc_cotangent(number: int, one: int) -> int:
    total = term = one // number
    divisor, sign = 3, -1
    while term:
        term //= number * number
        total += sign * (term // divisor)
        divisor, sign = divisor + 2, -sign
    return total


IMAGE = Image(
    repositories=("docker.io/library/perl",),
    size_bytes=0,
    command=("perl", "-de0"),
    exit_codes={},
    programs={"perl": perl},
)
