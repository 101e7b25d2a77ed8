"""A log-linear chain of rows, and how its weights are learned.

The Rust side (``src/layout/chain.rs``) has the same chain; the two are compared by ``tests/engine/test_layout.py``.
"""

from __future__ import annotations

import numpy as np
import scipy.optimize
import scipy.sparse

STATES = ("title", "header", "group", "data", "total", "note")
COUNT = len(STATES)


class Chain:
    """Weights of features by state, and scores of steps between states: without and with a blank row between."""

    def __init__(self, weights: np.ndarray, steps: np.ndarray, start: np.ndarray, end: np.ndarray):
        self.weights, self.steps, self.start, self.end = weights, steps, start, end

    def likeliest(self, scores: np.ndarray, after_blank: np.ndarray) -> list[int]:
        """The states with the highest score (Viterbi)."""
        best, came_from = self.start + scores[0], []
        for row in range(1, len(scores)):
            ways = best[:, None] + self.steps[int(after_blank[row])]
            came_from.append(ways.argmax(0))
            best = ways.max(0) + scores[row]
        state = int((best + self.end).argmax())
        states = [state]
        for choices in reversed(came_from):
            state = int(choices[state])
            states.append(state)
        return states[::-1]


def learn(sheets, features: int, *, l1: float, l2: float, importance, rounds: int = 250) -> Chain:
    """Learn a chain from sheets: (matrix of rows by features, states or -1, whether a blank row lies above).

    ``importance`` is the weight of each sheet. The weights of features are drawn to zero by ``l1``, all by ``l2``.
    """
    order = sorted(range(len(sheets)), key=lambda at: -len(sheets[at][1]))
    sheets = [sheets[at] for at in order]
    importance = np.asarray(importance, dtype=float)[order]
    lengths = np.array([len(states) for _, states, _ in sheets])
    longest = int(lengths.max())
    matrix = scipy.sparse.vstack([rows for rows, _, _ in sheets]).tocsr()
    turned = matrix.T.tocsr()
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    all_states = np.concatenate([states for _, states, _ in sheets])
    blanks = np.concatenate([after for _, _, after in sheets]).astype(bool)
    # Longer sheets come first, so the sheets that have a row at a place are a prefix.
    alive = [int((lengths > place).sum()) for place in range(longest)]
    row_at = [offsets[: alive[place]] + place for place in range(longest)]
    allowed = np.ones((len(all_states), COUNT))
    known = all_states >= 0
    allowed[known] = 0.0
    allowed[np.flatnonzero(known), all_states[known]] = 1.0

    def expectations(potentials, steps, start, end):
        """The logarithm of the sum over all sequences, and how often each state and step is expected."""
        forward, total = [None] * longest, np.zeros(len(sheets))
        scale = [None] * longest
        for place in range(longest):
            here = potentials[row_at[place]]
            if place == 0:
                now = start * here
            else:
                before = forward[place - 1][: alive[place]]
                blank = blanks[row_at[place]][:, None]
                now = np.where(blank, before @ steps[1], before @ steps[0]) * here
            sums = now.sum(1, keepdims=True)
            scale[place] = sums
            forward[place] = now / sums
            total[: alive[place]] += np.log(sums[:, 0])
        expected = np.zeros_like(potentials)
        moved = np.zeros((2, COUNT, COUNT))
        behind = None
        for place in range(longest - 1, -1, -1):
            count = alive[place]
            back = np.tile(end, (count, 1))
            if behind is not None:
                back[: len(behind)] = behind
            state = forward[place] * back
            sums = state.sum(1, keepdims=True)
            last = lengths[:count] == place + 1
            total[:count][last] += np.log(sums[last, 0])
            state = state / sums
            expected[row_at[place]] = state * importance[:count, None]
            if place:
                blank = blanks[row_at[place]]
                ahead = potentials[row_at[place]] * back
                before = forward[place - 1][:count]
                for kind in (0, 1):
                    chosen = blank == bool(kind)
                    if chosen.any():
                        norm = np.einsum("ni,ij,nj->n", before[chosen], steps[kind], ahead[chosen])
                        part = (before[chosen] * (importance[:count][chosen] / norm)[:, None]).T @ ahead[chosen]
                        moved[kind] += part * steps[kind]
                behind = np.where(blank[:, None], ahead @ steps[1].T, ahead @ steps[0].T)
                behind = behind / behind.sum(1, keepdims=True)
        return total, expected, moved

    def loss(vector):
        weights, steps, start, end = _parts(vector, features)
        scores = np.asarray(matrix @ weights)
        highest = scores.max(1, keepdims=True)
        potentials = np.exp(np.maximum(scores - highest, -200.0))
        steps, start, end = np.exp(steps), np.exp(start), np.exp(end)
        all_total, all_expected, all_moved = expectations(potentials, steps, start, end)
        total, expected, moved = expectations(potentials * allowed + 1e-250, steps, start, end)
        gap = all_expected - expected
        first, final = offsets[:-1], offsets[1:] - 1
        gradient = np.concatenate(
            [
                np.asarray(turned @ gap).ravel(),
                (all_moved - moved).ravel(),
                gap[first].sum(0),
                gap[final].sum(0),
            ]
        )
        value = (importance * (all_total - total)).sum() + 0.5 * l2 * (vector**2).sum()
        return value, gradient + l2 * vector

    size = features * COUNT + 2 * COUNT * COUNT + 2 * COUNT
    price = np.zeros(size)
    price[: features * COUNT] = l1

    def split_loss(both):
        positive, negative = both[:size], both[size:]
        value, gradient = loss(positive - negative)
        return value + (price * (positive + negative)).sum(), np.concatenate([gradient + price, price - gradient])

    found = scipy.optimize.minimize(
        split_loss,
        np.zeros(2 * size),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * (2 * size),
        options={"maxiter": rounds, "maxfun": 2 * rounds, "maxcor": 20},
    )
    return Chain(*_parts(found.x[:size] - found.x[size:], features))


def _parts(vector, features):
    at = features * COUNT
    weights = vector[:at].reshape(features, COUNT)
    steps = vector[at : at + 2 * COUNT * COUNT].reshape(2, COUNT, COUNT)
    return weights, steps, vector[-2 * COUNT : -COUNT], vector[-COUNT:]
