"""What a program at the terminal says when it cannot go on."""


class Refusal(Exception):
    """One line for a person, a stable code for a program, and what to do about it."""

    def __init__(self, code: str, message: str, hint: str = "", exit_status: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_status = exit_status
