"""The replay of tests/bench/bench_replay.c with numpy: the same orders and weights, written by it to
a file. Two programs, each given what it likes best for nothing: orders sorted by preference, weights
scaled, scores as the type it computes in.

usual   doubles, as one writes it: scores @ weights, argmax, the selected quotes' outcomes
blocks  single precision in blocks that stay in the cache: one matrix product a quote place for all
        weights at once, and one for the sums (whole numbers below 2^24 a block, so exact). Candidate
        order breaks ties by a bias of 0.001 a place: more than rounding, less than a step of weights

A line each: name, seconds, winners that are not the exact ones, sums that are not.

Usage: numpy_replay.py FILE ROUNDS      (one thread: OPENBLAS_NUM_THREADS=1)
"""
import sys
import time

import numpy as np

PREFERENCES, QUOTES, PARTS, COLUMNS, BLOCK = 4, 4, 6, 4, 1024
BIAS = 0.001


def read(path):
    with open(path, "rb") as file:
        orders, weights = np.fromfile(file, np.uint32, 2)
        preference = np.fromfile(file, np.uint8, orders)
        parts = np.fromfile(file, np.int16, orders * QUOTES * PARTS).reshape(orders, QUOTES, PARTS)
        outcomes = np.fromfile(file, np.int32, orders * QUOTES * COLUMNS)
        outcomes = outcomes.reshape(orders, QUOTES, COLUMNS)
        scaled = np.fromfile(file, np.float64, weights * PREFERENCES * PARTS)
        scaled = scaled.reshape(weights, PREFERENCES, PARTS)
        winners = np.fromfile(file, np.uint8, weights * orders).reshape(weights, orders)
    groups = [np.flatnonzero(preference == p) for p in range(PREFERENCES)]
    return parts, outcomes, scaled, winners, groups


class Usual:
    name = "usual"

    def __init__(self, parts, outcomes, scaled, groups):
        self.scaled = scaled
        self.groups = [(parts[g].reshape(-1, PARTS).astype(np.float64), outcomes[g]) for g in groups]

    def run(self):
        sums = np.zeros((len(self.scaled), COLUMNS), np.int64)
        winners = [[] for _ in self.scaled]
        for k, weights in enumerate(self.scaled):
            for p, (parts, outcomes) in enumerate(self.groups):
                won = (parts @ weights[p]).reshape(-1, QUOTES).argmax(axis=1)
                sums[k] += outcomes[np.arange(len(won)), won].sum(axis=0, dtype=np.int64)
                winners[k].append(won)
        return sums, winners

    def winners(self):
        return [np.concatenate(of) for of in self.run()[1]]


class Blocks:
    name = "blocks"

    def __init__(self, parts, outcomes, scaled, groups):
        self.count = len(scaled)
        self.groups = []
        for p, g in enumerate(groups):
            biased = np.ones((QUOTES, len(g), PARTS + 1), np.float32)
            biased[:, :, :PARTS] = parts[g].transpose(1, 0, 2)
            weights = [
                np.vstack([scaled[:, p].T, np.full(self.count, -BIAS * q)]).astype(np.float32)
                for q in range(QUOTES)
            ]
            columns = np.ascontiguousarray(outcomes[g].transpose(1, 2, 0), np.float32)
            self.groups.append((biased, weights, columns))

    def blocks(self):
        for parts, weights, columns in self.groups:
            for first in range(0, parts.shape[1], BLOCK):
                some = slice(first, min(first + BLOCK, parts.shape[1]))
                scores = [parts[q, some] @ weights[q] for q in range(QUOTES)]
                best = np.maximum(np.maximum(scores[0], scores[1]),
                                  np.maximum(scores[2], scores[3]))
                yield scores, best, columns[:, :, some]

    def run(self):
        sums = np.zeros((COLUMNS, self.count))
        for scores, best, columns in self.blocks():
            for q in range(QUOTES):
                won = (scores[q] == best).astype(np.float32)
                sums += columns[q] @ won
        return sums.T.astype(np.int64), None

    def winners(self):
        of = [np.where(s[0] == b, 0, np.where(s[1] == b, 1, np.where(s[2] == b, 2, 3)))
              for s, b, _ in self.blocks()]
        return np.concatenate(of).T


def main():
    parts, outcomes, scaled, exact, groups = read(sys.argv[1])
    order = np.concatenate(groups)
    rows = np.arange(len(parts))
    true_sums = np.array([outcomes[rows, w].sum(axis=0, dtype=np.int64) for w in exact])
    for kind in (Usual, Blocks):
        program = kind(parts, outcomes, scaled, groups)
        best = float("inf")
        for _ in range(int(sys.argv[2])):
            began = time.perf_counter()
            sums, _ = program.run()
            best = min(best, time.perf_counter() - began)
        differing = sum(int((w != e[order]).sum()) for w, e in zip(program.winners(), exact))
        print(kind.name, f"{best:.6f}", differing, int((sums != true_sums).sum()), flush=True)


main()
