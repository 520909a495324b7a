"""The native cells by torch, until the extension has them: slow, and exact."""

import numpy as np
import torch

from pyrnnsim.populations.cell import Cell
from pyrnnsim.populations.network import Network
from pyrnnsim.populations.torch_export import SteppedNetwork


def _module(spec, params, k):
    return SteppedNetwork(Network("", Cell(**spec), {name: array[k] for name, array in params.items()}))


def cell_rollout(spec, params, inputs, n_jobs, initial=None):
    networks = len(params["w_rec"])
    with torch.no_grad():
        rows = [
            _module(spec, params, k).states(torch.from_numpy(inputs[k if len(inputs) > 1 else 0].copy())).numpy()
            for k in range(networks)
        ]
    return np.stack(rows)


def cell_train(spec, params, slots, hyper, task, n_jobs):
    networks, iterations = len(params["w_rec"]), hyper["iterations"]
    out = {name: np.full((networks, iterations), np.nan) for name in ("loss", "gradient_norm")}
    out |= {name: np.full(networks, -1, np.int64) for name in ("stopped_at", "diverged_at")}
    for k in range(networks):
        for i in range(iterations):
            if hyper["active"][k] and not _update(spec, params, slots, hyper, task, out, k, i):
                break
    return out


def _update(spec, params, slots, hyper, task, out, k, i):
    iteration = hyper["first_iteration"] + i
    inputs, targets = task["inputs"][i], task["targets"][i]
    module = _module(spec, params, k)
    error = module(torch.from_numpy(inputs.copy())) - torch.from_numpy(targets.copy())
    mask = torch.ones_like(error) if task["mask"] is None else torch.from_numpy(task["mask"][i]).to(error.dtype)
    loss = hyper["loss_factor"] * (mask * error**2).mean() / mask.mean()
    loss.backward()
    grads = {name: parameter.grad.numpy().copy() for name, parameter in module.named_parameters()}
    for name, grad in grads.items():
        if name in ("w_rec", "w_in", "w_out") or hyper["l2_on"] == "all":
            grad += hyper["l2"][k] * (1 if hyper["l2_form"] == "half" else 2) * params[name][k]
    norm = float(np.sqrt(sum((g.astype(float) ** 2).sum() for g in grads.values())))
    if not np.isfinite(norm) or not np.isfinite(loss.item()):
        out["diverged_at"][k] = iteration
        return False
    out["loss"][k, i], out["gradient_norm"][k, i] = loss.item(), norm
    if loss.item() < hyper["until_loss"][k]:
        out["stopped_at"][k] = iteration
        return False
    scale = min(1.0, hyper["clip"][k] / norm) if norm else 1.0
    rate = hyper["learning_rate"][k] * hyper["decay"][k] ** (iteration / hyper["decay_steps"][k])
    for name, grad in grads.items():
        slot = slots["first"][name][k]
        if hyper["optimizer"] == "sgd":
            slot[...] = hyper["momentum"][k] * slot + scale * grad
            params[name][k] -= (rate * slot).astype(slot.dtype)
        else:
            m, v, t = hyper["momentum"][k], slots["second"][name][k], iteration + 1
            slot[...] = m * slot + (1 - m) * scale * grad
            v[...] = hyper["beta2"][k] * v + (1 - hyper["beta2"][k]) * (scale * grad) ** 2
            step = slot / (1 - m**t) / (np.sqrt(v / (1 - hyper["beta2"][k] ** t)) + hyper["epsilon"][k])
            params[name][k] -= (rate * step).astype(slot.dtype)
    return True
