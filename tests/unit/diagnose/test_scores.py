"""The weights behind a verdict stay numbers, however many devices a city has."""

from __future__ import annotations

from math import comb, exp, isfinite

import pytest

from netwatch.diagnose import scores
from netwatch.inventory.model import GroupKind


@pytest.mark.parametrize("kind", GroupKind)
@pytest.mark.parametrize(("failed", "alive"), [(550, 550), (30_000, 30_000), (2, 250_000), (250_000, 2)])
def test_a_group_of_many_members_has_a_weight(kind: GroupKind, failed: int, alive: int) -> None:
    """Half of a provider's 1,100 lines: the plain probabilities are too small for a number."""
    weight = scores.survival(kind, failed, alive)
    assert isfinite(weight)
    assert weight < 0


@pytest.mark.parametrize("kind", GroupKind)
def test_what_may_become_of_a_failed_group_adds_up_to_one(kind: GroupKind) -> None:
    """Over every set of members that may survive."""
    members = 6
    total = sum(comb(members, alive) * exp(scores.survival(kind, members - alive, alive)) for alive in range(members + 1))
    assert total == pytest.approx(1.0)


def test_more_survivors_speak_against_a_group() -> None:
    weights = [scores.survival(GroupKind.PROVIDER, 10, alive) for alive in range(6)]
    assert weights == sorted(weights, reverse=True)
