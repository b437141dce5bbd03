"""The file of one organization, written and read line by line with its hash; and why one cannot be imported."""

import hashlib
from typing import Any, BinaryIO

import orjson

LONGEST_LINE = 64 * 2**20  # bytes


class TransferRefused(Exception):
    """The file cannot be imported; the message says why. Nothing was.

    `told` is what the audit keeps of it: nothing that stands in the file's rows.
    """

    def __init__(self, message: str, told: str | None = None) -> None:
        super().__init__(message)
        self.told = told or message


class HashingFile:
    """Writes into a binary file, and keeps the hash of what it wrote."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.digest.update(content)
        self.file.write(content)


class Lines:
    """The lines of a binary file, counted, and with the hash of those that were read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.number, self.digest = file, 0, hashlib.sha256()

    def read(self) -> bytes:
        """The next line; empty behind the last."""
        line = self.file.readline(LONGEST_LINE)
        self.number += 1
        self.digest.update(line)
        if len(line) == LONGEST_LINE:
            raise TransferRefused(f"Line {self.number} is longer than 64 MB.")
        return line

    def read_json(self) -> Any:
        """The next line's value. Raises TransferRefused."""
        try:
            return orjson.loads(self.read())
        except orjson.JSONDecodeError as error:
            raise TransferRefused("The file is cut off, or no export at all.") from error

    def hash_all(self) -> str:
        """The hash of the whole file, read to its end."""
        while rest := self.file.read(2**20):
            self.digest.update(rest)
        return self.digest.hexdigest()
