"""How the worker says no to a command."""
from __future__ import annotations


class Refused(ValueError):
    """A command that makes no sense; `texts` are its words in both languages, `code` is HTTP's."""

    def __init__(self, en: str, zh: str = "", *, code: int = 400):
        super().__init__(en)
        self.texts, self.code = {"en": en, "zh": zh or en}, code


STOPPED = ("the simulation stopped by an error: reset the sandbox", "模拟因错误而停止：请重置沙箱")
