"""Networks from torch and back: same trajectories, clear refusals, and nothing in a file is ever run."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch
from populations.echo import same_weights
from reference.cells import rollout
from torch import nn

from pyrnnsim import Population
from pyrnnsim.tasks import ReadySetGo

M, N, OUT = 3, 7, 2


class Model(nn.Module):
    def __init__(self, layer, outputs=OUT):
        super().__init__()
        self.rnn = layer
        self.fc = nn.Linear(layer.hidden_size, outputs)

    def forward(self, inputs):
        return self.fc(self.rnn(inputs)[0])


LAYERS = {
    "tanh": lambda **o: nn.RNN(M, N, batch_first=True, **o),
    "relu": lambda **o: nn.RNN(M, N, batch_first=True, nonlinearity="relu", **o),
    "gru": lambda **o: nn.GRU(M, N, batch_first=True, **o),
    "lstm": lambda **o: nn.LSTM(M, N, batch_first=True, **o),
}


@pytest.fixture(autouse=True)
def _seed():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        yield
    torch.set_num_threads(before)


@pytest.fixture
def inputs(rng):
    return rng.normal(size=(4, 500, M))


def of_torch(module, inputs):
    with torch.no_grad():
        return module(torch.from_numpy(inputs))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", LAYERS)
def test_500_steps_agree_to_twelve_digits(kind, bias, inputs):
    layer = LAYERS[kind](bias=bias).double()
    made = Population.from_torch(layer)
    visible = of_torch(layer, inputs)[0].numpy()
    found = made.states(inputs)[0][0]
    np.testing.assert_allclose(found[..., -N:], visible, rtol=0, atol=1e-12 * max(1, np.abs(visible).max()))
    assert made[0].outputs == 0


@pytest.mark.parametrize("kind", LAYERS)
def test_a_readout_comes_along(kind, inputs):
    model = Model(LAYERS[kind]()).double()
    made = Population.from_torch([model, model.state_dict()], activation=None if kind != "relu" else "relu")
    expected = of_torch(model, inputs).numpy()
    for outputs in made.outputs(inputs)[0]:
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-12 * max(1, np.abs(expected).max()))


def test_the_memory_of_an_lstm_is_in_its_state(inputs):
    layer = LAYERS["lstm"]().double()
    found = Population.from_torch(layer).states(inputs)[0][0]
    state = None
    for t in range(20):
        _, state = layer(torch.from_numpy(inputs[:, t : t + 1]), state)
        np.testing.assert_allclose(found[:, t, :N], state[1][0].detach().numpy(), atol=1e-12)


@pytest.mark.parametrize(("cell", "kind"), [(nn.RNNCell, "vanilla"), (nn.GRUCell, "gru"), (nn.LSTMCell, "lstm")])
def test_cells_are_taken_too(cell, kind):
    assert Population.from_torch(cell(M, N))[0].cell.cell == kind


def test_networks_of_all_kinds_make_one_population():
    made = Population.from_torch([LAYERS[kind]() for kind in LAYERS])
    assert [(n.cell.cell, n.cell.activation, n.dtype.name) for n in made] == [
        ("vanilla", "tanh", "float32"),
        ("vanilla", "relu", "float32"),
        ("gru", "tanh", "float32"),
        ("lstm", "tanh", "float32"),
    ]
    assert made.names == ("vanilla_tanh_7_0", "vanilla_relu_7_1", "gru_tanh_7_2", "lstm_tanh_7_3")


def test_half_precision_becomes_float32():
    made = Population.from_torch(LAYERS["gru"]().to(torch.bfloat16))
    assert made[0].dtype == np.float32


@pytest.mark.parametrize("kind", LAYERS)
def test_there_and_back(kind, inputs):
    first = Population.from_torch(Model(LAYERS[kind]()).double())
    module = first.to_torch(0)
    assert type(module.rnn) is type(LAYERS[kind]())
    np.testing.assert_allclose(
        of_torch(module, inputs[:, :50]).numpy(), first.outputs(inputs[:, :50])[0][0], atol=1e-12
    )
    with torch.no_grad():
        states = module.states(torch.from_numpy(inputs[:, :50])).numpy()
    np.testing.assert_allclose(states, first.states(inputs[:, :50])[0][0], atol=1e-12)
    again = Population.from_torch(module)
    np.testing.assert_allclose(again.outputs(inputs)[0], first.outputs(inputs)[0], atol=1e-12)
    assert not {id(p) for p in module.parameters()} & {id(p) for p in first.to_torch(0).parameters()}


@pytest.mark.parametrize("options", [{}, {"candidate": "sigmoid"}, {"reset_after": True}])
def test_every_network_can_go_to_torch_and_back(options, inputs):
    made = Population.create(units=[4], seeds=[3], inputs=M, outputs=OUT, dtype="float64", **options)
    for k, network in enumerate(made):
        module = made.to_torch(k)
        expected = rollout(network.cell.record(), dict(network.parameters), inputs[:2, :30])
        with torch.no_grad():
            states = module.states(torch.from_numpy(inputs[:2, :30])).numpy()
        np.testing.assert_allclose(states, expected, atol=1e-12)
        again = Population.from_torch(module)
        np.testing.assert_allclose(again.outputs(inputs)[0], made.outputs(inputs)[_group(made, k)][:1], atol=1e-12)
    assert same_weights(Population.from_torch(made.to_torch(2)), made[[2]])


def _group(population, position):
    return next(g for g, group in enumerate(population.groups) if position in group.members)


def test_export_is_trainable_and_touches_no_global_state():
    made = Population.create(units=[4], seeds=[3], inputs=M, outputs=OUT)
    before = torch.get_rng_state()
    for k in range(len(made)):
        module = made.to_torch(k)
        module(torch.zeros(2, 3, M)).sum().backward()
        assert all(one.grad is not None for one in module.parameters() if one.requires_grad)
        assert len([one for one in module.parameters() if one.requires_grad]) >= 6
    assert torch.equal(before, torch.get_rng_state())


def test_a_network_without_readout_goes_to_torch():
    made = Population.from_torch(LAYERS["lstm"]())
    assert made.to_torch(0)(torch.zeros(2, 3, M)).shape == (2, 3, 0)


@pytest.mark.parametrize("ending", [".safetensors", ".pt", ".pth"])
def test_files_of_weights(tmp_path, ending, inputs):
    model = Model(LAYERS["gru"]()).double()
    path = tmp_path / f"net_3{ending}"
    write = safetensors.torch.save_file if ending == ".safetensors" else torch.save
    write(model.state_dict(), path)
    made = Population.from_torch([path, str(path)])
    assert made.names == ("net_3", "net_3")
    assert same_weights(made[:1], Population.from_torch(model))


def test_files_of_an_old_torch(tmp_path):
    model = Model(LAYERS["gru"]())
    torch.save(model.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert same_weights(Population.from_torch(tmp_path / "old.pt"), Population.from_torch(model))


def test_a_state_dict_may_lie_inside_a_training_checkpoint(tmp_path):
    model = Model(LAYERS["gru"]())
    torch.save({"epoch": 3, "model_state_dict": model.state_dict()}, tmp_path / "c.pt")
    assert same_weights(Population.from_torch(tmp_path / "c.pt"), Population.from_torch(model))


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_file_is_never_run(tmp_path):
    torch.save({"rnn.weight_hh_l0": torch.zeros(1), "x": Bomb(tmp_path / "boom")}, tmp_path / "a.pt")
    with pytest.raises(ValueError, match=r"holds code or objects besides tensors.*torch.save\(model.state_dict"):
        Population.from_torch(tmp_path / "a.pt")
    torch.save(Model(LAYERS["gru"]()), tmp_path / "b.pt")
    with pytest.raises(ValueError, match="holds code or objects besides tensors"):
        Population.from_torch(tmp_path / "b.pt")
    (tmp_path / "c.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
    with pytest.raises(ValueError, match="no file of torch weights"):
        Population.from_torch(tmp_path / "c.pt")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
def test_damaged_files_are_refused(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write = safetensors.torch.save_file if ending == ".safetensors" else torch.save
    write(LAYERS["gru"]().state_dict(), path)
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"\x80\x04" + whole):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"networks\[0\]: .*(no valid safetensors|damaged|code or objects)"):
            Population.from_torch(path)


def _two_layers():
    return nn.Sequential(nn.GRU(M, N), nn.GRU(N, N))


REFUSED = {
    "num_layers=2": lambda: LAYERS["gru"](num_layers=2),
    "bidirectional=True": lambda: LAYERS["lstm"](bidirectional=True),
    "proj_size=3": lambda: LAYERS["lstm"](proj_size=3),
    "2 recurrent layers": _two_layers,
    "no recurrent layer": lambda: nn.Linear(M, N),
    "Conv1d '0' has weights of its own": lambda: nn.Sequential(nn.Conv1d(M, M, 3), nn.GRU(M, N)),
    "2 Linear layers; say which": lambda: nn.Sequential(nn.Linear(M, M), nn.GRU(M, N), nn.Linear(N, OUT)),
    "its Linear takes 5 numbers, the state has 7": lambda: nn.Sequential(nn.GRU(M, N), nn.Linear(5, OUT)),
    "it has 2 recurrent layers": lambda: LAYERS["gru"](num_layers=2).state_dict(),
    "it is bidirectional": lambda: LAYERS["gru"](bidirectional=True).state_dict(),
    "it has a projection": lambda: LAYERS["lstm"](proj_size=3).state_dict(),
    "no place for scale": lambda: {**LAYERS["gru"]().state_dict(), "scale": torch.zeros(())},
    "expected N, 3N or 4N rows": lambda: {"weight_ih_l0": torch.zeros(10, 2), "weight_hh_l0": torch.zeros(10, 5)},
    "rows differ": lambda: {"weight_ih_l0": torch.zeros(5, 2), "weight_hh_l0": torch.zeros(4, 4)},
    "must be matrices": lambda: {"weight_ih_l0": torch.zeros(5), "weight_hh_l0": torch.zeros(4, 4)},
    r"bias_ih must have shape \(15,\)": lambda: {
        "weight_ih_l0": torch.zeros(15, 2), "weight_hh_l0": torch.zeros(15, 5), "bias_ih_l0": torch.zeros(5)
    },
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_not_supported_is_refused(message):
    with pytest.raises(ValueError, match=message) as caught:
        Population.from_torch([LAYERS["gru"](), REFUSED[message]()])
    assert "networks[1]" in str(caught.value)


@pytest.mark.parametrize("message", ["num_layers=2", "bidirectional=True", "it is bidirectional", "no recurrent layer"])
def test_a_refusal_says_what_is_supported(message):
    with pytest.raises(ValueError, match="supported are torch.nn.RNN, GRU and LSTM"):
        Population.from_torch(REFUSED[message]())


def test_the_readout_can_be_named():
    layers = nn.Sequential(nn.Linear(M, M), nn.GRU(M, N), nn.Linear(N, OUT))
    made = Population.from_torch([layers, layers], readout="2")
    np.testing.assert_array_equal(made[0].parameters["w_out"], layers[2].weight.detach())
    assert Population.from_torch(layers, readout="")[0].outputs == 0
    with pytest.raises(ValueError, match="no Linear is called 'fc'; there is '0', '2'"):
        Population.from_torch(layers, readout="fc")


@pytest.mark.parametrize(
    ("networks", "options", "kind", "message"),
    [
        ([], {}, ValueError, "networks is empty"),
        (3, {}, TypeError, "must be a torch module, a state_dict or a path, got int"),
        ("a.npz", {}, ValueError, "must end in .safetensors, .pt or .pth"),
        ("absent.pt", {}, FileNotFoundError, "absent.pt"),
        (nn.GRU(2, 3), {"activation": "relu"}, ValueError, "torch's gru uses tanh"),
        (nn.RNN(2, 3), {"activation": "relu"}, ValueError, "its nonlinearity is 'tanh'"),
        (nn.GRU(2, 3), {"activation": "sin"}, ValueError, "activation must be"),
        (nn.GRU(2, 3), {"names": ["a", "b"]}, ValueError, "names must be a list of 1 str"),
        (nn.GRU(2, 3), {"dtype": "int8"}, TypeError, "dtype must be float32 or float64"),
    ],
)
def test_bad_arguments_are_refused(networks, options, kind, message):
    with pytest.raises(kind, match=message):
        Population.from_torch(networks, **options)


def test_weights_that_are_not_finite_are_refused():
    layer = LAYERS["gru"]()
    with torch.no_grad():
        layer.weight_hh_l0[3, 2] = float("nan")
    with pytest.raises(ValueError, match=r"w_rec of network 0 \('x'\) has 1 entries that are NaN or infinite"):
        Population.from_torch(layer, names=["x"])


def test_published_networks_solve_their_task_as_in_torch(published_networks):
    paths = sorted(published_networks.glob("interval_reproduction_50_*_trained.safetensors"))
    made = Population.from_torch(paths)
    assert len(made) == 24
    assert {network.cell.cell for network in made} == {"vanilla", "gru", "lstm"}
    task = ReadySetGo(pulse=5, ready=5, interval=(20, 50), steps=150)
    trials = task.trials(200, seed=1)
    found = made.evaluate(task, trials=200, seed=1)
    assert (found.loss < 1.2e-4).all(), dict(zip(made.names, found.loss, strict=True))
    for k in range(len(made)):
        expected = trials.mean_squared_error(of_torch(made.to_torch(k), trials.inputs).numpy())
        np.testing.assert_allclose(found.loss[k], expected, rtol=1e-3)
