"""Networks to train, by pyrnnsim's native loop and by the ways in which people train them in PyTorch.

All of them do the same iteration on the same trials: forward over T steps, mean squared error of a linear readout,
back-propagation, clipping by the global norm, SGD with momentum and an L2 penalty. FLOPs counted are those of the
recurrent and input weights, forward, backward and gradient: 3 * 2 * B * N * (N + M) * G * T.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from pyrnnsim import _core

GATES = {"vanilla": 1, "ugrnn": 2, "gru": 3, "lstm": 4}
INPUTS = OUTPUTS = 3
RATE, MOMENTUM, CLIP, L2 = 0.01, 0.9, 1.0, 1e-4
FLIP_FLOP = "flip_flop", (3.0, 0.05)


@dataclass(frozen=True)
class Training:
    """One configuration: ``networks`` of one cell, those from ``first`` on of an endless population."""

    cell: str
    units: int
    networks: int = 1
    threads: int = 1
    activation: str = "tanh"
    reset_after: bool = False
    trials: int = 64
    steps: int = 100
    first: int = 0

    @property
    def spec(self) -> dict:
        options = {"reset_after": True} if self.reset_after else {}
        return {"cell": self.cell, "activation": self.activation, "keep_bias": 0.0, **options}

    @property
    def flops(self) -> float:
        """Of one iteration of one network."""
        return 6.0 * self.trials * self.units * (self.units + INPUTS) * GATES[self.cell] * self.steps

    def parameters(self) -> dict[str, np.ndarray]:
        """The same for every backend. An lstm's readout begins with h alone, as in PyTorch's modules."""
        k, g, n, size = self.networks, GATES[self.cell], self.units, self.units * (2 if self.cell == "lstm" else 1)
        shapes = {"w_rec": (g, n, n), "w_in": (g, n, INPUTS), "w_out": (OUTPUTS, size)}
        rngs = [np.random.default_rng([n, self.first + i]) for i in range(k)]
        params = {
            name: np.stack([rng.normal(size=shape) for rng in rngs]) / np.sqrt(n) for name, shape in shapes.items()
        }
        params["w_out"][..., : size - n] = 0
        params |= {"b": np.zeros((k, g, n)), "b_out": np.zeros((k, OUTPUTS)), "h0": np.zeros((k, size))}
        if self.reset_after:
            params["b_rec"] = np.zeros((k, g, n))
        return {name: value.astype(np.float32) for name, value in params.items()}

    def trials_of(self, iteration: int) -> tuple[np.ndarray, np.ndarray]:
        """The trials that the native loop generates for itself: inputs and targets (T, B, 3)."""
        kind, numbers = FLIP_FLOP
        inputs, targets, _ = _core.task_trials(
            kind, self.steps, numbers, 1, iteration, 0, self.trials, np.dtype(np.float32)
        )
        return inputs.swapaxes(0, 1).copy(), targets.swapaxes(0, 1).copy()


def ours(case: Training) -> Callable[[int], np.ndarray]:
    """``run(n)`` trains n more iterations and returns the losses (K, n)."""
    params = case.parameters()
    slots = {"first": {name: np.zeros_like(value) for name, value in params.items()}}
    done = 0

    def run(iterations: int) -> np.ndarray:
        nonlocal done
        every = {"learning_rate": RATE, "momentum": MOMENTUM, "clip": CLIP, "l2": L2}
        hyper = {name: np.full(case.networks, value) for name, value in every.items()}
        hyper |= {"optimizer": "sgd", "batch": case.trials, "iterations": iterations, "first_iteration": done}
        hyper |= {"train_h0": False, "l2_on": "all"}
        kind, numbers = FLIP_FLOP
        task = {"kind": kind, "steps": case.steps, "numbers": numbers, "seeds": np.ones(case.networks, np.uint64)}
        done += iterations
        return _core.cell_train(case.spec, params, slots, hyper, task, case.threads)["loss"]

    return run


def _stepper(case: Training, leaves: list[torch.Tensor], outputs_of: Callable) -> Callable[[int], np.ndarray]:
    """The loop that every rival shares. ``outputs_of(inputs)`` gives (K, T * B, 3); clipping is per network."""
    optimizer = torch.optim.SGD(leaves, RATE, momentum=MOMENTUM, weight_decay=L2)
    done = 0

    def run(iterations: int) -> np.ndarray:
        nonlocal done
        losses = []
        for _ in range(iterations):
            inputs, targets = (torch.from_numpy(trials) for trials in case.trials_of(done))
            done += 1
            loss = ((outputs_of(inputs) - targets.reshape(1, -1, OUTPUTS)) ** 2).mean(dim=(1, 2))
            optimizer.zero_grad()
            loss.sum().backward()
            squares = sum((leaf.grad.reshape(case.networks, -1) ** 2).sum(1) for leaf in leaves)
            scale = torch.clamp(CLIP / squares.sqrt(), max=1.0)
            for leaf in leaves:
                leaf.grad *= scale.reshape(-1, *[1] * (leaf.dim() - 1)) if case.networks > 1 else scale
            optimizer.step()
            losses.append(loss.detach().numpy().copy())
        return np.stack(losses, axis=1)

    return run


def torch_module(case: Training) -> Callable[[int], np.ndarray]:
    """nn.RNN, nn.GRU or nn.LSTM, one network; second biases that only double the first are frozen."""
    kind = {"vanilla": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[case.cell]
    module = kind(INPUTS, case.units)
    order = {"vanilla": [0], "gru": [2, 1, 0], "lstm": [1, 2, 0, 3]}[case.cell]  # torch: r, z, n and i, f, g, o
    params = {name: torch.from_numpy(value[0]) for name, value in case.parameters().items()}
    with torch.no_grad():
        module.weight_hh_l0.copy_(params["w_rec"][order].reshape(-1, case.units))
        module.weight_ih_l0.copy_(params["w_in"][order].reshape(-1, INPUTS))
        module.bias_ih_l0.zero_()
        module.bias_hh_l0.zero_()
    module.bias_hh_l0.requires_grad = case.cell == "gru"
    weights = params["w_out"][:, -case.units :].clone().requires_grad_()
    bias = params["b_out"].clone().requires_grad_()
    leaves = [*(p for p in module.parameters() if p.requires_grad), weights, bias]
    return _stepper(case, leaves, lambda x: (module(x)[0] @ weights.T + bias).reshape(1, -1, OUTPUTS))


def baddbmm_loop(case: Training) -> Callable[[int], np.ndarray]:
    """All networks at once: gates stacked, one torch.baddbmm per step, autograd: the best loop in PyTorch."""
    params = {name: torch.from_numpy(value) for name, value in case.parameters().items()}
    k, g, n = case.networks, GATES[case.cell], case.units
    w = params["w_rec"].reshape(k, g * n, n).clone().requires_grad_()
    u = params["w_in"].reshape(k, g * n, INPUTS).clone().requires_grad_()
    b = params["b"].reshape(k, 1, g * n).clone().requires_grad_()
    weights, bias = (
        params["w_out"][..., -n:].clone().requires_grad_(),
        params["b_out"][:, None].clone().requires_grad_(),
    )

    def outputs_of(inputs: torch.Tensor) -> torch.Tensor:
        driven = torch.baddbmm(b, inputs.reshape(1, -1, INPUTS).expand(k, -1, -1), u.mT)
        steps = driven.reshape(k, case.steps, case.trials, g * n).unbind(1)  # indexing in the loop would cost O(T^2)
        state = torch.zeros(k, case.trials, n), torch.zeros(k, case.trials, n)
        visited = []
        for x in steps:
            state = _torch_step(case, x, w, state)
            visited.append(state[0])
        return torch.baddbmm(bias, torch.stack(visited, 1).reshape(k, -1, n), weights.mT)

    return _stepper(case, [w, u, b, weights, bias], outputs_of)


def _torch_step(case: Training, x: torch.Tensor, w: torch.Tensor, state: tuple) -> tuple:
    h, c = state
    n = case.units
    if case.cell == "gru":
        gates = torch.baddbmm(x[..., n:], h, w[:, n:].mT).sigmoid()
        keep, reset = gates.split(n, dim=-1)
        fresh = torch.baddbmm(x[..., :n], reset * h, w[:, :n].mT).tanh()
        return fresh + keep * (h - fresh), c
    a = torch.baddbmm(x, h, w.mT).split(n, dim=-1)
    if case.cell == "vanilla":
        return a[0].tanh(), c
    if case.cell == "ugrnn":
        fresh = a[0].tanh()
        return fresh + a[1].sigmoid() * (h - fresh), c
    c = a[2].sigmoid() * c + a[1].sigmoid() * a[0].tanh()
    return a[3].sigmoid() * c.tanh(), c


def one_by_one(make: Callable) -> Callable[[Training], Callable[[int], np.ndarray]]:
    """A population by what trains a single network, for want of anything better."""

    def population(case: Training) -> Callable[[int], np.ndarray]:
        runs = [make(replace(case, networks=1, first=case.first + i)) for i in range(case.networks)]
        return lambda iterations: np.concatenate([run(iterations) for run in runs])

    return population
