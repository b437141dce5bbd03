"""Two or more things measured in turns, A B A B …, so that a noisy machine disturbs all of them alike."""

from dataclasses import dataclass
from statistics import median


def in_turns(rounds, *measures):
    """Call each measure once in every round; returns their results, each a list by round."""
    return list(zip(*([measure() for measure in measures] for _ in range(rounds)), strict=True))


def compute_ratio(ours, theirs):
    """Median of theirs ÷ ours, round by round: 1 is as fast, 0.5 takes twice as long."""
    return median(other / own for own, other in zip(ours, theirs, strict=True))


@dataclass
class Table:
    """Prints a row for each comparison; a ratio below its target is short."""

    columns: tuple
    short: int = 0

    def __post_init__(self):
        print(f"{'':<34}" + "".join(f"{column:>14}" for column in self.columns) + "   verdict", flush=True)

    def row(self, name, *values, reached):
        self.short += not reached
        cells = "".join(f"{value:>14}" if isinstance(value, str) else f"{value:>14.2f}" for value in values)
        print(f"{name:<34}{cells}   {'pass' if reached else 'SHORT'}", flush=True)
