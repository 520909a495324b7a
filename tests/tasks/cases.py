"""Built-in tasks for the tests that hold for each: defaults, and all settings off their defaults."""

from __future__ import annotations

from pyrnnsim.tasks import ContextIntegration, FlipFlop, ReadySetGo, SineWave

TASKS = {
    "flip_flop": FlipFlop(),
    "flip_flop other": FlipFlop(bits=5, steps=33, probability=0.4),
    "sine_wave": SineWave(),
    "sine_wave other": SineWave(steps=41, lowest=0.0, highest=0.5),
    "sine_wave constant": SineWave(steps=17, lowest=0.1, highest=0.1),
    "context_integration": ContextIntegration(),
    "context_integration other": ContextIntegration(contexts=3, steps=21, mean_range=2.0, noise=0.5, scale=-0.3),
    "ready_set_go": ReadySetGo(),
    "ready_set_go other": ReadySetGo(pulse=5, ready=5, interval=(20, 50), steps=150),
    "ready_set_go tight": ReadySetGo(pulse=1, ready=(0, 2), interval=3, steps=9),
}
