"""Other searches for fixed points, Newton's method in torch and FixedPointFinder, and transitions in torch."""

from __future__ import annotations

import contextlib
import io
import sys

import numpy as np
import torch

from pyrnnsim import FixedPointSet, Network, Population


def torch_newton(network: Network, x: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Two steps of F, Newton's method with closed Jacobians, trust radius 1 and the box, then distinct points."""
    step = _gru(network, x) if network.cell.cell == "gru" else _vanilla(network, x)
    states = torch.tensor(starts).clamp(-1, 1)
    for _ in range(2):
        states = step(states)[0]
    active = torch.arange(len(states))
    for _ in range(60):
        here = states[active]
        following, jacobian = step(here, True)
        move = torch.linalg.solve(jacobian - torch.eye(here.shape[1], dtype=here.dtype), here - following)
        short = move / move.norm(dim=1, keepdim=True).clamp_min(1.0)
        states[active] = (here + short).clamp(-1, 1)
        active = active[move.norm(dim=1) > 1e-11]
        if not len(active):
            break
    moved = (step(states)[0] - states).abs().amax(dim=1)
    return _distinct(states[moved < 1e-10].numpy())


def torch_transitions(network: Network, x: np.ndarray, points: FixedPointSet, kicks: int) -> np.ndarray:
    """Shares of trials by point: all are rolled until each is near a stable point; the kicks are those of pyrnnsim."""
    step = _gru(network, x) if network.cell.cell == "gru" else _vanilla(network, x)
    fixed = torch.tensor(points.states[points.fixed])
    stable = torch.tensor(points.unstable_modes[points.fixed] == 0).nonzero()[:, 0]
    gaps = torch.cdist(fixed, fixed).fill_diagonal_(torch.inf).amin(dim=1)
    drawn = np.random.default_rng([0, 3]).normal(size=(len(fixed), kicks, fixed.shape[1]))
    drawn *= 1e-2 * gaps.numpy()[:, None, None] / np.linalg.norm(drawn, axis=2, keepdims=True)
    states = (fixed[:, None] + torch.tensor(drawn)).reshape(-1, fixed.shape[1])
    for taken in range(2000):
        if taken % 16 == 0 and (torch.cdist(states, fixed[stable]).amin(dim=1) < 1e-2).all():
            break
        states = step(states)[0]
    ends = stable[torch.cdist(states, fixed[stable]).argmin(dim=1)].reshape(-1, kicks)
    return np.array([torch.bincount(row, minlength=len(fixed)).numpy() for row in ends]) / kicks


def torch_jacobians(network: Network, x: np.ndarray, states: np.ndarray) -> np.ndarray:
    """(n, N, N) from the closed form."""
    return _gru(network, x)(torch.tensor(states), True)[1].numpy()


def torch_jacrev(network: Network, x: np.ndarray, states: np.ndarray) -> np.ndarray:
    """(n, N, N) by reverse differentiation, one backward pass per unit, over all states at once."""
    step = _gru(network, x)
    return torch.func.vmap(torch.func.jacrev(lambda h: step(h[None])[0][0]))(torch.tensor(states)).numpy()


def fixed_point_finder(folder: str, network: Network, starts: np.ndarray) -> np.ndarray:
    """The package at its defaults, on the module that pyrnnsim exports."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
    from FixedPointFinderTorch import FixedPointFinderTorch

    cell = Population([network]).to_torch(0).rnn
    with contextlib.redirect_stdout(io.StringIO()):
        finder = FixedPointFinderTorch(cell, verbose=False, super_verbose=False)
        found, _ = finder.find_fixed_points(starts.astype(np.float32), np.zeros((1, network.inputs), np.float32))
    return np.asarray(found.xstar, dtype=np.float64)


def _vanilla(network: Network, x: np.ndarray):
    p = {name: torch.tensor(np.asarray(array, dtype=np.float64)) for name, array in network.parameters.items()}
    weights, drive = p["w_rec"][0], p["w_in"][0] @ torch.tensor(x) + p["b"][0]

    def step(h, derivative=False):
        y = torch.tanh(h @ weights.T + drive)
        return y, (1 - y * y)[:, :, None] * weights if derivative else None

    return step


def _gru(network: Network, x: np.ndarray):
    p = {name: torch.tensor(np.asarray(array, dtype=np.float64)) for name, array in network.parameters.items()}
    (w_c, w_g, w_r), (d_c, d_g, d_r) = p["w_rec"], p["w_in"] @ torch.tensor(x) + p["b"]
    b_c, b_g, b_r = p["b_rec"]

    def step(h, derivative=False):
        inner = h @ w_c.T + b_c
        g, r = torch.sigmoid(h @ w_g.T + d_g + b_g), torch.sigmoid(h @ w_r.T + d_r + b_r)
        c = torch.tanh(d_c + r * inner)
        y = g * h + (1 - g) * c
        if not derivative:
            return y, None
        to_c = (1 - g) * (1 - c * c)
        jacobian = (to_c * r)[:, :, None] * w_c
        jacobian.addcmul_((to_c * inner * r * (1 - r))[:, :, None], w_r)
        jacobian.addcmul_(((h - c) * g * (1 - g))[:, :, None], w_g)
        jacobian.diagonal(dim1=1, dim2=2).add_(g)
        return y, jacobian

    return step


def _distinct(points: np.ndarray) -> np.ndarray:
    kept: list[np.ndarray] = []
    while len(points):
        kept.append(points[0])
        points = points[np.linalg.norm(points - points[0], axis=1) > 1e-3]
    return np.array(kept)
